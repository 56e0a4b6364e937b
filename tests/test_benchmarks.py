"""That the benchmarks run and report; never how fast anything is."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import sleep
from typing import Any

import pytest
import torch
from redis import Redis
from rq.registry import FinishedJobRegistry
from torch import Tensor

from benchmarks import bare_evaluation, live_service
from benchmarks.__main__ import main
from benchmarks.blocks import QUICK, Block, median_p95_ms, run_block
from benchmarks.checkpoints import published_of
from benchmarks.client import Client
from benchmarks.empty_jobs import EmptyJobs, Form
from benchmarks.explanation_jobs import JobProcess, Spent, TimedPredict, our_jobs, published_jobs
from benchmarks.figures import at_least, bounded, equal, measured
from benchmarks.live_service import LiveService
from benchmarks.published_loops import published_pid, published_rise, published_rise_bytes
from benchmarks.table import header, row, summary
from model.checkpoint import load_checkpoint
from model.explain.rise import Rise
from model.explain.rise_masks import RiseMasks
from model.metrics.pid import patch_insertion_deletion
from model.network import LambdaAbn
from tests.conftest import Encode
from tests.worker.requests import ask
from worker.queue.job_queue import JobQueue
from worker.queue.settings import QueueSettings
from worker.queue.store import names
from worker.queue.store.blobs import sha256
from worker.work.context import JobContext
from worker.work.evaluate import evaluate
from worker.work.networks import ResidentNetworks

ROOT = Path(__file__).parents[1]


def test_a_block_lasts_as_long_as_asked_and_works_at_least_once() -> None:
    calls: list[int] = []
    block = run_block(lambda: calls.append(1), 0.0)
    assert len(block.latencies_s) == 1
    assert len(calls) == 2  # the first is not timed
    assert run_block(lambda: None, 0.05).elapsed_s >= 0.05


def test_percentiles_and_rate_of_known_latencies() -> None:
    blocks = [Block(latencies_s=[i / 1000 for i in range(1, 51)], elapsed_s=2.0)]
    blocks += [Block(latencies_s=[i / 1000 for i in range(51, 102)], elapsed_s=2.0)]
    assert median_p95_ms(blocks) == pytest.approx((51.0, 96.0))
    assert blocks[0].rate == 25.0


def test_targets_hold_or_are_missed() -> None:
    assert bounded("a", 0.64, "", at_most=0.64, how="").holds
    assert not bounded("b", 0.65, "", at_most=0.64, how="").holds
    assert not bounded("c", math.nan, "", at_most=0.64, how="").holds
    assert not at_least("d", 0.8, "", bound=0.9, how="").holds
    assert not equal("e", 21_599, "", to=21_598, how="").holds
    figures = [bounded("slow", 9.0, "ms", at_most=8.0, how=""), measured("size", 1, "", how="")]
    assert summary(figures) == "0 of 1 targets hold; missed: slow"
    assert "MISSED" in row(figures[0])
    assert row(figures[1]).index("size") == header().index("figure")


def test_the_client_times_predictions_and_stops_at_any_other_answer(
    tiny_checkpoint: Path, encode: Encode, tmp_path: Path
) -> None:
    picture, text = tmp_path / "picture.jpg", tmp_path / "text.jpg"
    picture.write_bytes(encode())
    text.write_text("no image")
    with LiveService(tiny_checkpoint) as service, Client(service.port) as client:
        block = client.block(picture, clients=3, seconds=0.1)
        with pytest.raises(RuntimeError, match=r"ended instead of answering .*text\.jpg"):
            client.block(text, clients=1, seconds=0.1)
    assert len(block.latencies_s) >= 3
    assert 0 < min(block.latencies_s) <= block.p50_s <= block.elapsed_s


def test_a_service_that_cannot_start_says_why(save_tiny: Callable[..., Path]) -> None:
    path = save_tiny("broken")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(RuntimeError, match="is not a checkpoint"), LiveService(path):
        pass


def test_a_service_that_hangs_is_ended(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_service, "START_S", 0.5)
    service = LiveService(tiny_checkpoint)
    service._process.send_signal(signal.SIGSTOP)
    with pytest.raises(RuntimeError, match="did not start"), service:
        pass


@pytest.fixture
def image() -> Tensor:
    return torch.rand(3, 32, 24, generator=torch.Generator().manual_seed(1)) * 2 - 1


def brightness(images: Tensor) -> Tensor:
    """Give a probability that every pixel counts in."""
    weights = torch.linspace(-1, 1, images[0].numel()).view(images.shape[1:])
    return (images * weights).sum(dim=(1, 2, 3)).div(50).sigmoid()


def test_the_published_form_of_a_network_gives_its_outputs(tiny_checkpoint: Path, image: Tensor) -> None:
    network = load_checkpoint(tiny_checkpoint, folded=False).network
    config = replace(network.config, contrast_window=5)
    for ours in (network, LambdaAbn(config).eval()):
        with torch.no_grad():
            pairs = zip(ours(image[None]), published_of(ours)(image[None]), strict=True)
            assert all(torch.allclose(own, their, atol=1e-5) for own, their in pairs)


def test_the_published_loops_give_our_answers(image: Tensor) -> None:
    saliency = torch.rand(32, 24, generator=torch.Generator().manual_seed(2))
    blank = torch.full_like(image, -1.0)
    score = published_pid(brightness, image, saliency, blank, patch_size=8, batch_size=5)
    ours = patch_insertion_deletion(brightness, image, saliency, blank, patch_size=8, protocol="published")
    assert abs(score) > 0.001
    assert score == pytest.approx(ours.score, abs=1e-6)
    rise = Rise(masks=20, grid=3)
    drawn = RiseMasks(20, grid=3, keep=rise.keep, seed=rise.seed, height=32, width=24)
    found = published_rise(brightness, image, drawn, keep=rise.keep, batch_size=7)
    assert found.std() > 0.001
    assert torch.allclose(found, rise.estimate(brightness, image).saliency, atol=1e-5)


def test_both_forms_show_as_many_images(image: Tensor) -> None:
    batches: list[int] = []

    def count(images: Tensor) -> Tensor:
        batches.append(len(images))
        return brightness(images)

    totals = []
    saliency = torch.rand(32, 24, generator=torch.Generator().manual_seed(2))
    for form in (our_jobs, published_jobs):
        for run in form(image, image.flip(0), saliency, patch_size=8, rise=Rise(masks=20, batch_size=8)).values():
            batches.clear()
            run(count)
            totals.append(sum(batches))
    assert totals == [2 * 12, 20, 2 * 12, 20]


def test_time_outside_the_network_is_told_from_time_inside() -> None:
    timed = TimedPredict(lambda images: (sleep(0.02), images)[1])
    timed(torch.zeros(1))
    timed(torch.zeros(1))
    assert timed.seconds >= 0.04
    assert Spent(seconds=2.0, forwards_s=1.5).besides_percent == pytest.approx(25.0)


def test_a_job_process_runs_jobs_and_says_when_it_ends(
    tiny_checkpoint: Path, save_tiny: Callable[..., Path]
) -> None:
    effort = replace(QUICK, patch_size=16)
    with JobProcess("ours", tiny_checkpoint, effort) as ours:
        spent = ours.run("PID")
        assert 0 < spent.forwards_s < spent.seconds
    overflowing = save_tiny("overflowing", overflowing=True)
    with pytest.raises(RuntimeError, match="instead of answering ready"), JobProcess("ours", overflowing, effort):
        pass


def test_a_published_rise_takes_all_masks_and_images_at_once() -> None:
    assert published_rise_bytes(10_000, channels=3, height=224, width=224) == 4 * (1 + 3) * 10_000 * 224 * 224


def test_a_bare_evaluation_is_what_a_job_computes(redis: Redis, tiny_checkpoint: Path, encode: Encode) -> None:
    parameters = {"methods": ["attention", "grad_cam"], "patch_sizes": [8, 16]}
    settings = QueueSettings()
    queue = JobQueue.on(redis, settings)
    payload = ask(tiny_checkpoint, encode(), **parameters)
    queue.store.redis.set(names.blob(sha256(encode())), encode())
    context = JobContext(
        networks=ResidentNetworks([tiny_checkpoint], device="cpu"),
        blobs=queue.store.blobs, results=queue.store.results, tables=queue.tables, max_pixels=40_000_000,
    )  # fmt: skip
    of_job = evaluate(payload.model_dump(mode="json"), context, lambda *_: None)
    bare = bare_evaluation.evaluate(
        load_checkpoint(tiny_checkpoint), encode(), payload.parameters.model_dump(mode="json")
    )
    assert bare["methods"].keys() == {"attention", "grad_cam"}
    assert bare["methods"] == of_job["methods"]


def test_a_process_that_cannot_start_says_so(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match=r"bare_evaluation ended instead of answering ready"),
        bare_evaluation.BareEvaluation(tmp_path / "missing.safetensors"),
    ):
        pass


@pytest.mark.parametrize(("form", "name"), [("ours", "labn-evaluations"), ("plain", "plain")])
def test_empty_jobs_are_all_done(form: Form, name: str, redis: Redis, redis_url: str) -> None:
    with EmptyJobs(form, redis_url) as jobs:
        runs = [jobs.run(3), jobs.run(2)]
    assert FinishedJobRegistry(name, redis).get_job_count(cleanup=False) == 5
    assert all(0 < run.work_s < run.seconds and run.cpu_s > 0 for run in runs)


def run_quick(out: Path, *parts: str) -> dict[str, dict[str, Any]]:
    """Run the command, check what holds for all figures, and return them by name."""
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks", *parts, "--quick", "--out", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    figures = json.loads(out.read_text())
    assert all(set(figure) == {"name", "value", "unit", "target", "holds", "how"} for figure in figures)
    assert all((figure["target"] is None) == (figure["holds"] is None) for figure in figures)
    assert all(math.isfinite(figure["value"]) and figure["how"] for figure in figures)
    by_name = {figure["name"]: figure for figure in figures}
    assert len(by_name) == len(figures)
    printed = finished.stdout.splitlines()
    assert all(any(line.startswith(name + " ") for line in printed) for name in list(by_name)[1:])
    return by_name


@pytest.mark.faults
def test_the_command_prints_a_table_and_writes_the_same_figures(tmp_path: Path) -> None:
    figures = run_quick(tmp_path / "results.json", "network", "http", "explanations")
    assert figures["paper-defn parameters"]["value"] == 21_598
    assert figures["paper-idrid difference from the published form"]["holds"]
    assert figures["compact HTTP 4288x2848, 8 clients: p50"]["value"] > 0
    assert 0 < figures["compact RISE at N = 4, all but forwards"]["value"] < 100
    assert figures["RISE at N = 10,000, extra memory"]["holds"]


@pytest.mark.faults
def test_the_queue_is_measured_on_real_processes(tmp_path: Path) -> None:
    figures = run_quick(tmp_path / "results.json", "queue")
    assert figures["worker RSS after 2 jobs"]["value"] > 50
    for network in ("tiny", "compact"):
        wall_ms, submission_ms = (
            figures[f"{network} job{what}: p50"]["value"] for what in (", submission to result", " submission")
        )
        assert 0 < submission_ms < wall_ms
    assert figures["HTTP 224, worker busy: p95 / idle"]["value"] > 0
    assert {name for name, figure in figures.items() if figure["target"]} == {
        "tiny job: beyond its compute",
        "compact job: beyond its compute",
        "HTTP 224, worker busy: p95 / idle",
        "worker RSS after 2 jobs / after 1",
        "empty jobs worked off: rate / plain RQ",
    }


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["disk"])
    assert "no part disk; there are network, http, explanations, queue, page" in capsys.readouterr().err
