"""Results of jobs, with expiry: results and scores as deflated JSON, saliency maps as npz."""

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

from worker.queue.store import names

SLACK_S = 600  # results outlive the job records that refer to them


@dataclass(frozen=True)
class Results:
    """Results, partial results and maps by job id."""

    redis: Redis
    ttl_s: int

    def put(self, job_id: str, document: Mapping[str, Any]) -> None:
        """Store a result, replacing an earlier one and the partial results."""
        with self.redis.pipeline() as pipe:
            pipe.set(names.result(job_id), _deflated(document), ex=self.ttl_s + SLACK_S)
            pipe.delete(names.scores(job_id), names.partial_curves(job_id))
            pipe.execute()

    def get(self, job_id: str) -> dict[str, Any] | None:
        """Return a result, if stored."""
        data: Any = self.redis.get(names.result(job_id))
        return read_result(data)

    def begin_scores(self, job_id: str) -> None:
        """Delete the partial results of an earlier attempt."""
        self.redis.delete(names.scores(job_id), names.partial_curves(job_id))

    def add_score(self, job_id: str, method: str, score: Mapping[str, Any]) -> None:
        """Append a score that was measured before the result is complete."""
        with self.redis.pipeline() as pipe:
            pipe.rpush(names.scores(job_id), _deflated({"method": method, "score": score}))
            pipe.expire(names.scores(job_id), self.ttl_s + SLACK_S)
            pipe.delete(names.partial_curves(job_id))  # the score contains the whole curves
            pipe.execute()

    def put_partial_curves(self, job_id: str, curves: Mapping[str, Any]) -> None:
        """Store the known points of the curves being measured."""
        self.redis.set(names.partial_curves(job_id), _deflated(curves), ex=self.ttl_s + SLACK_S)

    def partial_curves(self, job_id: str) -> dict[str, Any] | None:
        """Return the known points of the curves being measured, if any."""
        data: Any = self.redis.get(names.partial_curves(job_id))
        return None if data is None else dict(_inflated(data))

    def scores(self, job_id: str) -> dict[str, list[dict[str, Any]]]:
        """Return the scores measured so far by method, in the format of the result."""
        with self.redis.pipeline() as pipe:  # one transaction: scores are deleted when the result is stored
            pipe.get(names.result(job_id))
            pipe.lrange(names.scores(job_id), 0, -1)
            data, entries = pipe.execute()
        if result := read_result(data):
            return {name: method["scores"] for name, method in result["methods"].items()}
        found: dict[
            str, dict[int, dict[str, Any]]
        ] = {}  # once each: a worker that lost the job may have added it too
        for entry in map(_inflated, entries):
            found.setdefault(entry["method"], {})[entry["score"]["patch_size"]] = entry["score"]
        return {name: list(scores.values()) for name, scores in found.items()}

    def put_maps(self, job_id: str, maps: Mapping[str, NDArray[np.float32]]) -> None:
        """Store saliency maps (H, W) by method as float16: precise enough to draw, not to compute with."""
        file = io.BytesIO()
        arrays: dict[str, Any] = {name: saliency.astype(np.float16) for name, saliency in maps.items()}
        np.savez_compressed(file, **arrays)
        self.redis.set(names.maps(job_id), file.getvalue(), ex=self.ttl_s + SLACK_S)

    def maps(self, job_id: str) -> dict[str, NDArray[np.float32]] | None:
        """Return saliency maps (H, W) by method, if stored."""
        data: Any = self.redis.get(names.maps(job_id))
        if data is None:
            return None
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {name: file[name].astype(np.float32) for name in file.files}


def read_result(data: bytes | None) -> dict[str, Any] | None:
    """Decode a stored result."""
    return None if data is None else _inflated(data)


def _deflated(document: Mapping[str, Any]) -> bytes:
    return zlib.compress(json.dumps(document, ensure_ascii=False, allow_nan=False).encode())


def _inflated(data: bytes) -> dict[str, Any]:
    return dict(json.loads(zlib.decompress(data)))
