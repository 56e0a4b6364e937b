"""Evaluations through the queue, as `make serve` runs it: what a job costs beyond its compute.

Every round takes a job over HTTP and the same evaluation in a process of its own in turn; differences are of one
round's two.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from tqdm import trange

from benchmarks.bare_evaluation import BareEvaluation, Parameters
from benchmarks.blocks import Effort, p95
from benchmarks.busy_worker import measure_predictions
from benchmarks.checkpoints import compact_checkpoint, tiny_checkpoint
from benchmarks.figures import Figure, bounded, measured
from benchmarks.jobs import SHORT, JobRun, Jobs
from benchmarks.live_standalone import LiveStandalone
from benchmarks.pictures import SMALL_SIDE, write_pictures
from benchmarks.throughput import measure_throughput
from service.client import Client

OVERHEAD_MS = 150.0
GROWTH = 1.05  # of the worker's memory: flat
MIXED: tuple[Parameters, ...] = (  # the first jobs meet with all that the later ones do
    SHORT,
    {**SHORT, "methods": ["grad_cam"]},
    {**SHORT, "methods": ["rise"], "rise_masks": 32},
    {**SHORT, "methods": ["random"], "random_orders": 2},
)
Pair = tuple[JobRun, float]  # through the queue, and the seconds without


def measure_queue(effort: Effort, folder: Path) -> Iterator[Figure]:
    """Measure the queue; checkpoints, pictures and Redis' data go to the folder."""
    picture = write_pictures(folder)[f"{SMALL_SIDE}"]
    compact, tiny = compact_checkpoint(folder), tiny_checkpoint(folder)
    with LiveStandalone(folder / "serve", compact, tiny) as serve, Client(serve.url) as client:
        jobs = Jobs(client, picture)
        yield from _memory(serve, jobs, compact.stem, effort)
        with BareEvaluation(compact, tiny) as bare:
            for name, model, parameters in (
                ("tiny", tiny.stem, {**SHORT, "patch_sizes": [16]}),
                ("compact", compact.stem, SHORT),
            ):
                pairs = [
                    (jobs.run(model, parameters), bare.run(model, picture, parameters))
                    for _ in trange(effort.evaluations, desc=f"{name} jobs", unit="pair", leave=False, disable=None)
                ]
                yield from _overhead(f"{name} job", pairs)
                yield from _submission(f"{name} job", [run for run, _ in pairs])
        yield from _events(jobs, compact.stem, effort)
        yield from measure_predictions(serve.port, jobs, compact.stem, effort)
    yield from measure_throughput(effort, folder / "redis")


def _memory(serve: LiveStandalone, jobs: Jobs, model: str, effort: Effort) -> Iterator[Figure]:
    """Let the worker do job after job from its start on, and look at its size twice."""
    sizes: list[float] = []
    for begin, end in ((0, effort.few_jobs), (effort.few_jobs, effort.many_jobs)):
        submitted = [
            jobs.submit(model, MIXED[number % len(MIXED)])
            for number in trange(begin, end, desc="jobs for the memory", leave=False, disable=None)
        ]
        submitted[-1].result()
        if (size := serve.worker_resident_bytes()) is None:
            return
        sizes.append(size)
        how = "process_resident_memory_bytes of the worker's /metrics; short jobs of four kinds in turns"
        yield measured(f"worker RSS after {end} jobs", size / 2**20, "MiB", how=how)
    name = f"worker RSS after {effort.many_jobs} jobs / after {effort.few_jobs}"
    yield bounded(name, sizes[1] / sizes[0], "", at_most=GROWTH, how=how)


def _overhead(title: str, pairs: Sequence[Pair]) -> Iterator[Figure]:
    alone = "decode, evaluate_image and its document in a process with the worker's niceness and its one thread"
    how = f"service.client: HTTP, server-sent events, other content each time; {len(pairs)} paired with {alone}"
    walls, bare = [run.wall_s for run, _ in pairs], [seconds for _, seconds in pairs]
    over_ms = statistics.median(run.wall_s - seconds for run, seconds in pairs) * 1000
    yield measured(f"{title}, submission to result: p50", statistics.median(walls) * 1000, "ms", how=how)
    yield measured(f"{title}, in process: p50", statistics.median(bare) * 1000, "ms", how=alone)
    yield bounded(
        f"{title}: beyond its compute", over_ms, "ms", at_most=OVERHEAD_MS, how=f"{how}; median difference"
    )


def _submission(title: str, runs: Sequence[JobRun]) -> Iterator[Figure]:
    how = f"POST /v1/evaluations with a small JPEG, from the call to the id; {len(runs)} submissions, nothing waits"
    times_ms = [run.submit_s * 1000 for run in runs]
    yield measured(f"{title} submission: p50", statistics.median(times_ms), "ms", how=how)
    yield measured(f"{title} submission: p95", p95(times_ms), "ms", how=how)


def _events(jobs: Jobs, model: str, effort: Effort) -> Iterator[Figure]:
    """Watch one job that says something twice a second, and short ones for their ends."""
    runs = [jobs.run(model, {**SHORT, "methods": ["rise"], "rise_masks": effort.watched_masks})]
    runs += [jobs.run(model, SHORT) for _ in range(effort.evaluations)]
    delays_ms = [delay * 1000 for delay in chain.from_iterable(run.delays_s for run in runs)]
    if not delays_ms:  # every job had ended before it could be watched
        return
    how = f"from Redis' stream id, of a millisecond, to the event's last line; {len(delays_ms)} events"
    yield measured("event, worker to client: p50", statistics.median(delays_ms), "ms", how=how)
    yield measured("event, worker to client: p95", p95(delays_ms), "ms", how=how)
