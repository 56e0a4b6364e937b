from __future__ import annotations

from worker.loop.reporter import PUBLISH_S, ProgressReporter
from worker.queue.contracts.state import Progress


def test_loading_is_no_part_of_the_rate() -> None:
    published: list[Progress] = []
    times_s = iter((0.0, 3 * PUBLISH_S, 4 * PUBLISH_S))
    report = ProgressReporter(lambda: None, published.append, clock=lambda: next(times_s))
    report("loading", 0, 0)
    report("rise: map", 10, 100)
    report("rise: map", 60, 100)
    assert [(progress.done, progress.total) for progress in published] == [(0, 0), (10, 100), (60, 100)]
    # 50 forwards took PUBLISH_S, so 40 more take 0.8 PUBLISH_S; with the time of loading it would be 2.7
    assert [progress.eta_s for progress in published] == [None, None, 0.8 * PUBLISH_S]
