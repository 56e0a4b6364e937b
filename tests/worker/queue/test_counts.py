from __future__ import annotations

from datetime import UTC, datetime, timedelta

from worker.queue.contracts.state import Status
from worker.queue.sets.counts import Counts, progress_of

BEGAN_S = 10  # before now


def counts(**given: int) -> Counts:
    none: dict[Status, int] = {"queued": 0, "running": 0, "succeeded": 0, "failed": 0, "cancelled": 0}
    return {status: given.get(status, 0) for status in none}


def eta_s(status: Status = "running", **given: int) -> float | None:
    began = datetime.now(UTC) - timedelta(seconds=BEGAN_S)
    return progress_of(counts(**given), status, began.isoformat()).eta_s


def test_the_rest_takes_as_long_as_what_was_evaluated() -> None:
    found = eta_s(queued=4, running=1, succeeded=1, failed=1)
    assert found is not None
    assert 25 <= found < 30  # 5 s per image
    assert found == round(found, 1)


def test_what_was_cancelled_took_no_time() -> None:
    found = eta_s(queued=5, succeeded=1, cancelled=94)
    assert found is not None
    assert 50 <= found < 60


def test_nothing_is_foreseen_before_the_first_and_behind_the_last() -> None:
    assert eta_s(queued=5) is None
    assert eta_s(succeeded=4, failed=1) is None
    assert eta_s("cancelled", queued=1, succeeded=4) is None
    assert eta_s("succeeded", succeeded=4) == 0.0
