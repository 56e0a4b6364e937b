"""What jobs leave behind: results as deflated JSON, maps as small arrays; for a time."""

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

from worker import keys

SLACK_S = 600  # results outlive the jobs that promise them


@dataclass(frozen=True)
class Results:
    """The results."""

    redis: Redis
    ttl_s: int

    def put(self, job_id: str, document: Mapping[str, Any]) -> None:
        """Store a result in place of the former one."""
        data = zlib.compress(json.dumps(document, ensure_ascii=False, allow_nan=False).encode())
        self.redis.set(keys.result(job_id), data, ex=self.ttl_s + SLACK_S)

    def get(self, job_id: str) -> dict[str, Any] | None:
        """Return a result, if it is there."""
        data: Any = self.redis.get(keys.result(job_id))
        return read_result(data)

    def put_maps(self, job_id: str, maps: Mapping[str, NDArray[np.float32]]) -> None:
        """Store saliency maps (H, W) by method, to three digits: for pictures, not for further computation."""
        file = io.BytesIO()
        arrays: dict[str, Any] = {name: saliency.astype(np.float16) for name, saliency in maps.items()}
        np.savez_compressed(file, **arrays)
        self.redis.set(keys.maps(job_id), file.getvalue(), ex=self.ttl_s + SLACK_S)

    def maps(self, job_id: str) -> dict[str, NDArray[np.float32]] | None:
        """Return the saliency maps (H, W) by method, if they are there."""
        data: Any = self.redis.get(keys.maps(job_id))
        if data is None:
            return None
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {name: file[name].astype(np.float32) for name in file.files}

    def delete(self, job_id: str) -> None:
        """Erase result and maps."""
        self.redis.delete(keys.result(job_id), keys.maps(job_id))


def read_result(data: bytes | None) -> dict[str, Any] | None:
    """Undo the deflation."""
    return None if data is None else dict(json.loads(zlib.decompress(data)))
