"""Server-sent events of jobs (HTML standard, section 9.2): each says where the job stands, the newest only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from service.errors import QueueFull
from service.lifecycle import Lifecycle, Phase
from worker.queue.contracts.state import State
from worker.queue.errors import AWAY, UnknownJob

LOOK_S = 0.1  # between two looks at a job that is watched
AWAY_S = 1.0  # between two looks while Redis is away
WAKE_S = 1.0  # how long the end of the process may stay unseen
HEARTBEAT_S = 15.0  # proxies cut what is silent for a minute
RETRY_MS = 2000  # after which a client that lost its stream comes back
THREADS = 2
MOST_WATCHERS = 512
FULL_RETRY_S = 10

logger = logging.getLogger("labn.events")


class JobEvent(Protocol):
    """Something new of a job or set: the state at that time."""

    @property
    def id(self) -> str:
        """To go on behind it."""
        ...

    @property
    def state(self) -> State:
        """Where the job stands."""
        ...


Look = Callable[[str], JobEvent | None]  # the newest event behind one of that id


class EventStreams:
    """Looks at jobs for all who watch: one task a job, and a thread only while it looks.

    Belongs to the event loop's thread.
    """

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._topics: dict[Hashable, _Topic] = {}
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="labn-events")

    @property
    def watchers(self) -> int:
        """How many clients watch."""
        return sum(topic.watchers for topic in self._topics.values())

    def require_place(self) -> None:
        """Let one more watch.

        Raises:
            QueueFull: too many do.
        """
        if self.watchers >= MOST_WATCHERS:
            raise QueueFull(f"{MOST_WATCHERS} clients watch already", retry_after_s=FULL_RETRY_S)

    def stop(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def stream(self, job: Hashable, look: Look, *, seen: str) -> AsyncIterator[bytes]:
        """Yield a job's events behind the one that the client has `seen`, up to the one of its end.

        Ends early when the process does: the client comes back to another one, and goes on there.
        """
        topic = self._join(job, look)
        try:
            yield f"retry: {RETRY_MS}\n\n".encode()
            silent_s = 0.0
            while not topic.is_gone and self._lifecycle.phase is not Phase.DRAINING:
                changed, newest = topic.changed, topic.newest
                if newest and newest.id != seen:
                    yield topic.message
                    seen, silent_s = newest.id, 0.0
                if newest and newest.state.is_ended:
                    return
                if silent_s >= HEARTBEAT_S:
                    yield b": still here\n\n"
                    silent_s = 0.0
                if not await _within(changed, WAKE_S):
                    silent_s += WAKE_S
        finally:
            self._leave(job, topic)

    def _join(self, job: Hashable, look: Look) -> _Topic:
        topic = self._topics.get(job)
        if topic is None:
            topic = self._topics[job] = _Topic(look, self._pool)
        topic.watchers += 1
        return topic

    def _leave(self, job: Hashable, topic: _Topic) -> None:
        topic.watchers -= 1
        if not topic.watchers:
            topic.task.cancel()
            self._topics.pop(job, None)


class _Topic:
    """One job that is watched."""

    def __init__(self, look: Look, pool: ThreadPoolExecutor) -> None:
        self.watchers = 0
        self.newest: JobEvent | None = None
        self.message = b""  # that tells of it
        self.is_gone = False  # the job's time is over
        self.changed = asyncio.Event()  # set at the next change, and then another one
        self.task = asyncio.create_task(self._follow(look, pool))

    async def _follow(self, look: Look, pool: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while not self.is_gone:
            try:
                event = await loop.run_in_executor(pool, look, self.newest.id if self.newest else "0")
            except AWAY:
                await asyncio.sleep(AWAY_S)
                continue
            except UnknownJob:
                self.is_gone, event = True, None
            except Exception:  # whoever watches is told by the end of the stream, and may ask again
                logger.exception("a job cannot be watched")
                self.is_gone, event = True, None
            if event:
                self.newest = event
                self.message = f"id: {event.id}\ndata: {event.state.model_dump_json()}\n\n".encode()
            if event or self.is_gone:
                self.changed.set()
                self.changed = asyncio.Event()
            await asyncio.sleep(LOOK_S)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
