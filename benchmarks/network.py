"""The networks by themselves: parameters, operations, and the forward pass against the published form."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from tqdm import trange

from benchmarks.blocks import Effort, seconds_of
from benchmarks.checkpoints import compact_checkpoint, preprocessing_of, preset_checkpoint, published_and_ours
from benchmarks.figures import Figure, bounded, equal, measured
from benchmarks.pictures import fundus_batch
from model.checkpoint import load_checkpoint
from model.network import LambdaAbn
from model.presets import network_config

TOLERANCE = 1e-4  # between our outputs and the published form's
RATIO = 0.64  # of the published form's time
FLOP_HOW = "torch.utils.flop_counter on one 224x224 image, 2 a multiply-add; it does not count elementwise work"


def measure_network(effort: Effort, folder: Path) -> Iterator[Figure]:
    """Measure size and speed of the networks; checkpoints that are made go to the folder."""
    yield from _parameters()
    published, ours = published_and_ours("paper-idrid")
    loaded = load_checkpoint(preset_checkpoint(ours, folder)).network
    images = fundus_batch(1, preprocessing_of("paper-idrid"))
    yield from _operations("paper-idrid", loaded, images, published)
    yield _difference(published, loaded, images)
    yield from _against_published(published, loaded, images, effort)
    yield from _compact(load_checkpoint(compact_checkpoint(folder)).network, images, effort)


def _parameters() -> Iterator[Figure]:
    how = "parameters of the network before batch norms are folded"
    paper = LambdaAbn(network_config("paper-idrid"))
    parts: dict[str, tuple[list[nn.Module], float]] = {
        "": ([paper], 22.17),
        " LFE": ([paper.stem, paper.before], 0.88),
        " LAB": ([paper.branch], 9.22),
        " LPB": ([paper.after, paper.classify], 12.07),
    }
    for part, (modules, millions) in parts.items():
        value = round(sum(map(_count, modules)) / 1e6, 2)
        yield equal(f"paper-idrid{part} parameters", value, "M", to=millions, how=how)
    magnetogram, compact = (LambdaAbn(network_config(preset)) for preset in ("paper-defn", "compact"))
    yield equal("paper-defn parameters", _count(magnetogram), "", to=21_598, how=how)
    yield bounded("compact parameters", _count(compact) / 1e6, "M", at_most=3.0, how=how)


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _operations(preset: str, ours: nn.Module, images: Tensor, published: nn.Module) -> Iterator[Figure]:
    yield measured(f"{preset} operations, published form", _gflop(published, images), "GFLOP", how=FLOP_HOW)
    how = f"{FLOP_HOW}; folded, position lambdas in the cheapest form"
    yield measured(f"{preset} operations", _gflop(ours, images), "GFLOP", how=how)


def _gflop(network: nn.Module, images: Tensor) -> float:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(images)
    return float(counter.get_total_flops()) / 1e9


@torch.inference_mode()
def _difference(published: nn.Module, ours: nn.Module, images: Tensor) -> Figure:
    pairs = zip(published(images), ours(images), strict=True)
    return bounded(
        "paper-idrid difference from the published form",
        max(float((one - other).abs().max()) for one, other in pairs),
        "",
        at_most=TOLERANCE,
        how="largest absolute difference in logits, branch logits and attention on a generated photograph, same "
        "random weights, ours through a saved checkpoint and folded",
    )


@torch.inference_mode()
def _against_published(published: nn.Module, ours: nn.Module, images: Tensor, effort: Effort) -> Iterator[Figure]:
    forms = (published, ours)
    for form in forms * 2:
        form(images)
    pairs = [
        [seconds_of(lambda form=form: form(images)) for form in forms]  # type: ignore[misc]  # a bound default
        for _ in trange(effort.passes, desc="paper-idrid forward", unit="pair", leave=False, disable=None)
    ]
    theirs_ms, ours_ms = (statistics.median(times) * 1000 for times in zip(*pairs, strict=True))
    how = f"batch 1, {torch.get_num_threads()} threads, eager; {effort.passes} paired runs, A B A B"
    yield measured("paper-idrid forward p50, published form", theirs_ms, "ms", how=f"{how}; conv3d and einsum")
    yield measured("paper-idrid forward p50", ours_ms, "ms", how=f"{how}; network of load_checkpoint")
    ratio = statistics.median(own / their for their, own in pairs)
    name = "paper-idrid forward, share of the published form's time"
    yield bounded(name, ratio, "", at_most=RATIO, how=f"{how}; median of the pairs' ratios")


def _compact(network: nn.Module, images: Tensor, effort: Effort) -> Iterator[Figure]:
    yield bounded("compact operations", _gflop(network, images), "GFLOP", at_most=1.5, how=FLOP_HOW)
    passes = 5 * effort.passes
    with torch.inference_mode():
        for _ in range(3):
            network(images)
        times = [
            seconds_of(lambda: network(images))
            for _ in trange(passes, desc="compact forward", leave=False, disable=None)
        ]
    how = f"batch 1, {torch.get_num_threads()} threads, {passes} runs"
    yield measured("compact forward p50", statistics.median(times) * 1000, "ms", how=how)
