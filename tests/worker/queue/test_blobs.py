from __future__ import annotations

import hashlib

import pytest
from redis import Redis

from worker.queue.errors import UploadMissing
from worker.queue.store.blobs import Blobs

TTL_S = 1000
PICTURE = b"a picture"
DIGEST = hashlib.sha256(PICTURE).hexdigest()


@pytest.fixture
def blobs(redis: Redis) -> Blobs:
    return Blobs(redis, TTL_S)


def hold(blobs: Blobs, job_id: str, data: bytes | None = None) -> None:
    with blobs.redis.pipeline() as pipe:
        blobs.hold(pipe, DIGEST, job_id, data)
        pipe.execute()


def test_are_known_by_their_content(blobs: Blobs) -> None:
    hold(blobs, "one", PICTURE)
    assert blobs.get(DIGEST) == PICTURE


def test_have_a_time(blobs: Blobs) -> None:
    hold(blobs, "one", PICTURE)
    blobs.redis.expire(f"labn:blob:{DIGEST}", 5)
    with blobs.redis.pipeline() as pipe:
        blobs.touch(DIGEST, pipe)
        pipe.execute()
    assert TTL_S - 5 < blobs.redis.ttl(f"labn:blob:{DIGEST}") <= TTL_S


def test_missing_ones_are_named(blobs: Blobs) -> None:
    with pytest.raises(UploadMissing, match=DIGEST[:12]):
        blobs.get(DIGEST)


def test_are_erased_with_the_last_job_that_needs_them(blobs: Blobs) -> None:
    hold(blobs, "one", PICTURE)
    hold(blobs, "two")
    assert not blobs.release(DIGEST, "one")
    assert blobs.get(DIGEST) == PICTURE
    assert blobs.release(DIGEST, "two")
    assert blobs.redis.dbsize() == 0


def test_a_job_that_never_needed_them_takes_nothing(blobs: Blobs) -> None:
    hold(blobs, "one", PICTURE)
    assert not blobs.release(DIGEST, "two")
    assert blobs.get(DIGEST) == PICTURE
