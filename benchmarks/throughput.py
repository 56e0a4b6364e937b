"""How many empty jobs the queue takes and works off, held against plain RQ on the same Redis."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from tqdm import trange

from benchmarks.blocks import Effort
from benchmarks.empty_jobs import EmptyJobs, EmptyRun
from benchmarks.figures import Figure, at_least, measured
from service.local.embedded_redis import EmbeddedRedis

SHARE = 0.8  # of plain RQ's jobs a second
Pair = tuple[EmptyRun, EmptyRun]  # ours, plain


def measure_throughput(effort: Effort, folder: Path) -> Iterator[Figure]:
    """Measure empty jobs; Redis' data go to the folder."""
    with (
        _running_redis(folder) as url,
        EmptyJobs("ours", url) as ours,
        EmptyJobs("plain", url) as plain,
    ):
        pairs = [
            (ours.run(effort.empty_jobs), plain.run(effort.empty_jobs))
            for _ in trange(effort.rounds, desc="empty jobs", unit="pair", leave=False, disable=None)
        ]
    yield from _figures(pairs, effort.empty_jobs)


@contextmanager
def _running_redis(folder: Path) -> Iterator[str]:
    with closing(EmbeddedRedis(folder)) as embedded:
        process = embedded.start()
        try:
            embedded.wait_until_ready(process)
            yield embedded.url
        finally:
            process.terminate()
            process.wait()


def _figures(pairs: Sequence[Pair], jobs: int) -> Iterator[Figure]:
    how = (
        f"{jobs} jobs submitted one by one, then worked off in one process, our code around a function that does "
        "nothing; plain: rq.Queue.enqueue and SimpleWorker in burst, the same argument, also JSON; embedded Redis; "
        "the target is the worker's, who is slower than who submits, and in another process wherever they run"
    )
    paired = f"{how}; median of {len(pairs)} paired runs, A B A B"
    parts: dict[str, Callable[[EmptyRun], float]] = {
        "submitted": lambda run: run.submit_s,
        "worked off": lambda run: run.work_s,
        "submitted and worked off": lambda run: run.seconds,
    }
    for part, seconds in parts.items():
        title, rates = f"empty jobs {part}", [jobs / seconds(ours) for ours, _ in pairs]
        yield measured(title, statistics.median(rates), "jobs/s", how=paired)
        share = statistics.median(seconds(plain) / seconds(ours) for ours, plain in pairs)
        if part == "worked off":
            yield at_least(f"{title}: rate / plain RQ", share, "", bound=SHARE, how=paired)
        else:
            yield measured(f"{title}: rate / plain RQ", share, "", how=paired)
    for form, index in (("", 0), (", plain RQ", 1)):
        milliseconds = statistics.median(pair[index].cpu_s for pair in pairs) / jobs * 1000
        yield measured(f"empty jobs, CPU time a job{form}", milliseconds, "ms", how=f"{paired}; without Redis' own")
