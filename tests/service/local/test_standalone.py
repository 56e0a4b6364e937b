"""`make serve`: Redis, a worker and the service, through deaths of each."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import httpx
import pytest

from model.errors import LabnError
from service.client import Client
from service.local.embedded_redis import find_binary
from service.settings import usable_cores
from service.standalone import run
from tests.conftest import Encode
from tests.service import tls_line
from tests.service.launcher import REDIS, SERVICE, WORKER, Launcher, free_port
from tests.service.live import wait_until

Start = Callable[..., Launcher]
PASSWORD = "not-for-the-process-list"


class Onlooker:
    """Asks for predictions and for readiness all the while, and remembers what was answered."""

    def __init__(self, launcher: Launcher, image: bytes) -> None:
        self.predictions: set[int] = set()
        self.readiness: set[tuple[int, str]] = set()
        self._launcher, self._image = launcher, image
        self._seen_enough = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._seen_enough.set()
        self._thread.join()

    def _look(self) -> None:
        with httpx.Client(base_url=self._launcher.url, timeout=600) as client:
            while not self._seen_enough.wait(0.1):
                self.predictions.add(client.post("/v1/predictions", files={"image": self._image}).status_code)
                answer = client.get("/readyz")
                self.readiness.add((answer.status_code, answer.json()["status"]))


@pytest.fixture
def start(tmp_path: Path, tiny_checkpoint: Path) -> Iterator[Start]:
    launchers: list[Launcher] = []

    def start_one(**settings: object) -> Launcher:
        launchers.append(Launcher(tmp_path / "data", tiny_checkpoint, default_model="tiny", **settings))
        return launchers[-1]

    yield start_one
    for launcher in launchers:
        launcher.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path) -> Iterator[Launcher]:
    """One for the tests that leave it as they found it."""
    launcher = Launcher(tmp_path_factory.mktemp("data"), tiny_checkpoint, default_model="tiny")
    launcher.wait_until_whole()
    yield launcher
    launcher.end()


def evaluate(launcher: Launcher, image: bytes) -> None:
    with Client(launcher.url) as client:
        client.submit(image, methods=["attention"], patch_sizes=[16]).result()


def test_ctrl_c_ends_all_of_it_and_a_kill_too(start: Start, encode: Encode) -> None:
    launcher = start()
    launcher.wait_until_whole()
    evaluate(launcher, encode())
    assert [len(launcher.pids(part)) for part in (REDIS, WORKER, SERVICE)] == [1, 1, 1]
    assert launcher.end(signal.SIGINT) == 0
    assert launcher.pids() == []
    again = start()
    again.wait_until_whole()
    again.end(signal.SIGKILL)
    wait_until(lambda: again.pids() == [])


def test_the_worker_leaves_the_cores_to_predictions(whole: Launcher) -> None:
    [worker], [service] = whole.pids(WORKER), whole.pids(SERVICE)
    assert os.getpriority(os.PRIO_PROCESS, worker) == os.getpriority(os.PRIO_PROCESS, service) + 10
    others = max(1, usable_cores() - 1)
    for pid, threads in ((worker, 1), (service, others)):
        assert f"LABN_THREADS={threads}\0" in Path(f"/proc/{pid}/environ").read_text()


@pytest.mark.parametrize("part", [REDIS, WORKER, SERVICE])
def test_a_part_that_dies_comes_back(whole: Launcher, encode: Encode, part: str) -> None:
    before = whole.pids(part)
    whole.kill(part)
    wait_until(lambda: len(whole.pids(part)) == 1 and whole.pids(part) != before)
    whole.wait_until_whole()
    evaluate(whole, encode(seed=len(part)))


@pytest.mark.faults
def test_redis_may_die_again_and_again(whole: Launcher, encode: Encode) -> None:
    with Client(whole.url) as client, Onlooker(whole, encode()) as onlooker:
        jobs = [
            client.submit(encode(seed=seed), methods="rise", patch_sizes=16, rise_masks=2000) for seed in range(6)
        ]
        for _ in range(3):  # each pause of the launcher is longer than the one before
            before = whole.pids(REDIS)
            whole.kill(REDIS)
            wait_until(lambda: whole.pids(REDIS) not in ([], before))  # noqa: B023  (called at once)
        results = [job.result() for job in jobs]
        whole.wait_until_whole()
    assert [list(result["methods"]) for result in results] == [["rise"]] * 6
    assert onlooker.predictions == {200}
    assert onlooker.readiness == {(200, "ready"), (200, "degraded")}


def test_a_bad_form_is_answered_and_not_warned_of(whole: Launcher) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert httpx.post(f"{whole.url}/v1/predictions", content=b"no part", headers=headers).status_code == 400
    wait_until(lambda: "POST /v1/predictions 400" in whole.log())
    assert "python_multipart" not in whole.log()


def test_metrics_do_not_say_when_they_began(whole: Launcher) -> None:
    httpx.get(f"{whole.url}/healthz")
    text = httpx.get(f"{whole.url}/metrics").text
    assert "labn_http_requests_total" in text
    assert "_created" not in text


def test_a_second_one_on_the_same_folder_says_so(whole: Launcher, tiny_checkpoint: Path) -> None:
    said = Launcher(Path(whole.mark), tiny_checkpoint, default_model="tiny").refusal()
    assert (
        said == f"labn: another labn is running on {whole.mark}; stop it, or set LABN_DATA_DIR to another folder\n"
    )
    assert whole.is_whole()


@pytest.mark.parametrize("settings", [{"LABN_PROT": "8000"}, {"LABN_THREADS": "0"}, {"LABN_RETRIES": "-1"}])
def test_invalid_settings_are_named(settings: dict[str, str]) -> None:
    with pytest.raises(LabnError, match=next(iter(settings))):
        run(settings)


def test_settings_that_only_a_child_can_check_end_it(start: Start) -> None:
    launcher = start(checkpoints="nowhere")
    assert "nowhere" in launcher.refusal()
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
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject, *output],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + (tmp_path / "key.pem").read_bytes())
    return path


@pytest.fixture(params=["password", "unix socket", "TLS"])
def own_redis_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a Redis that is not the launcher's, and asks for a password."""
    port, socket_path = free_port(), tmp_path / "own.sock"
    address = ["--port", str(port), "--unixsocket", socket_path]
    command = [find_binary(), *address, "--requirepass", PASSWORD, "--dir", tmp_path, "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as redis, ExitStack() as stack:
        stack.callback(redis.terminate)
        if request.param == "unix socket":
            yield f"unix://:{PASSWORD}@{socket_path}?db=1"
        elif request.param == "TLS":
            certificate = request.getfixturevalue("certificate")
            line = [sys.executable, tls_line.__file__, certificate, str(port)]
            encrypted = stack.enter_context(subprocess.Popen(line, stdout=subprocess.PIPE, text=True))
            stack.callback(encrypted.terminate)
            assert encrypted.stdout
            yield f"rediss://:{PASSWORD}@127.0.0.1:{int(encrypted.stdout.readline())}/0?ssl_ca_certs={certificate}"
        else:
            yield f"redis://:{PASSWORD}@127.0.0.1:{port}/0"


def test_a_redis_of_ones_own(start: Start, own_redis_url: str, encode: Encode) -> None:
    launcher = start(redis_url=own_redis_url)
    launcher.wait_until_whole()
    evaluate(launcher, encode())
    assert launcher.pids(REDIS) == []
    assert launcher.pids(PASSWORD) == []  # in no command line


@pytest.mark.parametrize("own_redis_url", ["password", "TLS"], indirect=True)
def test_a_redis_that_lets_nobody_in_is_said_so(start: Start, own_redis_url: str) -> None:
    if own_redis_url.startswith("rediss"):
        url, reason = own_redis_url.partition("?")[0], "CERTIFICATE_VERIFY_FAILED"  # nobody vouches for it
    else:
        url, reason = own_redis_url.replace(PASSWORD, "another"), "password"
    said = start(redis_url=url).refusal()
    assert said.startswith("labn: LABN_REDIS_URL: ")
    assert reason in said
    assert len(said.splitlines()) == 1  # nothing was started
    assert PASSWORD not in said


def test_a_port_in_use_is_said_before_anything_starts(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        said = start(port=listener.getsockname()[1]).refusal()
    assert said.startswith("labn: LABN_HOST, LABN_PORT: cannot listen")
    assert "runs as process" not in said


def test_predictions_need_no_redis(start: Start, encode: Encode) -> None:
    launcher = start(redis_url=f"redis://127.0.0.1:{free_port()}/0")
    wait_until(lambda: (answer := launcher.readiness()) is not None and answer.status_code == 200)
    answer = launcher.readiness()
    assert answer is not None
    assert answer.json()["status"] == "degraded"
    assert httpx.post(f"{launcher.url}/v1/predictions", files={"image": encode()}).status_code == 200
