from __future__ import annotations

import time

from worker.loop.reporter import TELL_S, Reporter
from worker.queue.contracts.state import Progress


class OwnJob:
    """A lease that nobody disputes."""

    def check(self) -> None:
        """The job stays."""


def test_loading_is_no_part_of_the_rate() -> None:
    told: list[Progress] = []
    report = Reporter(OwnJob(), told.append)
    report("loading", 0, 0)
    time.sleep(3 * TELL_S)
    report("rise: map", 10, 100)
    time.sleep(TELL_S)
    report("rise: map", 60, 100)
    assert [(progress.done, progress.total) for progress in told] == [(0, 0), (10, 100), (60, 100)]
    assert [progress.eta_s for progress in told[:2]] == [None, None]
    assert told[-1].eta_s is not None
    assert 0.8 * TELL_S <= told[-1].eta_s < 2 * TELL_S  # 50 forwards in TELL_S; from the beginning it would be 2.7
