"""Retention: uploads and records of unfinished jobs and sets do not expire."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rq.utils import as_text

from worker.queue.contracts.evaluation import EvaluationPayload
from worker.queue.store import names
from worker.queue.store.results import SLACK_S
from worker.queue.store.store import Store

RUNS_PER_TTL = 4  # of the shortest TTL, so that a run may be missed
BATCH = 500  # jobs per round trip


@dataclass(frozen=True)
class Retention:
    """Restarts the expiry of what unfinished jobs and sets need."""

    store: Store

    def run(self) -> None:
        """Restart the expiries, unless that was done recently."""
        settings, redis = self.store.settings, self.store.redis
        every_ms = min(settings.upload_ttl_s, settings.result_ttl_s) * 1000 // RUNS_PER_TTL
        if not redis.set(names.RETAINED, "", nx=True, px=every_ms):
            return
        unfinished = sorted(map(as_text, redis.smembers(names.UNFINISHED)))
        for start in range(0, len(unfinished), BATCH):
            self._extend_jobs(unfinished[start : start + BATCH])
        for set_id in map(as_text, redis.smembers(names.SETS_UNFINISHED)):
            self._extend_set(set_id)

    def _extend_jobs(self, job_ids: list[str]) -> None:
        with self.store.redis.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                pipe.hget(names.job(job_id), "payload")
            payloads = pipe.execute()
            self._extend(
                pipe, [key(job_id) for job_id in job_ids for key in (names.job, names.events, names.owners)]
            )
            for payload in filter(None, payloads):
                if json.loads(payload).get("kind") == "evaluation":
                    for digest in EvaluationPayload.model_validate_json(payload).uploads:
                        self.store.blobs.touch(digest, pipe)
            pipe.execute()

    def _extend_set(self, set_id: str) -> None:
        """Extend a set and the owners of all its items, ended or not."""
        item_ids = map(as_text, self.store.redis.lrange(names.items(set_id), 0, -1))
        with self.store.redis.pipeline(transaction=False) as pipe:
            self._extend(pipe, [names.job(set_id), names.events(set_id), names.items(set_id)])
            self._extend(pipe, [names.pending(set_id), names.result(set_id)])
            self._extend(pipe, map(names.owners, item_ids))
            pipe.execute()

    def _extend(self, pipe: Any, keys: Iterable[str]) -> None:
        for key in keys:
            pipe.expire(key, self.store.settings.result_ttl_s + SLACK_S)
