"""Predictions while the worker is busy, against predictions while it is idle, as the launcher runs both."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from tqdm import trange

from benchmarks.bare_evaluation import Parameters
from benchmarks.blocks import Block, Effort, median_p95_ms, p95
from benchmarks.client import Client
from benchmarks.figures import Figure, bounded, measured
from benchmarks.jobs import SHORT, Jobs, wait_until_running
from benchmarks.pictures import SMALL_SIDE
from service.settings import usable_cores
from service.standalone import WORKER_NICENESS

SLOWDOWN = 1.6  # of the p95
LONG: Parameters = {**SHORT, "methods": ["rise"], "rise_masks": 100_000}  # ended when enough is seen
BLOCKS = 4  # as long as those of the other parts: a p95 needs many answers


def measure_predictions(port: int, jobs: Jobs, model: str, effort: Effort) -> Iterator[Figure]:
    """Ask the service for predictions in turns, its worker idle and busy."""
    seconds = BLOCKS * effort.block_s
    idle: list[Block] = []
    busy: list[Block] = []
    with Client(port) as client:
        for _ in trange(effort.rounds, desc="predictions, worker busy", unit="pair", leave=False, disable=None):
            idle.append(client.block(jobs.picture, clients=1, seconds=seconds))
            long = jobs.submit(model, LONG)
            wait_until_running(long)
            busy.append(client.block(jobs.picture, clients=1, seconds=seconds))
            long.cancel()
            jobs.run(model, SHORT)  # whose turn comes when the worker has stopped
    yield from _figures(f"HTTP {SMALL_SIDE}, worker", idle, busy)


def _figures(title: str, idle: list[Block], busy: list[Block]) -> Iterator[Figure]:
    how = (
        f"as `make serve` runs both on {usable_cores()} cores: the worker one thread, niceness {WORKER_NICENESS}, "
        f"at RISE of the same network; 1 client, {len(idle)} paired blocks, A B A B"
    )
    for state, blocks in (("idle", idle), ("busy", busy)):
        p50_ms, p95_ms = median_p95_ms(blocks)
        yield measured(f"{title} {state}: p50", p50_ms, "ms", how=how)
        yield measured(f"{title} {state}: p95", p95_ms, "ms", how=how)
    ratio = statistics.median(p95(b.latencies_s) / p95(i.latencies_s) for i, b in zip(idle, busy, strict=True))
    yield bounded(
        f"{title} busy: p95 / idle", ratio, "", at_most=SLOWDOWN, how=f"{how}; median of the pairs' ratios"
    )
