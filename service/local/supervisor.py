"""Keeps processes running: one that ends without being asked is started again, a little later each time."""

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
SOUND_S = 60.0  # a process that lived this long begins with the first pause again
REPEAT_S = 1.0  # make passes SIGTERM on, so that one request to end may arrive twice
CANNOT_START = 2  # exit status of a process whose settings or files do not allow a start
QUIET_S = 1.0  # an end that takes longer is explained
WAITING = "waiting for what %s has under way, %.0f s at most; a second signal ends it at once"
TOLD_TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

logger = logging.getLogger("labn.standalone")


@dataclass
class Part:
    """One process that is kept running."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    wait_until_ready: Callable[[subprocess.Popen[bytes]], None] | None = None  # at the first start only
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)  # None: in a pause
    starts: int = field(default=0, init=False)
    _began: float = field(default=0.0, init=False)
    _pause_s: float = field(default=FIRST_PAUSE_S, init=False)
    _due: float = field(default=0.0, init=False)

    def keep_running(self) -> int | None:
        """Start it where it is due; return its exit status where it has just ended."""
        if self.process is None:
            if time.monotonic() >= self._due:
                self._start()
            return None
        status = self.process.poll()
        if status is not None:
            self._pause(status)
        return status

    def _start(self) -> None:
        self.process = self.start()
        self.starts += 1
        self._began = time.monotonic()
        logger.info("%s runs as process %d", self.name, self.process.pid)
        if self.wait_until_ready and self.starts == 1:
            self.wait_until_ready(self.process)

    def _pause(self, status: int) -> None:
        lived_s = time.monotonic() - self._began
        self._pause_s = FIRST_PAUSE_S if lived_s > SOUND_S else self._pause_s
        logger.warning("%s ended (%s); starts again in %.1f s", self.name, _describe(status), self._pause_s)
        self.process, self._due = None, time.monotonic() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)


class Supervisor:
    """Runs stages of parts, the first stage before the others, and ends them the other way round."""

    def __init__(self, stages: Sequence[Sequence[Part]], *, patience_s: float) -> None:
        self._stages = stages
        self._patience_s = patience_s
        self._told_at: float | None = None
        self._in_a_hurry = False

    def run(self) -> int:
        """Keep all running until a signal; a second one ends them at once.

        Returns:
            0, or the exit status of a part that cannot start at all.
        """
        for number in TOLD_TO_END:
            signal.signal(number, self._on_signal)
        try:
            while self._told_at is None:
                for part in (part for stage in self._stages for part in stage):
                    if part.keep_running() == CANNOT_START and part.starts == 1:
                        return CANNOT_START
                time.sleep(POLL_S)
            return 0
        finally:
            for stage in reversed(self._stages):
                self._end({part.name: part.process for part in stage if part.process})

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  (signal's signature)
        if self._told_at is None:
            self._told_at = time.monotonic()
        elif time.monotonic() - self._told_at > REPEAT_S:
            self._in_a_hurry = True

    def _end(self, processes: Mapping[str, subprocess.Popen[bytes]]) -> None:
        for process in processes.values():
            process.terminate()
        began, is_said = time.monotonic(), False
        while names := [name for name, process in processes.items() if process.poll() is None]:
            waited_s = time.monotonic() - began
            if not is_said and waited_s > QUIET_S:
                is_said = True
                logger.info(WAITING, " and ".join(names), self._patience_s)
            if self._in_a_hurry or waited_s > self._patience_s:
                for process in processes.values():
                    process.kill()
            time.sleep(POLL_S / 5)


def _describe(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
