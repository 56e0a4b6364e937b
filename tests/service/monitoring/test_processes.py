"""Several processes of uvicorn, one set of figures."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from service.asgi import application
from service.errors import SettingsError
from service.metrics.collectors import Metrics
from tests.conftest import Encode
from tests.service.launcher import free_port
from tests.service.live import ROOT, clean_environment, wait_until

FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Processes:
    """`uvicorn --workers 2` on a free port."""

    def __init__(self, checkpoint: Path, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        command = f"-m uvicorn --factory service.asgi:application --workers 2 --port {port} --log-level warning"
        own = {FOLDER: str(folder), "LABN_CHECKPOINTS": str(checkpoint), "LABN_THREADS": "1"}
        self.process = subprocess.Popen([sys.executable, *command.split()], cwd=ROOT, env=clean_environment() | own)

    def metric(self, start: str) -> float:
        lines = httpx.get(f"{self.url}/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(start))

    def is_up(self) -> bool:
        try:
            return all(httpx.get(f"{self.url}/readyz").status_code == 200 for _ in range(10))
        except httpx.TransportError:
            return False


@contextmanager
def processes(checkpoint: Path, folder: Path) -> Iterator[Processes]:
    running = Processes(checkpoint, folder)
    try:
        wait_until(running.is_up)
        yield running
    finally:
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(600)


def pids_of(folder: Path) -> set[int]:
    """The processes that have counted something."""
    return {int(file.stem.rpartition("_")[2]) for file in folder.glob("counter_*.db")}


def test_count_together_whichever_is_asked(tiny_checkpoint: Path, tmp_path: Path, encode: Encode) -> None:
    image, folder = encode(), tmp_path / "metrics"
    with processes(tiny_checkpoint, folder) as running:
        wait_until(lambda: len(pids_of(folder)) == 2)
        before = running.metric("labn_predictions_total")
        for _ in range(30):  # a connection each, taken by one process or the other
            assert httpx.post(f"{running.url}/v1/predictions", files={"image": image}).status_code == 200
        for _ in range(6):
            assert running.metric("labn_predictions_total") - before == 30
            assert running.metric('labn_stage_duration_seconds_bucket{le="+Inf",stage="total"}') == 30
            assert running.metric("labn_http_requests_in_flight") == 1  # the scrape itself
            assert running.metric("labn_model_info") == 1
        answered = [file for file in folder.glob("counter_*.db") if b"labn_predictions_total" in file.read_bytes()]
        assert len(answered) == 2


def test_a_killed_process_leaves_its_counts_and_no_request_under_way(
    tiny_checkpoint: Path, tmp_path: Path, encode: Encode
) -> None:
    folder = tmp_path / "metrics"
    with processes(tiny_checkpoint, folder) as running:
        assert httpx.post(f"{running.url}/v1/predictions", files={"image": encode()}).status_code == 200
        (dead,) = {
            int(file.stem.rpartition("_")[2])
            for file in folder.glob("counter_*.db")
            if b"labn_predictions_total" in file.read_bytes()
        }
        assert (folder / f"gauge_livesum_{dead}.db").exists()
        os.kill(dead, signal.SIGKILL)
        wait_until(lambda: not (folder / f"gauge_livesum_{dead}.db").exists())
        wait_until(running.is_up)
        assert running.metric("labn_predictions_total") == 1


def test_processes_that_would_count_apart_are_refused(
    monkeypatch: pytest.MonkeyPatch, save_tiny: Callable[..., Path]
) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.setenv("LABN_CHECKPOINTS", str(save_tiny("one")))
    monkeypatch.setattr("multiprocessing.parent_process", lambda: object())
    with pytest.raises(SettingsError, match=FOLDER):
        application()


def test_one_process_needs_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    metrics = Metrics(rejection_reasons=[])
    assert metrics.exposed is metrics.registry
