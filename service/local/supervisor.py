"""Supervisor of child processes: restarts one that ends unexpectedly, with an increasing pause."""

from __future__ import annotations

import logging
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

POLL_S = 0.1
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
STABLE_S = 60.0  # a process that ran this long restarts after the first pause again
REPEAT_S = 1.0  # make passes SIGTERM on, so one request to end may arrive twice
CANNOT_START = 2  # exit status of a process with invalid settings or files
QUIET_S = 1.0  # a shutdown that takes longer is explained
WAITING = "waiting for the running work of %s, %.0f s at most; a second signal ends it at once"
END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

logger = logging.getLogger("labn.standalone")


@dataclass
class ManagedProcess:
    """One supervised process."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    wait_until_ready: Callable[[subprocess.Popen[bytes]], None] | None = None  # called after the first start only
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)  # None: waiting to be restarted
    starts: int = field(default=0, init=False)
    _started_at: float = field(default=0.0, init=False)
    _pause_s: float = field(default=FIRST_PAUSE_S, init=False)
    _restart_at: float = field(default=0.0, init=False)

    def keep_running(self) -> int | None:
        """Start the process if it is due; return its exit status if it has just ended."""
        if self.process is None:
            if time.monotonic() >= self._restart_at:
                self._start()
            return None
        status = self.process.poll()
        if status is not None:
            self._pause(status)
        return status

    def _start(self) -> None:
        self.process = self.start()
        self.starts += 1
        self._started_at = time.monotonic()
        logger.info("%s runs as process %d", self.name, self.process.pid)
        if self.wait_until_ready and self.starts == 1:
            self.wait_until_ready(self.process)

    def _pause(self, status: int) -> None:
        uptime_s = time.monotonic() - self._started_at
        self._pause_s = FIRST_PAUSE_S if uptime_s > STABLE_S else self._pause_s
        logger.warning("%s ended (%s); restarting in %.1f s", self.name, _describe(status), self._pause_s)
        self.process, self._restart_at = None, time.monotonic() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)


class Supervisor:
    """Runs stages of processes: starts the stages in order and ends them in reverse."""

    def __init__(self, stages: Sequence[Sequence[ManagedProcess]], *, patience_s: float) -> None:
        self._stages = stages
        self._patience_s = patience_s
        self._signalled_at: float | None = None
        self._is_forced = False

    def run(self) -> int:
        """Keep all processes running until a signal; a second signal ends them at once.

        Returns:
            0, or the exit status of a process that cannot start at all.
        """
        for number in END_SIGNALS:
            signal.signal(number, self._on_signal)
        try:
            while self._signalled_at is None:
                for managed in (managed for stage in self._stages for managed in stage):
                    if managed.keep_running() == CANNOT_START and managed.starts == 1:
                        return CANNOT_START
                time.sleep(POLL_S)
            return 0
        finally:
            for stage in reversed(self._stages):
                self._end({managed.name: managed.process for managed in stage if managed.process})

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  (signature of a signal handler)
        if self._signalled_at is None:
            self._signalled_at = time.monotonic()
        elif time.monotonic() - self._signalled_at > REPEAT_S:
            self._is_forced = True

    def _end(self, processes: Mapping[str, subprocess.Popen[bytes]]) -> None:
        for process in processes.values():
            process.terminate()
        began, is_explained = time.monotonic(), False
        while names := [name for name, process in processes.items() if process.poll() is None]:
            waited_s = time.monotonic() - began
            if not is_explained and waited_s > QUIET_S:
                is_explained = True
                logger.info(WAITING, " and ".join(names), self._patience_s)
            if self._is_forced or waited_s > self._patience_s:
                for process in processes.values():
                    process.kill()
            time.sleep(POLL_S / 5)


def _describe(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
