from __future__ import annotations

import time

from worker.loop.reporter import PUBLISH_S, ProgressReporter
from worker.queue.contracts.state import Progress


def test_loading_is_no_part_of_the_rate() -> None:
    published: list[Progress] = []
    report = ProgressReporter(lambda: None, published.append)
    report("loading", 0, 0)
    time.sleep(3 * PUBLISH_S)
    report("rise: map", 10, 100)
    time.sleep(PUBLISH_S)
    report("rise: map", 60, 100)
    assert [(progress.done, progress.total) for progress in published] == [(0, 0), (10, 100), (60, 100)]
    assert [progress.eta_s for progress in published[:2]] == [None, None]
    assert published[-1].eta_s is not None
    assert (
        0.8 * PUBLISH_S <= published[-1].eta_s < 2 * PUBLISH_S
    )  # 50 forwards in PUBLISH_S; from the beginning it would be 2.7
