"""Idempotency keys: a client's key stands for one request, for a day."""

from __future__ import annotations

import hashlib

from redis import Redis
from rq.utils import as_text

from worker.queue.errors import KeyReused
from worker.queue.settings import DAY_S
from worker.queue.store import names


def claim_key(redis: Redis, idempotency_key: str | None, job_id: str) -> None:
    """Bind a key to a request; does nothing without a key.

    Raises:
        KeyReused: the key is bound to another request.
    """
    if not idempotency_key:
        return
    key = names.idempotency(hashlib.sha256(idempotency_key.encode()).hexdigest())  # hashed: of any length
    if redis.set(key, job_id, nx=True, ex=DAY_S):
        return
    if as_text(redis.get(key) or job_id) != job_id:
        raise KeyReused("this idempotency key was already used for another request")
