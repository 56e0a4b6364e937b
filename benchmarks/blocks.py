"""Timed blocks of the same work, done over and over; two kinds of work are compared block against block."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is measured."""

    passes: int  # pairs of forward passes
    rounds: int  # of HTTP blocks; loads of the page
    block_s: float
    starts: int  # of the service
    jobs: int  # pairs of explanation jobs
    patch_size: int  # m of their PID, px
    masks: int  # N of their RISE
    batch_size: int  # of either
    evaluations: int  # through the queue, each paired with one without it
    watched_masks: int  # N of the RISE whose progress is watched
    few_jobs: int  # after which the worker has all the memory that it needs
    many_jobs: int
    empty_jobs: int  # a run
    generated: int  # images
    training_batch: int
    steps: int  # of training, each paired with one of the published layers


FULL = Effort(
    passes=40, rounds=7, block_s=1.2, starts=3, jobs=2, patch_size=16, masks=200, batch_size=32,
    evaluations=40, watched_masks=2000, few_jobs=20, many_jobs=200, empty_jobs=500,
    generated=400, training_batch=16, steps=5,
)  # fmt: skip
QUICK = Effort(
    passes=2, rounds=1, block_s=0.1, starts=1, jobs=1, patch_size=112, masks=4, batch_size=4,
    evaluations=1, watched_masks=100, few_jobs=1, many_jobs=2, empty_jobs=5,
    generated=16, training_batch=4, steps=1,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Block:
    """What one block took."""

    latencies_s: list[float]
    elapsed_s: float

    @property
    def p50_s(self) -> float:
        """The median latency."""
        return statistics.median(self.latencies_s)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies_s) / self.elapsed_s


def run_block(work: Callable[[], object], seconds: float) -> Block:
    """Do the work until that time has passed, at least once; one run before it warms the caches again."""
    work()
    latencies: list[float] = []
    started = perf_counter()
    while not latencies or perf_counter() < started + seconds:
        latencies.append(seconds_of(work))
    return Block(latencies_s=latencies, elapsed_s=perf_counter() - started)


def seconds_of(work: Callable[[], object]) -> float:
    """Return the seconds that one run takes."""
    started = perf_counter()
    work()
    return perf_counter() - started


def median_p95_ms(blocks: Sequence[Block]) -> tuple[float, float]:
    """Return p50 and p95 in ms of the latencies of all blocks together."""
    latencies = [latency * 1000 for block in blocks for latency in block.latencies_s]
    return statistics.median(latencies), p95(latencies)


def p95(values: Sequence[float]) -> float:
    """Return the value that 95 % are below."""
    return sorted(values)[min(int(0.95 * len(values)), len(values) - 1)]
