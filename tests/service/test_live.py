"""What only a process and a network can show."""

from __future__ import annotations

import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest

from service.__main__ import main
from tests.conftest import Encode
from tests.service.live import ROOT, LiveService, clean_environment, wait_until

GONE = 'labn_requests_rejected_total{reason="client-gone"}'
Start = Callable[..., LiveService]


@pytest.fixture(scope="module")
def slow_checkpoint(save_tiny: Callable[..., Path]) -> Path:
    """A network whose forward pass takes about a second on one core."""
    return save_tiny("slow", side=2048, stem_channels=64)


@pytest.fixture(scope="module")
def live(tiny_checkpoint: Path) -> Iterator[LiveService]:
    service = LiveService(tiny_checkpoint, default_model="tiny")
    yield service
    service.stop()


def predict(service: LiveService, image: bytes) -> httpx.Response:
    return httpx.post(f"{service.url}/v1/predictions?include=values", files={"image": image}, timeout=600)


def send_and_keep_open(service: LiveService, image: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", service.port))
    head = f"POST /v1/predictions HTTP/1.1\r\nHost: labn\r\nContent-Length: {len(image)}\r\n\r\n"
    connection.sendall(head.encode() + image)
    return connection


def test_the_printed_command_answers(live: LiveService) -> None:
    command = shlex.split(live.curl)
    assert command[:2] == ["curl", "-F"]
    field, _, name = command[2].partition("=@")
    response = httpx.post(command[3], files={field: (ROOT / name).read_bytes()}, timeout=600)
    assert response.status_code == 200
    assert response.json()["explanation"]["overlay_png"] is None


@pytest.mark.parametrize("path", ["/", "/docs", "/healthz", "/readyz", "/metrics", "/v1/models", "/v1/models/tiny"])
def test_head_is_answered_as_get_without_a_body(live: LiveService, path: str) -> None:
    with httpx.Client(base_url=live.url) as client:
        head, get = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers.get("content-type") == get.headers.get("content-type")


def test_fifty_clients_at_once_get_their_own_maps(live: LiveService, encode: Encode) -> None:
    images = [encode(seed=seed) for seed in range(5)]
    expected = [predict(live, image).json()["explanation"]["values"] for image in images]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda number: predict(live, images[number % 5]), range(200)))
    assert {answer.status_code for answer in answers} <= {200, 429}
    served = [(number % 5, answer.json()) for number, answer in enumerate(answers) if answer.status_code == 200]
    assert len(served) >= 50
    for seed, answer in served:
        assert np.array(answer["explanation"]["values"]) == pytest.approx(np.array(expected[seed]), abs=1e-4)
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers if answer.status_code == 429)


def test_sixty_megabytes_are_refused_in_words(live: LiveService, encode: Encode) -> None:
    body = bytes(60 * 2**20)
    declared = httpx.post(f"{live.url}/v1/predictions", content=body, headers={"Content-Type": "image/png"})
    chunks = (body[start : start + 2**20] for start in range(0, len(body), 2**20))
    chunked = httpx.post(f"{live.url}/v1/predictions", content=chunks, headers={"Content-Type": "image/png"})
    for response in (declared, chunked):
        assert response.status_code == 413
        assert response.json()["type"] == "urn:labn:problem:body-too-large"
    assert predict(live, encode()).status_code == 200


def test_an_unread_body_does_not_confuse_the_connection(live: LiveService, encode: Encode) -> None:
    with httpx.Client() as client:
        assert client.post(f"{live.url}/nowhere", content=bytes(5 * 2**20)).status_code == 404
        again = client.post(f"{live.url}/v1/predictions", content=encode(), headers={"Content-Type": "image/jpeg"})
        assert again.status_code == 200


def test_a_chunked_upload_is_read(live: LiveService, encode: Encode) -> None:
    pieces = (encode()[start : start + 100] for start in range(0, len(encode()), 100))
    response = httpx.post(f"{live.url}/v1/predictions", content=pieces, headers={"Content-Type": "image/jpeg"})
    assert response.status_code == 200


def test_an_upload_cut_short_is_survived(live: LiveService, encode: Encode) -> None:
    with socket.create_connection(("127.0.0.1", live.port)) as connection:
        connection.sendall(b"POST /v1/predictions HTTP/1.1\r\nHost: labn\r\nContent-Length: 1000\r\n\r\nabc")
    wait_until(lambda: live.metric(GONE) == 1)
    assert predict(live, encode()).status_code == 200


def test_a_client_that_leaves_frees_its_place(start_live: Start, slow_checkpoint: Path, encode: Encode) -> None:
    service = start_live(slow_checkpoint, default_model="slow", max_waiting=4, max_batch=1)
    passes = service.metric("labn_batch_size_count")
    with ThreadPoolExecutor(3) as pool:
        before = [pool.submit(predict, service, encode()) for _ in range(3)]
        wait_until(lambda: service.slots_taken() == 3)
        with send_and_keep_open(service, encode()):
            wait_until(lambda: service.slots_taken() == 4)
            refused = predict(service, encode())
            assert refused.status_code == 429
            assert refused.json()["type"] == "urn:labn:problem:queue-full"
            assert int(refused.headers["retry-after"]) >= 1
        wait_until(lambda: service.metric(GONE) == 1)
        assert service.slots_taken() < 4
        assert [request.result().status_code for request in before] == [200] * 3
    assert predict(service, encode()).status_code == 200
    assert service.metric("labn_batch_size_count") == passes + 4  # the one that left was never computed


def test_sigterm_lets_requests_finish(start_live: Start, slow_checkpoint: Path, encode: Encode) -> None:
    service = start_live(slow_checkpoint, default_model="slow", max_batch=1)
    with ThreadPoolExecutor(3) as pool:
        under_way = [pool.submit(predict, service, encode()) for _ in range(3)]
        wait_until(lambda: service.slots_taken() == 3)
        service.process.send_signal(signal.SIGTERM)
        wait_until(lambda: httpx.get(f"{service.url}/readyz").status_code == 503)
        assert predict(service, encode()).status_code == 503
        assert [request.result().status_code for request in under_way] == [200] * 3
    assert service.process.wait(600) == 0


def test_the_grace_is_bounded(start_live: Start, slow_checkpoint: Path, encode: Encode) -> None:
    service = start_live(slow_checkpoint, default_model="slow", max_batch=1, grace_s=0)
    with send_and_keep_open(service, encode()):
        wait_until(lambda: service.slots_taken() == 1)
        assert service.stop() == 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"LABN_PROT": "1"}, "LABN_PROT"),
        ({"LABN_PORT": "x"}, "LABN_PORT"),
        ({"LABN_HOST": "192.0.2.1"}, "LABN_HOST"),
    ],
)
def test_invalid_settings_are_named(
    settings: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in ({"LABN_PORT": "0"} | settings).items():
        monkeypatch.setenv(name, value)
    assert main() == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("checkpoints", ["/nowhere", "pyproject.toml"])
def test_a_process_without_usable_checkpoints_ends_with_a_line(checkpoints: str) -> None:
    environment = clean_environment() | {"LABN_CHECKPOINTS": checkpoints, "LABN_PORT": "0"}
    command = [sys.executable, "-m", "service"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    assert ended.returncode == 2
    assert checkpoints in ended.stderr
    assert "Traceback" not in ended.stderr
