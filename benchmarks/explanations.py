"""PID and RISE: what they cost besides the forwards, and against the published loops on the published form.

Every round takes four jobs in turn, ours and the published one of each kind; ratios are of one round's jobs.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import trange

from benchmarks.blocks import Effort, seconds_of
from benchmarks.checkpoints import compact_checkpoint, preset_checkpoint, published_and_ours, published_of
from benchmarks.explanation_jobs import JobName, JobProcess, Spent
from benchmarks.figures import Figure, bounded, measured
from benchmarks.pictures import fundus_batch
from benchmarks.published_loops import published_rise_bytes
from benchmarks.rise_memory import CHANNELS, SIDE, rise_extra_bytes
from model.checkpoint import load_checkpoint
from model.explain.rise import Rise

BESIDES_PERCENT = 3.0
RATIO = 0.64  # of the published loop's time
MASKS_IN_MEMORY = 10_000
EXTRA_MB = 150.0
JOBS: dict[JobName, str] = {
    "PID": "exact (step 1), protocol paper, map of noise, blurred blank; the published loop shows as many images",
    "RISE": f"grid {Rise.grid}, keep {Rise.keep}; the published loop has the same masks",
}


def measure_explanations(effort: Effort, folder: Path) -> Iterator[Figure]:
    """Measure jobs on either network and RISE's memory; checkpoints that are made go to the folder."""
    _, paper = published_and_ours("paper-idrid")
    for name, checkpoint in (
        ("paper-idrid", preset_checkpoint(paper, folder)),
        ("compact", compact_checkpoint(folder)),
    ):
        yield from _jobs(name, checkpoint, effort)
        yield _forward(name, checkpoint, effort)
    yield from _memory()


def _jobs(name: str, checkpoint: Path, effort: Effort) -> Iterator[Figure]:
    sizes: dict[JobName, str] = {"PID": f"at m = {effort.patch_size}", "RISE": f"at N = {effort.masks}"}
    with JobProcess("ours", checkpoint, effort) as ours, JobProcess("published", checkpoint, effort) as published:
        rounds = [
            {job: (ours.run(job), published.run(job)) for job in JOBS}
            for _ in trange(effort.jobs, desc=f"{name} PID, RISE", unit="round", leave=False, disable=None)
        ]
    for job, how in JOBS.items():
        paired = f"{how}; batches of {effort.batch_size}, {_paired(effort)}"
        yield from _figures(f"{name} {job} {sizes[job]}", paired, [one[job] for one in rounds])


def _paired(effort: Effort) -> str:
    return f"{torch.get_num_threads()} threads, {effort.jobs} paired runs, A B A B"


def _figures(title: str, how: str, pairs: Sequence[tuple[Spent, Spent]]) -> Iterator[Figure]:
    """Compare pairs of ours and the published."""
    published_s = statistics.median(published.seconds for _, published in pairs)
    theirs = "the published form of the network, conv3d and einsum, the allocator as it comes"
    yield measured(f"{title}, published loop", published_s, "s", how=f"{how}; {theirs}")
    yield measured(title, statistics.median(ours.seconds for ours, _ in pairs), "s", how=how)
    ratio = statistics.median(ours.seconds / published.seconds for ours, published in pairs)
    share = f"{title}, share of the published loop's time"
    yield bounded(share, ratio, "", at_most=RATIO, how=f"{how}; median of the pairs' ratios; against {theirs}")
    besides = statistics.median(ours.besides_percent for ours, _ in pairs)
    outside = f"{how}; median share of our wall time that passes outside the call of the network"
    yield bounded(f"{title}, all but forwards", besides, "%", at_most=BESIDES_PERCENT, how=outside)


@torch.inference_mode()
def _forward(name: str, checkpoint: Path, effort: Effort) -> Figure:
    """Compare the networks alone: what of the jobs' ratio is owed to the network's form."""
    loaded = load_checkpoint(checkpoint)
    forms = (loaded.network, published_of(load_checkpoint(checkpoint, folded=False).network))
    images = fundus_batch(1, loaded.preprocessing).expand(effort.batch_size, -1, -1, -1)
    for form in forms:
        form(images)
    ratios = [
        _seconds(forms[0], images) / _seconds(forms[1], images)
        for _ in trange(effort.jobs, desc=f"{name} batch", unit="pair", leave=False, disable=None)
    ]
    title = f"{name} forward of {effort.batch_size} images, share of the published form's"
    how = f"{_paired(effort)} in one process, so that both keep the memory they have; median of the ratios"
    return measured(title, statistics.median(ratios), "", how=how)


def _seconds(network: nn.Module, images: Tensor) -> float:
    return seconds_of(lambda: network(images))


def _memory() -> Iterator[Figure]:
    title = f"RISE at N = {MASKS_IN_MEMORY:,}, extra memory"
    published = published_rise_bytes(MASKS_IN_MEMORY, channels=CHANNELS, height=SIDE, width=SIDE)
    how = f"computed, not run: all masks and all masked images of {SIDE} px as float32"
    yield measured(f"{title}, published loop", published / 1e6, "MB", how=how)
    if (extra := rise_extra_bytes(MASKS_IN_MEMORY)) is not None:
        how = f"peak RSS of a process of its own over its RSS before; batches of {Rise.batch_size}, {SIDE} px"
        instead = "a function that takes no memory stands for the network"
        yield bounded(title, extra / 1e6, "MB", at_most=EXTRA_MB, how=f"{how}; {instead}")
