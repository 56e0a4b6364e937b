"""`make serve` as users run it: a launcher with its processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from service.local.embedded_redis import find_binary
from tests.service.live import ROOT, clean_environment

START_S = 600.0  # a niced worker starts when all other work lets it
REDIS, WORKER, SERVICE = find_binary().name, "-m worker", "-m service"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Launcher:
    """`python -m service.standalone` on a folder of its own; its processes are known by that folder's name."""

    def __init__(self, folder: Path, checkpoint: Path, **settings: object) -> None:
        self.mark = str(folder)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        own = {"port": port, "worker_port": 0, "checkpoints": checkpoint, "data_dir": folder, **settings}
        environment = clean_environment() | {f"LABN_{key.upper()}": str(value) for key, value in own.items()}
        self._log = Path(f"{folder}-{port}.log")
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service.standalone"],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def log(self) -> str:
        """Return what it and its processes have said."""
        return self._log.read_text()

    def refusal(self) -> str:
        """Wait until it has given up, and return what it said."""
        assert self.process.wait(600) == 2
        return self.log()

    def pids(self, part: str = "") -> list[int]:
        """List the processes of a part, or of all; the launcher's own is not among them."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                # Redis writes its title over its environment, and names its socket there.
                is_ours = self.mark in command + (folder / "environ").read_text()
            except OSError:  # it has just ended
                continue
            if is_ours and command and "service.standalone" not in command and part in command:
                found.append(int(folder.name))
        return found

    def readiness(self) -> httpx.Response | None:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=600)
        except httpx.TransportError:
            return None

    def is_whole(self) -> bool:
        """Whether predictions and evaluations are both to be had."""
        answer = self.readiness()
        return answer is not None and answer.status_code == 200 and answer.json()["status"] == "ready"

    def wait_until_whole(self) -> None:
        deadline = time.monotonic() + START_S
        while not self.is_whole():
            assert time.monotonic() < deadline, "waited too long"
            time.sleep(0.2)

    def kill(self, part: str) -> None:
        """End a part as a crash does."""
        for pid in self.pids(part):
            os.kill(pid, signal.SIGKILL)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(600)
