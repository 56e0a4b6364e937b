"""Training: steps against those of the published layers, what loading takes of them, and the generators."""

from __future__ import annotations

import multiprocessing
import os
import statistics
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import trange

from benchmarks.blocks import Effort, seconds_of
from benchmarks.checkpoints import published_of
from benchmarks.figures import Figure, at_least, measured
from model.network import LabnOutput, LambdaAbn
from model.presets import network_config
from training.config import TrainingConfig
from training.data.generated import generated_images, generated_pair
from training.data.images import LabelledImages
from training.fit.batches import epoch_batches
from training.fit.losses import labn_loss
from training.generators.magnetogram.disk import CLIP, SIDE

RATIO = 1.5  # times the images a second of the published layers
FUNDUS_PER_S = 200.0
Work = Callable[[], object]


def measure_training(effort: Effort, _folder: Path) -> Iterator[Figure]:
    """Measure the generators, the steps of two networks, and their batches; nothing is written."""
    yield from _generators(effort)
    photographs = generated_images(0, effort.training_batch * (effort.steps + 2), _config("compact", effort))
    for preset in ("paper-idrid", "compact"):
        yield from _steps(preset, _config(preset, effort), photographs, effort)


def _generators(effort: Effort) -> Iterator[Figure]:
    how = f"{os.cpu_count()} worker processes that are up, at the network's size, with masks"
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        fundus = _rate(pool, partial(generated_pair, kind="generated-fundus", size=224, clip=CLIP), effort)
        yield at_least("generated fundus photographs", fundus, "1/s", bound=FUNDUS_PER_S, how=how)
        suns = _rate(pool, partial(generated_pair, kind="generated-magnetogram", size=SIDE, clip=CLIP), effort)
        yield measured("generated magnetograms", suns, "1/s", how=how)


def _rate(pool: ProcessPoolExecutor, make: Callable[[int], object], effort: Effort) -> float:
    """Return images a second."""
    chunk = max(1, effort.generated // 16)
    work = partial(pool.map, make, range(effort.generated), chunksize=chunk)
    list(work())  # workers import and build their tables
    return effort.generated / seconds_of(lambda: list(work()))


def _config(preset: str, effort: Effort) -> TrainingConfig:
    return TrainingConfig.from_dict({
        "network": {"preset": preset},
        "preprocessing": "idrid",
        "data": {"kind": "generated-fundus"},
        "run": {"batch_size": effort.training_batch},
    })  # fmt: skip


def _steps(preset: str, config: TrainingConfig, images: LabelledImages, effort: Effort) -> Iterator[Figure]:
    """Compare steps of the network and of its published form, and batches with steps."""
    torch.manual_seed(0)
    ours = LambdaAbn(network_config(preset))
    published = published_of(ours)
    batches = epoch_batches(images, config, 0)
    batch = next(batches)
    works = [_step(form.train(), batch.images, batch.labels, config) for form in (published, ours)]
    for work in works:
        work()
    pairs = [
        [seconds_of(work) for work in works]
        for _ in trange(effort.steps, desc=f"{preset} step", unit="pair", leave=False, disable=None)
    ]
    loading_s = statistics.median(seconds_of(lambda: next(batches)) for _ in range(effort.steps))
    yield from _compared(preset, pairs, loading_s, config.run.batch_size)


def _step(network: nn.Module, images: Tensor, labels: Tensor, config: TrainingConfig) -> Work:
    """Return a step of training in fp32: forward, eq. (6), backward, AdamW."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-5)

    def step() -> None:
        loss = labn_loss(LabnOutput(*network(images)), labels, config.loss)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return step


def _compared(preset: str, pairs: Sequence[Sequence[float]], loading_s: float, size: int) -> Iterator[Figure]:
    theirs_s, ours_s = (statistics.median(times) for times in zip(*pairs, strict=True))
    how = f"fp32, batches of {size}, {torch.get_num_threads()} threads, {len(pairs)} paired steps, A B A B"
    yield measured(f"{preset} training, published layers", size / theirs_s, "images/s", how=how)
    yield measured(f"{preset} training", size / ours_s, "images/s", how=how)
    ratio = statistics.median(theirs / ours for theirs, ours in pairs)
    name = f"{preset} training, times the published layers' images a second"
    yield at_least(name, ratio, "", bound=RATIO, how=f"{how}; median of the pairs' ratios")
    share = 100 * loading_s / (loading_s + ours_s)
    loading = "generated photographs in memory: augmented and normalised, over that and the step"
    yield measured(f"{preset} training, loading's share", share, "%", how=loading)
