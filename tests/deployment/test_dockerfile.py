"""The Dockerfile, without an engine; `make test-containers` builds and runs it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from service.settings import Settings
from tests.deployment.shipped import ROOT, last, run, stages
from worker.health import PORT

TARGETS = ("service", "worker", "training")
HEALTH = ROOT / "deploy" / "health"


def test_hadolint_has_nothing_to_say() -> None:
    assert run("hadolint", "Dockerfile") == ""


def test_a_build_without_a_target_makes_the_service() -> None:
    assert list(stages())[-1] == "service"


@pytest.mark.parametrize("stage", ["packages", "training-packages"])
def test_packages_are_installed_from_the_lock_file(stage: str) -> None:
    commands = [argument for name, argument in stages()[stage] if name == "RUN" and "pip install" in argument]
    assert ("COPY", "requirements.lock ./") in stages()[stage]
    assert commands
    assert all("--constraint /venv/constraints.txt" in command for command in commands)


@pytest.mark.parametrize("target", TARGETS)
class TestTarget:
    def test_the_user_is_a_number(self, target: str) -> None:
        assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", last(target, "USER"))

    def test_signals_reach_the_program(self, target: str) -> None:
        assert json.loads(last(target, "ENTRYPOINT")) == ["python", "-m", target]

    def test_its_health_check_is_there(self, target: str) -> None:
        options, _, command = last(target, "HEALTHCHECK").partition("CMD ")
        program, *_ = [word for word in json.loads(command) if word.endswith(".py")]
        assert "--timeout" in options
        assert (ROOT / program).is_file()

    def test_what_it_copies_goes_to_the_engine(self, target: str) -> None:
        sent = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
        copied = {
            word
            for stage in (target, "torch", "packages", "training-packages")
            for name, argument in stages()[stage]
            if name == "COPY" and not argument.startswith("--from")
            for word in argument.split()[:-1]
        }
        assert copied
        assert all(word in sent and (ROOT / word).exists() for word in copied)


def test_health_checks_differ() -> None:
    assert len({last(target, "HEALTHCHECK") for target in TARGETS}) == len(TARGETS)


def test_ports_are_those_of_the_settings() -> None:
    assert last("service", "EXPOSE") == str(Settings().port)
    assert last("worker", "EXPOSE") == str(PORT)


class TestAnswers:
    @pytest.fixture
    def server(self) -> Iterator[HTTPServer]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if self.path == "/good" else 503)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever).start()
        yield server
        server.shutdown()
        server.server_close()

    def check(self, port: int, path: str) -> int:
        command = [sys.executable, "-S", str(HEALTH / "answers.py"), "SOME_PORT", path]
        return subprocess.run(
            command, env={"SOME_PORT": str(port)}, stdout=subprocess.DEVNULL, check=False
        ).returncode

    def test_200_is_health(self, server: HTTPServer) -> None:
        assert self.check(server.server_port, "/good") == 0

    def test_another_status_is_none(self, server: HTTPServer) -> None:
        assert self.check(server.server_port, "/bad") == 1

    def test_silence_is_none(self) -> None:
        assert self.check(1, "/good") == 1


class TestBusy:
    def check(self, process: subprocess.Popen[bytes], folder: Path) -> int:
        command = [sys.executable, "-S", str(HEALTH / "busy.py"), str(process.pid)]
        return subprocess.run(
            command, env={"TMPDIR": str(folder)}, stdout=subprocess.DEVNULL, check=False
        ).returncode

    @pytest.mark.parametrize(("program", "expected"), [("while True: pass", 0), ("input()", 1)])
    def test_a_process_that_works_and_one_that_waits(self, program: str, expected: int, tmp_path: Path) -> None:
        with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as process:
            time.sleep(0.5)
            first = self.check(process, tmp_path)
            time.sleep(0.5)
            second = self.check(process, tmp_path)
            process.kill()
        assert (first, second) == (0, expected)
