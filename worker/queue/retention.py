"""What waits keeps what it needs: no upload, and no part of a set, is forgotten before its jobs have ended."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rq.utils import as_text

from worker.queue import names
from worker.queue.contracts.evaluation import EvaluationPayload
from worker.queue.results import SLACK_S

if TYPE_CHECKING:
    from worker.queue.evaluations import JobQueue

ROUNDS_A_TIME = 4  # within the shortest time that anything is kept: a round may be missed
AT_ONCE = 500  # jobs in one answer of Redis


@dataclass(frozen=True)
class Upkeep:
    """Lets the time of what unfinished jobs and sets need begin again."""

    queue: JobQueue

    def run(self) -> None:
        """Do so, unless it was done a short while ago."""
        settings = self.queue.settings
        every_ms = min(settings.upload_ttl_s, settings.result_ttl_s) * 1000 // ROUNDS_A_TIME
        if not self.queue.redis.set(names.KEPT_UP, "", nx=True, px=every_ms):
            return
        waiting = sorted(map(as_text, self.queue.redis.smembers(names.UNFINISHED)))
        for start in range(0, len(waiting), AT_ONCE):
            self._keep_jobs(waiting[start : start + AT_ONCE])
        for set_id in map(as_text, self.queue.redis.smembers(names.SETS_UNFINISHED)):
            self._keep_set(set_id)

    def _keep_jobs(self, job_ids: list[str]) -> None:
        with self.queue.redis.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                pipe.hget(names.job(job_id), "payload")
            payloads = pipe.execute()
            self._prolong(
                pipe, [key(job_id) for job_id in job_ids for key in (names.job, names.events, names.owners)]
            )
            for payload in filter(None, payloads):
                if json.loads(payload).get("kind") == "evaluation":
                    for digest in EvaluationPayload.model_validate_json(payload).uploads:
                        self.queue.blobs.touch(digest, pipe)
            pipe.execute()

    def _keep_set(self, set_id: str) -> None:
        """Keep a set and what says whose its images are, whether they have ended or not."""
        item_ids = map(as_text, self.queue.redis.lrange(names.items(set_id), 0, -1))
        with self.queue.redis.pipeline(transaction=False) as pipe:
            self._prolong(pipe, [names.job(set_id), names.events(set_id), names.items(set_id)])
            self._prolong(pipe, [names.pending(set_id), names.result(set_id)])
            self._prolong(pipe, map(names.owners, item_ids))
            pipe.execute()

    def _prolong(self, pipe: Any, names: Iterable[str]) -> None:
        for name in names:
            pipe.expire(name, self.queue.settings.result_ttl_s + SLACK_S)
