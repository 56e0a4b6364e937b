"""Uploads in Redis under their sha256, for a time; one that a job needs is not erased with another job."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import WatchError
from rq.utils import as_text

from worker.queue import names
from worker.queue.errors import UploadMissing


@dataclass(frozen=True)
class Blobs:
    """The uploads."""

    redis: Redis
    ttl_s: int

    def put(self, data: bytes) -> str:
        """Store an upload that no job needs yet.

        Returns:
            its sha256 in hex.
        """
        digest = sha256(data)
        self.redis.set(names.blob(digest), data, ex=self.ttl_s)
        return digest

    def get(self, digest: str) -> bytes:
        """Return an upload.

        Raises:
            UploadMissing: its time is over, or it was erased.
        """
        data: Any = self.redis.get(names.blob(digest))
        if data is None:
            raise UploadMissing(f"the upload {digest[:12]}… is no longer there: send it again")
        return bytes(data)

    def exists(self, digest: str) -> bool:
        """Tell whether an upload is there."""
        return bool(self.redis.exists(names.blob(digest)))

    def touch(self, digest: str, pipe: Any) -> None:
        """Within a pipeline: let its time begin again."""
        pipe.expire(names.blob(digest), self.ttl_s)
        pipe.expire(names.blob_users(digest), self.ttl_s)

    def delete(self, digest: str) -> None:
        """Erase an upload, whoever needs it."""
        self.redis.delete(names.blob(digest), names.blob_users(digest))

    def hold(self, pipe: Any, digest: str, job_id: str, data: bytes | None) -> None:
        """Within a transaction: say that a job needs an upload, and store it where it is given."""
        if data is not None:
            pipe.set(names.blob(digest), data)
        pipe.sadd(names.blob_users(digest), job_id)
        self.touch(digest, pipe)

    def release(self, digest: str, job_id: str) -> bool:
        """Say that a job needs an upload no more.

        Returns:
            whether it was erased, since nothing else needs it.
        """
        users = names.blob_users(digest)
        with self.redis.pipeline() as pipe:
            while True:
                try:
                    pipe.watch(users)
                    others = {as_text(user) for user in pipe.smembers(users)} - {job_id}
                    pipe.multi()
                    pipe.srem(users, job_id)
                    if not others:
                        pipe.delete(names.blob(digest), users)
                    pipe.execute()
                except WatchError:  # somebody else began or ended to need it
                    continue
                return not others


def sha256(data: bytes) -> str:
    """Return the digest in hex, by which an upload is known."""
    return hashlib.sha256(data).hexdigest()
