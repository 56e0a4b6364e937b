"""`python -m benchmarks [PART ...] [--quick] [--out FILE]`: a table, and the same as JSON."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from tqdm import tqdm

from benchmarks.blocks import FULL, QUICK, Effort
from benchmarks.explanations import measure_explanations
from benchmarks.figures import Figure, write_results
from benchmarks.http_api import measure_http
from benchmarks.machine import this_machine
from benchmarks.network import measure_network
from benchmarks.page import measure_page
from benchmarks.queue import measure_queue
from benchmarks.table import header, row, summary
from benchmarks.training import measure_training
from model.runtime.allocator import keep_memory
from service.settings import usable_cores

PARTS: dict[str, Callable[[Effort, Path], Iterator[Figure]]] = {
    "network": measure_network,
    "http": measure_http,
    "explanations": measure_explanations,
    "queue": measure_queue,
    "page": measure_page,
    "training": measure_training,
}
RESULTS = Path(__file__).with_name("results.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks; 0 whether targets hold or not: the table says which."""
    keep_memory()
    options = _parse(arguments)
    torch.set_num_threads(usable_cores())  # as the service does
    machine = this_machine()
    print(machine)
    if machine.busy:
        print("WARNING: the machine has other work; only ratios and differences of paired runs mean something")
    print(f"\n{header()}", flush=True)
    figures = [machine.figure()]
    with tempfile.TemporaryDirectory(prefix="labn-benchmarks-") as folder:
        for part in options.parts or PARTS:
            for figure in PARTS[part](QUICK if options.quick else FULL, Path(folder)):
                tqdm.write(row(figure))
                sys.stdout.flush()
                figures.append(figure)
    write_results(figures, options.out)
    print(f"\n{summary(figures)}\n{options.out}")
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure size and speed here.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; none: all")
    parser.add_argument("--quick", action="store_true", help="a few runs of each: to see that it works")
    parser.add_argument("--out", type=Path, default=RESULTS, help="JSON file with the figures")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.parts) - set(PARTS)):
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
