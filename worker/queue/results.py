"""What jobs leave behind: results and single scores as deflated JSON, maps as small arrays; for a time."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from redis import Redis

from worker.queue import names

SLACK_S = 600  # results outlive the jobs that promise them


@dataclass(frozen=True)
class Results:
    """The results."""

    redis: Redis
    ttl_s: int

    def put(self, job_id: str, document: Mapping[str, Any]) -> None:
        """Store a result in place of the former one."""
        with self.redis.pipeline() as pipe:
            pipe.set(names.result(job_id), _deflated(document), ex=self.ttl_s + SLACK_S)
            pipe.delete(names.scores(job_id), names.growing(job_id))  # they are in the result
            pipe.execute()

    def get(self, job_id: str) -> dict[str, Any] | None:
        """Return a result, if it is there."""
        data: Any = self.redis.get(names.result(job_id))
        return read_result(data)

    def begin_scores(self, job_id: str) -> None:
        """Forget the scores of an earlier try."""
        self.redis.delete(names.scores(job_id), names.growing(job_id))

    def add_score(self, job_id: str, method: str, score: Mapping[str, Any]) -> None:
        """Store what is measured before there is a result."""
        with self.redis.pipeline() as pipe:
            pipe.rpush(names.scores(job_id), _deflated({"method": method, "score": score}))
            pipe.expire(names.scores(job_id), self.ttl_s + SLACK_S)
            pipe.delete(names.growing(job_id))  # whose curves are in the score
            pipe.execute()

    def put_growing(self, job_id: str, curves: Mapping[str, Any]) -> None:
        """Store the points of curves that are known while the rest of them is measured."""
        self.redis.set(names.growing(job_id), _deflated(curves), ex=self.ttl_s + SLACK_S)

    def growing(self, job_id: str) -> dict[str, Any] | None:
        """Return the curves that are being measured, if there are any."""
        data: Any = self.redis.get(names.growing(job_id))
        return None if data is None else dict(_inflated(data))

    def scores(self, job_id: str) -> dict[str, list[dict[str, Any]]]:
        """Return the scores that are measured by now, by method, in the form that they have in the result."""
        with self.redis.pipeline() as pipe:  # at one moment: scores go when the result comes
            pipe.get(names.result(job_id))
            pipe.lrange(names.scores(job_id), 0, -1)
            data, entries = pipe.execute()
        if result := read_result(data):
            return {name: method["scores"] for name, method in result["methods"].items()}
        found: dict[str, dict[int, dict[str, Any]]] = {}  # once, if a worker that lost the job measured it too
        for entry in map(_inflated, entries):
            found.setdefault(entry["method"], {})[entry["score"]["patch_size"]] = entry["score"]
        return {name: list(scores.values()) for name, scores in found.items()}

    def put_maps(self, job_id: str, maps: Mapping[str, NDArray[np.float32]]) -> None:
        """Store saliency maps (H, W) by method, to three digits: for pictures, not for further computation."""
        file = io.BytesIO()
        arrays: dict[str, Any] = {name: saliency.astype(np.float16) for name, saliency in maps.items()}
        np.savez_compressed(file, **arrays)
        self.redis.set(names.maps(job_id), file.getvalue(), ex=self.ttl_s + SLACK_S)

    def maps(self, job_id: str) -> dict[str, NDArray[np.float32]] | None:
        """Return the saliency maps (H, W) by method, if they are there."""
        data: Any = self.redis.get(names.maps(job_id))
        if data is None:
            return None
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {name: file[name].astype(np.float32) for name in file.files}

    def delete(self, job_id: str) -> None:
        """Erase all of it."""
        self.redis.delete(names.result(job_id), names.scores(job_id), names.growing(job_id), names.maps(job_id))


def read_result(data: bytes | None) -> dict[str, Any] | None:
    """Undo the deflation."""
    return None if data is None else _inflated(data)


def _deflated(document: Mapping[str, Any]) -> bytes:
    return zlib.compress(json.dumps(document, ensure_ascii=False, allow_nan=False).encode())


def _inflated(data: bytes) -> dict[str, Any]:
    return dict(json.loads(zlib.decompress(data)))
