"""`python -m worker` as a process."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import torch
from prometheus_client import CollectorRegistry

from tests.worker.conftest import StartWorker
from tests.worker.live import HANG_S, LiveWorker, wait_for, wait_until_ended
from tests.worker.requests import SLOW, ask, uploads
from worker.__main__ import main
from worker.health import HealthServer
from worker.loop.heartbeat import Heartbeat
from worker.queue.errors import InvalidSettings
from worker.queue.job_queue import JobQueue
from worker.queue.store import names


def exit_of(worker: LiveWorker) -> tuple[int, str]:
    _, err = worker.process.communicate(timeout=HANG_S)
    return worker.process.returncode, err


def test_works_tells_of_itself_and_ends_on_a_signal(
    redis_url: str, queue: JobQueue, start_worker: StartWorker, tiny_checkpoint: Path, encode: Callable[..., bytes]
) -> None:
    worker = start_worker(redis_url)
    url = worker.address()
    wait_for(lambda: [(found.state, found.device) for found in queue.monitor.workers()] == [("idle", "cpu")])
    image = encode()
    payload = ask(tiny_checkpoint, image)
    queue.evaluations.submit(payload, uploads(image))
    assert wait_until_ended(queue, payload.id).status == "succeeded"
    assert httpx.get(f"{url}/healthz").json()["status"] == "ok"
    counted = 'labn_jobs_total{kind="evaluation",outcome="succeeded"} 1.0'
    wait_for(lambda: counted in httpx.get(f"{url}/metrics").text)
    figures = httpx.get(f"{url}/metrics").text
    assert 'labn_jobs_total{kind="evaluation",outcome="failed"} 0.0' in figures
    assert all(f'labn_device_memory_bytes{{kind="{kind}"}}' in figures for kind in ("allocated", "free", "total"))
    assert httpx.get(f"{url}/jobs").status_code == 404
    worker.process.terminate()
    assert worker.process.wait(HANG_S) == 0
    assert queue.monitor.workers() == []


def test_a_signal_lets_the_running_job_finish(
    redis_url: str, queue: JobQueue, start_worker: StartWorker, tiny_checkpoint: Path, encode: Callable[..., bytes]
) -> None:
    image = encode()
    running, waiting = ask(tiny_checkpoint, image, methods=("rise",), rise_masks=5000), ask(tiny_checkpoint, image)
    for payload in (running, waiting):
        queue.evaluations.submit(payload, uploads(image))
    worker = start_worker(redis_url, grace_s=HANG_S)
    wait_for(lambda: queue.evaluations.state(running.id).progress.done)
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(HANG_S) == 0
    assert queue.evaluations.state(running.id).status == "succeeded"
    assert queue.evaluations.state(waiting.id).status == "queued"


def test_a_signal_hands_back_what_takes_longer_than_its_grace(
    redis_url: str, queue: JobQueue, start_worker: StartWorker, tiny_checkpoint: Path, encode: Callable[..., bytes]
) -> None:
    image = encode()
    running, waiting = ask(tiny_checkpoint, image, **SLOW), ask(tiny_checkpoint, image)
    for payload in (running, waiting):
        queue.evaluations.submit(payload, uploads(image))
    worker = start_worker(redis_url, grace_s=0.2)
    wait_for(lambda: queue.evaluations.state(running.id).progress.done)
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(HANG_S) == 0
    assert queue.evaluations.state(running.id).status == "queued"
    assert queue.store.lanes["evaluations"].job_ids == [running.id, waiting.id]


def test_a_running_job_stops_when_it_is_cancelled(
    redis_url: str, queue: JobQueue, start_worker: StartWorker, tiny_checkpoint: Path, encode: Callable[..., bytes]
) -> None:
    image, other = encode(), encode(seed=1)
    slow, next_one = ask(tiny_checkpoint, image, **SLOW), ask(tiny_checkpoint, other)
    queue.evaluations.submit(slow, uploads(image))
    start_worker(redis_url)
    wait_for(lambda: queue.evaluations.state(slow.id).progress.done)
    queue.evaluations.submit(next_one, uploads(other))
    assert queue.evaluations.cancel(slow.id).status == "cancelled"
    assert wait_until_ended(queue, next_one.id).status == "succeeded"
    state = queue.evaluations.state(slow.id)
    assert (state.status, state.result) == ("cancelled", None)
    assert state.progress.done < state.progress.total / 2
    assert not queue.store.redis.exists(names.blob(slow.image_sha256))


def test_burst_ends_when_nothing_waits(
    redis_url: str, queue: JobQueue, tiny_checkpoint: Path, encode: Callable[..., bytes]
) -> None:
    image = encode()
    payload = ask(tiny_checkpoint, image)
    queue.evaluations.submit(payload, uploads(image))
    worker = LiveWorker(redis_url, "--burst", checkpoints=tiny_checkpoint)
    code, err = exit_of(worker)
    assert code == 0, err
    assert queue.evaluations.state(payload.id).status == "succeeded"


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ({"checkpoints": "nowhere"}, 2, "LABN_CHECKPOINTS"), ({"leas_s": "1"}, 2, "LABN_LEASE_S"),
        ({"device": "cuda"}, 2, "LABN_DEVICE"), ({}, 1, "Redis does not answer"),
    ],
)  # fmt: skip
def test_says_in_a_line_what_keeps_it_from_starting(
    settings: dict[str, str], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    if "device" in settings and torch.cuda.is_available():
        pytest.skip("there is such a device")
    for name, value in ({"redis_url": f"unix://{tmp_path}/nothing.sock"} | settings).items():
        monkeypatch.setenv(f"LABN_{name.upper()}", value)
    assert main([]) == code
    lines = capfd.readouterr().err.splitlines() + caplog.messages
    assert said in lines[-1]


def test_a_port_that_is_taken_is_named() -> None:
    registry, heartbeat = CollectorRegistry(), Heartbeat()
    with HealthServer("127.0.0.1", 0, registry=registry, heartbeat=heartbeat) as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(InvalidSettings, match="LABN_WORKER_PORT"):
            HealthServer.at("127.0.0.1", port, registry=registry, heartbeat=heartbeat)


def test_a_second_worker_without_a_port_takes_another() -> None:
    registry, heartbeat = CollectorRegistry(), Heartbeat()
    with (
        HealthServer.at("127.0.0.1", None, registry=registry, heartbeat=heartbeat) as first,
        HealthServer.at("127.0.0.1", None, registry=registry, heartbeat=heartbeat) as second,
    ):
        assert first.url != second.url


def test_a_worker_that_hangs_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat = Heartbeat()
    with HealthServer("127.0.0.1", 0, registry=CollectorRegistry(), heartbeat=heartbeat) as server:
        server.start()
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        monkeypatch.setattr("worker.health.SILENT_S", 0.0)
        answer = httpx.get(f"{server.url}/healthz")
        assert (answer.status_code, answer.json()["status"]) == (503, "failed")
        server.shutdown()


def test_needs_no_web_framework_and_the_service_no_torch_of_it() -> None:
    check = (
        "import sys, worker.queue.contracts.sets, worker.queue.job_queue, worker.settings\n"
        "assert 'torch' not in sys.modules\n"
        "import worker.__main__\n"
        "assert not {'fastapi', 'matplotlib'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False, cwd=Path(__file__).parents[3]).returncode == 0
