"""The compose file on a real engine: started and ended by `make`, asked over the loopback interface."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / ".venv" / "bin" / "docker-compose"
PROJECT = "labn-test"
HEALTH_EVERY_S = 2.0
PATIENCE_S = 1200.0  # for any one command; the first one builds images
RECOVERY_S = 300.0  # for what comes by itself, on a machine that is busy


class Stack:
    """Containers of a project of its own, on free ports."""

    def __init__(self) -> None:
        self.ports = {name: _free_port() for name in ("SERVICE", "PROMETHEUS")}
        self._environment = os.environ | {
            "COMPOSE_FILE": f"{ROOT}/docker-compose.yml:{ROOT}/tests/containers/compose.yml",
            "COMPOSE_PROJECT_NAME": PROJECT,
            "COMPOSE_PROGRESS": "plain",
            **{f"{name}_ADDRESS": f"127.0.0.1:{port}" for name, port in self.ports.items()},
        }
        self._ended = Event()
        self._health = Thread(target=self._look_after_health, daemon=True)
        self._health.start()

    @property
    def url(self) -> str:
        """The service."""
        return f"http://127.0.0.1:{self.ports['SERVICE']}"

    def make(self, *words: str, **settings: str) -> str:
        """Run a target of the Makefile."""
        return self._run("make", "--no-print-directory", f"COMPOSE={COMPOSE}", *words, **settings)

    def compose(self, *words: str) -> str:
        """Run a compose command."""
        return self._run(str(COMPOSE), *words)

    def shell(self, commands: str, folder: Path) -> str:
        """Run commands as they are documented, in a folder."""
        plugin = f'docker() {{ shift; "{COMPOSE}" "$@"; }}'
        return self._run("sh", "-e", "-c", f"{plugin}\n{commands}", cwd=folder)

    def execute(self, name: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a container, whatever its exit status."""
        words = [
            "podman",
            "exec",
            f"{PROJECT}-{name}-1",
            *command,
        ]  # by compose it would leave a process for minutes
        return subprocess.run(words, capture_output=True, text=True, check=False)

    def containers(self, name: str) -> list[dict[str, Any]]:
        """What the engine says of a service's containers."""
        ids = self.compose("ps", "--all", "--quiet", name).split()
        return json.loads(podman("container", "inspect", *ids)) if ids else []

    def crash(self, name: str) -> None:
        """Kill the first process of a service's first container, as no command of the engine's would."""
        (container, *_) = self.containers(name)
        os.kill(container["State"]["Pid"], 9)

    def healthy(self, *names: str) -> bool:
        """Whether there is a container of each and all of them are healthy."""
        found = [self.containers(name) for name in names]
        return all(found) and all(
            one["State"]["Running"] and one["State"]["Health"]["Status"] == "healthy"
            for many in found
            for one in many
        )

    def prometheus(self, path: str, **query: str) -> Any:
        """What Prometheus answers."""
        url = f"http://127.0.0.1:{self.ports['PROMETHEUS']}/api/v1/{path}"
        return httpx.get(url, params=query).raise_for_status().json()["data"]

    def close(self) -> None:
        """End all of it, volumes included."""
        self.compose("--profile", "*", "down", "--volumes", "--timeout", "30")
        self._ended.set()
        self._health.join()

    def _run(self, *words: str, cwd: Path = ROOT, **settings: str) -> str:
        done = subprocess.run(
            words, cwd=cwd, env=self._environment | settings, timeout=PATIENCE_S, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}{self._last_words()}"
        return done.stdout

    def _last_words(self) -> str:
        """What the containers said and their health checks found, for whoever reads of a failure."""
        ids = podman("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}").split()
        health = podman("container", "inspect", "--format", "{{.Name}} {{json .State.Health}}", *ids) if ids else ""
        logs = [
            subprocess.run(["podman", "logs", "--tail", "20", one], capture_output=True, text=True, check=False)
            for one in ids
        ]
        return "\n".join([health, *(log.stdout + log.stderr for log in logs)])

    def _look_after_health(self) -> None:
        """Do what systemd's timers do for podman elsewhere."""
        while not self._ended.wait(HEALTH_EVERY_S):
            for name in podman("ps", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}").split():
                subprocess.run(["podman", "healthcheck", "run", name], capture_output=True, check=False)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + RECOVERY_S
    while not condition():
        assert time.monotonic() < deadline, podman("ps", "--all")
        time.sleep(0.5)


def podman(*words: str) -> str:
    """Ask the engine itself."""
    return subprocess.run(["podman", *words], capture_output=True, text=True, check=True).stdout


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
