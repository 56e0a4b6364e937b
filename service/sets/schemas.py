"""Documents of /v1/evaluation-sets, beside those that the queue defines."""

from __future__ import annotations

from service.http.documents import Document
from worker.queue.contracts.sets import SetItemState, SetState


class SetsAnswer(Document):
    """Page of sets without their results, newest first."""

    sets: list[SetState]
    next_cursor: int | None


class SetItemsAnswer(Document):
    """Page of a set's images, in the set's order. Each result is at /v1/evaluations/{id}."""

    items: list[SetItemState]
    next_cursor: int | None
