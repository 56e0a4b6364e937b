"""POST /v1/predictions over the network, against the same work called in this process.

Every round takes four blocks in turn: `Predictor.predict` alone on a decoded picture; all that an answer's overlay
needs in process; one HTTP client; eight. Differences and ratios are of one round's blocks.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tqdm import trange

from benchmarks.blocks import Block, Effort, median_p95_ms
from benchmarks.checkpoints import SHIPPED, compact_checkpoint, preset_checkpoint, published_and_ours
from benchmarks.client import Client
from benchmarks.figures import Figure, at_least, bounded, measured
from benchmarks.in_process import InProcess
from benchmarks.live_service import LiveService
from benchmarks.pictures import write_pictures
from model.checkpoint import load_checkpoint

CLIENTS = 8
MANY_BLOCKS = 2  # blocks that eight clients ask for at a time: their last answers come one by one
OVERHEAD_MS = 8.0
THROUGHPUT = 0.9
SMALL_MS = 100.0


@dataclass(frozen=True, kw_only=True)
class Round:
    """The four blocks of one round."""

    predict: Block
    answer: Block  # in process
    one: Block  # client
    many: Block


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Work in process that HTTP is held against."""

    title: str
    how: str
    of: Callable[[Round], Block]


REFERENCES = (
    Reference(
        title="predict",
        how="Predictor.predict on the decoded picture: crop, resize, forward pass, softmax, map",
        of=lambda r: r.predict,
    ),
    Reference(
        title="all in process",
        how="decode_image, Predictor.predict, render_overlay and encode_png one after the other in one thread",
        of=lambda r: r.answer,
    ),
)


def measure_http(effort: Effort, folder: Path) -> Iterator[Figure]:
    """Measure a service of each network; checkpoints and pictures that are made go to the folder."""
    pictures = write_pictures(folder)
    _, paper = published_and_ours("paper-idrid")
    yield from _measure_service("paper-idrid", preset_checkpoint(paper, folder), pictures, effort)
    yield from _measure_service("compact", compact_checkpoint(folder), pictures, effort)
    yield from _measure_service(SHIPPED.stem, SHIPPED, pictures, effort)


def _measure_service(name: str, checkpoint: Path, pictures: dict[str, Path], effort: Effort) -> Iterator[Figure]:
    yield _start_up(name, checkpoint, effort)
    here = InProcess(load_checkpoint(checkpoint))
    with LiveService(checkpoint) as service, Client(service.port) as client:
        yield from _resident(f"{name} service RSS when ready", service)
        for size, path in pictures.items():
            rounds = [
                _round(here, client, path, effort.block_s)
                for _ in trange(effort.rounds, desc=f"{name} {size}", unit="round", leave=False, disable=None)
            ]
            yield from _latencies(name, size, rounds)
            for reference in REFERENCES:
                yield from _overhead(name, size, rounds, reference)
        yield from _resident(f"{name} service RSS after the load", service)


def _round(here: InProcess, client: Client, path: Path, seconds: float) -> Round:
    data = path.read_bytes()
    return Round(
        predict=here.predict(data, seconds=seconds),
        answer=here.answer(data, seconds=seconds),
        one=client.block(path, clients=1, seconds=seconds),
        many=client.block(path, clients=CLIENTS, seconds=MANY_BLOCKS * seconds),
    )


def _start_up(name: str, checkpoint: Path, effort: Effort) -> Figure:
    seconds = []
    for _ in trange(effort.starts, desc=f"{name} start-up", leave=False, disable=None):
        with LiveService(checkpoint) as service:
            seconds.append(service.start_s)
    how = f"`python -m service` with this model alone, from its start to /readyz 200; median of {effort.starts}"
    return measured(f"{name} service start-up", statistics.median(seconds), "s", how=how)


def _resident(name: str, service: LiveService) -> Iterator[Figure]:
    if resident := service.resident_bytes():
        how = "process_resident_memory_bytes of its /metrics"
        yield measured(name, resident / 2**20, "MiB", how=how)


def _latencies(name: str, size: str, rounds: Sequence[Round]) -> Iterator[Figure]:
    kinds = {"1 client": [r.one for r in rounds], f"{CLIENTS} clients": [r.many for r in rounds]}
    for clients, blocks in kinds.items():
        p50, p95 = median_p95_ms(blocks)
        answers = sum(len(block.latencies_s) for block in blocks)
        how = f"multipart upload, overlay in the answer, keep-alive; {answers} answers in {len(rounds)} rounds"
        title = f"{name} HTTP {size}, {clients}"
        if name != "paper-idrid" and clients == "1 client":
            yield bounded(f"{title}: p50", p50, "ms", at_most=SMALL_MS, how=how)
        else:
            yield measured(f"{title}: p50", p50, "ms", how=how)
        yield measured(f"{title}: p95", p95, "ms", how=how)
        yield measured(f"{title}: rate", statistics.median(b.rate for b in blocks), "answers/s", how=how)


def _overhead(name: str, size: str, rounds: Sequence[Round], reference: Reference) -> Iterator[Figure]:
    how = f"{reference.how}; {torch.get_num_threads()} torch threads here and in the service"
    p50, _ = median_p95_ms([reference.of(r) for r in rounds])
    yield measured(f"{name} {size}, {reference.title}: p50", p50, "ms", how=how)
    over_ms = statistics.median((r.one.p50_s - reference.of(r).p50_s) * 1000 for r in rounds)
    share = statistics.median(r.many.rate / reference.of(r).rate for r in rounds)
    latency = f"{name} HTTP {size}, 1 client: p50 over {reference.title}"
    rate = f"{name} HTTP {size}, {CLIENTS} clients: rate / {reference.title}"
    paired = f"median over {len(rounds)} rounds, each paired with {how}"
    if size == "224" and reference.title == "predict":
        yield bounded(latency, over_ms, "ms", at_most=OVERHEAD_MS, how=paired)
        yield at_least(rate, share, "", bound=THROUGHPUT, how=paired)
    else:
        yield measured(latency, over_ms, "ms", how=paired)
        yield measured(rate, share, "", how=paired)
