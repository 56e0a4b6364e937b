from __future__ import annotations

import pytest

from service.errors import QueueFull
from service.http.admission import Admission


def test_a_full_queue_says_when_those_waiting_will_be_done() -> None:
    admission = Admission(slots=3, seconds_per_request=lambda: 1.5)
    with admission.slot(), admission.slot(), admission.slot():
        with pytest.raises(QueueFull) as refused, admission.slot():
            pass
        assert refused.value.retry_after_s == 5  # 3 images x 1.5 s = 4.5 s
    assert admission.taken == 0


def test_retry_after_is_at_least_a_second() -> None:
    assert Admission(slots=1, seconds_per_request=lambda: 0.001).retry_after_s() == 1


def test_an_error_frees_the_slot() -> None:
    admission = Admission(slots=1, seconds_per_request=lambda: 1.0)
    with pytest.raises(ZeroDivisionError), admission.slot():
        _ = 1 / 0
    assert admission.taken == 0
