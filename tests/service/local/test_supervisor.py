"""Processes kept running, and ended in order. The supervisor has a process of its own, for its signals."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.service.live import ROOT, wait_until

DRIVER = """
import logging, sys
from functools import partial
from pathlib import Path
from service.local.child_process import start_child
from service.local.supervisor import ManagedProcess, Supervisor
logging.basicConfig(level=logging.INFO, format="%(message)s")
part = lambda script: ManagedProcess(script, partial(start_child, [sys.executable, "-c", script]))
stages = [[part(script) for script in stage.split("|")] for stage in sys.argv[2:]]
sys.exit(Supervisor(stages, patience_s=float(sys.argv[1])).run())
"""
SAYS_WHEN_IT_ENDS = """
import signal, sys, time
def end(*_):
    time.sleep({pause}); print("{name} ended", file=sys.stderr, flush=True); sys.exit()
signal.signal(signal.SIGTERM, end)
print("{name} up", file=sys.stderr, flush=True)
time.sleep(600)
"""
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
Start = Callable[..., "Driver"]


class Driver:
    """A supervisor of scripts, and what it and they have said."""

    def __init__(self, log: Path, patience_s: float, *stages: str) -> None:
        self._log = log
        command = [sys.executable, "-c", DRIVER, str(patience_s), *stages]
        with log.open("wb") as file:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file)

    def lines(self) -> list[str]:
        return self._log.read_text().splitlines()

    def wait_for(self, line: str, times: int = 1) -> None:
        wait_until(lambda: self.lines().count(line) >= times)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(600)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    drivers: list[Driver] = []

    def start_one(*stages: str, patience_s: float = 60) -> Driver:
        drivers.append(Driver(tmp_path / "log", patience_s, *stages))
        return drivers[-1]

    yield start_one
    for driver in drivers:
        driver.process.kill()
        driver.process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_stage_ends_last(start: Start, number: signal.Signals) -> None:
    slow, quick = (SAYS_WHEN_IT_ENDS.format(name=name, pause=pause) for name, pause in (("slow", 1), ("quick", 0)))
    driver = start(quick, slow)
    driver.wait_for("quick up")
    driver.wait_for("slow up")
    assert driver.end(number) == 0
    assert [line for line in driver.lines() if line.endswith(" ended")] == ["slow ended", "quick ended"]


def test_who_ends_is_started_again_ever_later(start: Start) -> None:
    driver = start("print('here', flush=True)")
    driver.wait_for("here", times=3)
    pauses = [line.rsplit(maxsplit=2)[1] for line in driver.lines() if "restarting" in line]
    assert pauses[:2] == ["0.5", "1.0"]
    assert driver.end() == 0


def test_who_cannot_start_at_all_ends_everything(start: Start) -> None:
    driver = start(
        SAYS_WHEN_IT_ENDS.format(name="other", pause=0), "import time; time.sleep(1); raise SystemExit(2)"
    )
    assert driver.process.wait(600) == 2
    assert "other ended" in driver.lines()


def test_that_status_later_is_a_death_like_another(start: Start, tmp_path: Path) -> None:
    script = (
        f"from pathlib import Path; seen = Path({str(tmp_path / 'seen')!r}); print('here', flush=True);"
        "status = 2 if seen.exists() else 1; seen.touch(); raise SystemExit(status)"
    )
    driver = start(script)
    driver.wait_for("here", times=3)
    assert driver.end() == 0


def test_who_does_not_end_is_killed_when_patience_does(start: Start) -> None:
    driver = start(STUBBORN, patience_s=0.5)
    driver.wait_for("up")
    assert driver.end() == 0


def test_who_waits_for_work_under_way_says_so(start: Start) -> None:
    driver = start(SAYS_WHEN_IT_ENDS.format(name="slow", pause=3), SAYS_WHEN_IT_ENDS.format(name="quick", pause=0))
    driver.wait_for("slow up")
    driver.wait_for("quick up")
    assert driver.end() == 0
    said = [line for line in driver.lines() if "second signal" in line]
    assert len(said) == 1
    assert "60 s at most" in said[0]


def test_a_second_signal_ends_all_at_once(start: Start) -> None:
    driver = start(STUBBORN)
    driver.wait_for("up")
    driver.process.terminate()
    driver.process.terminate()  # make passes the first one on: not yet the second
    with pytest.raises(subprocess.TimeoutExpired):
        driver.process.wait(2)
    assert driver.end() == 0
