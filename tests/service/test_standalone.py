"""`make serve`: Redis, a worker and the service, through deaths of each."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from service.client import Client
from service.embedded_redis import find_binary
from tests.conftest import Encode
from tests.service.launcher import REDIS, SERVICE, WORKER, Launcher, free_port
from tests.service.live import wait_until

Start = Callable[..., Launcher]
PASSWORD = "not-for-the-process-list"


@pytest.fixture
def start(tmp_path: Path, tiny_checkpoint: Path) -> Iterator[Start]:
    launchers: list[Launcher] = []

    def start_one(**settings: object) -> Launcher:
        launchers.append(Launcher(tmp_path / "data", tiny_checkpoint, default_model="tiny", **settings))
        return launchers[-1]

    yield start_one
    for launcher in launchers:
        launcher.end(signal.SIGKILL)


@pytest.fixture
def whole(start: Start) -> Launcher:
    launcher = start()
    launcher.wait_until_whole()
    return launcher


def evaluate(launcher: Launcher, image: bytes) -> str:
    with Client(launcher.url) as client:
        result = client.submit(image, methods=["attention"], patch_sizes=[16]).result()
        return str(result["methods"]["attention"]["scores"][0]["pid"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_of_it(whole: Launcher, encode: Encode, number: signal.Signals) -> None:
    evaluate(whole, encode())
    assert [len(whole.pids(part)) for part in (REDIS, WORKER, SERVICE)] == [1, 1, 1]
    assert whole.end(number) == 0
    assert whole.pids() == []


def test_a_killed_launcher_leaves_no_orphan_and_frees_the_folder(whole: Launcher, start: Start) -> None:
    whole.end(signal.SIGKILL)
    wait_until(lambda: whole.pids() == [])
    start().wait_until_whole()


def test_the_worker_leaves_the_cores_to_predictions(whole: Launcher) -> None:
    [worker], [service] = whole.pids(WORKER), whole.pids(SERVICE)
    assert os.getpriority(os.PRIO_PROCESS, worker) == os.getpriority(os.PRIO_PROCESS, service) + 10
    assert "LABN_THREADS=1\0" in Path(f"/proc/{worker}/environ").read_text()


@pytest.mark.parametrize("part", [REDIS, WORKER, SERVICE])
def test_a_part_that_dies_comes_back(whole: Launcher, encode: Encode, part: str) -> None:
    before = whole.pids(part)
    whole.kill(part)
    wait_until(lambda: len(whole.pids(part)) == 1 and whole.pids(part) != before)
    whole.wait_until_whole()
    evaluate(whole, encode())


def test_a_second_one_on_the_same_folder_says_so(whole: Launcher, start: Start, tmp_path: Path) -> None:
    said = start().refusal()
    assert said == (
        f"labn: another labn is running on {tmp_path / 'data'}; stop it, or name another folder in LABN_DATA_DIR\n"
    )
    assert whole.is_whole()


@pytest.mark.parametrize("settings", [{"prot": 8000}, {"threads": 0}, {"checkpoints": "nowhere"}, {"retries": -1}])
def test_settings_that_cannot_be_used_end_it(start: Start, settings: dict[str, object]) -> None:
    launcher = start(**settings)
    said = launcher.refusal()
    assert f"LABN_{next(iter(settings)).upper()}" in said or "nowhere" in said
    assert launcher.pids() == []


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine, with its key in the same file, that vouches for itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate")
    path = tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=labn", "-addext", "subjectAltName=IP:127.0.0.1"]
    output = ["-keyout", str(tmp_path / "key.pem"), "-out", str(path)]
    subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject, *output], check=True)
    path.write_bytes(path.read_bytes() + (tmp_path / "key.pem").read_bytes())
    return path


@pytest.fixture(params=["password", "unix socket", "TLS"])
def own_redis_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a Redis that is not the launcher's, and asks for a password."""
    port, options = free_port(), []
    url = f"redis://:{PASSWORD}@127.0.0.1:{port}/0"
    if request.param == "unix socket":
        options = ["--unixsocket", str(tmp_path / "own.sock")]
        url = f"unix://:{PASSWORD}@{tmp_path}/own.sock?db=1"
    elif request.param == "TLS":
        certificate = str(request.getfixturevalue("certificate"))
        files = [f"--tls-{name}-file" for name in ("cert", "key", "ca-cert")]
        options = ["--tls-port", str(port), *(word for name in files for word in (name, certificate))]
        options += ["--tls-auth-clients", "no"]
        url = f"rediss://:{PASSWORD}@127.0.0.1:{port}/0?ssl_ca_certs={certificate}"
    plain_port = port if request.param == "password" else 0
    command = [find_binary(), "--port", str(plain_port), "--requirepass", PASSWORD, "--dir", tmp_path, "--save", ""]
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL) as redis:
        yield url
        redis.terminate()


def test_a_redis_of_ones_own(start: Start, own_redis_url: str, encode: Encode) -> None:
    launcher = start(redis_url=own_redis_url)
    launcher.wait_until_whole()
    evaluate(launcher, encode())
    assert launcher.pids(REDIS) == []
    assert launcher.pids(PASSWORD) == []  # in no command line


def test_a_port_in_use_is_said_so(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        launcher = start(port=listener.getsockname()[1])
        assert "LABN_HOST, LABN_PORT: cannot listen" in launcher.refusal()


def test_predictions_need_no_redis(start: Start, encode: Encode) -> None:
    launcher = start(redis_url=f"redis://127.0.0.1:{free_port()}/0")
    wait_until(lambda: (answer := launcher.readiness()) is not None and answer.status_code == 200)
    answer = launcher.readiness()
    assert answer is not None
    assert answer.json()["status"] == "degraded"
    assert httpx.post(f"{launcher.url}/v1/predictions", files={"image": encode()}).status_code == 200
