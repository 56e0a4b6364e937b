"""Uploads by sha256, with expiry. Deleted with the last job that needs them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import WatchError
from rq.utils import as_text

from worker.queue.errors import UploadMissing
from worker.queue.store import names


@dataclass(frozen=True)
class Blobs:
    """Uploads and the ids of the jobs that need them."""

    redis: Redis
    ttl_s: int

    def get(self, digest: str) -> bytes:
        """Return an upload.

        Raises:
            UploadMissing: it has expired or was deleted.
        """
        data: Any = self.redis.get(names.blob(digest))
        if data is None:
            raise UploadMissing(f"upload {digest[:12]}… is no longer stored: send it again")
        return bytes(data)

    def touch(self, digest: str, pipe: Any) -> None:
        """Within a pipeline: restart the expiry of an upload."""
        pipe.expire(names.blob(digest), self.ttl_s)
        pipe.expire(names.blob_users(digest), self.ttl_s)

    def hold(self, pipe: Any, digest: str, job_id: str, data: bytes | None) -> None:
        """Within a transaction: register a job as user of an upload, and store the upload if given."""
        if data is not None:
            pipe.set(names.blob(digest), data)
        pipe.sadd(names.blob_users(digest), job_id)
        self.touch(digest, pipe)

    def release(self, digest: str, job_id: str) -> bool:
        """Unregister a job as user of an upload.

        Returns:
            whether the upload was deleted, having no other user.
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
                except WatchError:  # another job was registered or unregistered meanwhile
                    continue
                return not others


def sha256(data: bytes) -> str:
    """Return the sha256 in hex, under which an upload is stored."""
    return hashlib.sha256(data).hexdigest()
