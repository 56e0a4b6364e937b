"""Server-sent events of jobs (HTML standard, section 9.2). Each event holds the newest state of the job."""

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

POLL_S = 0.1  # between two polls of a watched job
AWAY_S = 1.0  # between two polls while Redis is away
WAKE_S = 1.0  # between two checks for the end of the process
HEARTBEAT_S = 15.0  # proxies close connections that are silent for a minute
RETRY_MS = 2000  # pause of a client before it reconnects
THREADS = 2
MOST_WATCHERS = 512
FULL_RETRY_S = 10

logger = logging.getLogger("labn.events")


class JobEvent(Protocol):
    """Event of a job or set, with the state at that time."""

    @property
    def id(self) -> str:
        """Position in the stream, for Last-Event-ID."""
        ...

    @property
    def state(self) -> State:
        """State of the job."""
        ...


NextEvent = Callable[[str], JobEvent | None]  # returns the newest event after the given id


class EventStreams:
    """Polls watched jobs on behalf of all their clients: one task per job, a thread only during a poll.

    Used by the event loop's thread only.
    """

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._topics: dict[Hashable, _Topic] = {}
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="labn-events")

    @property
    def watchers(self) -> int:
        """Number of clients with an open stream."""
        return sum(topic.watchers for topic in self._topics.values())

    def require_slot(self) -> None:
        """Check that one more client may open a stream.

        Raises:
            QueueFull: too many streams are open.
        """
        if self.watchers >= MOST_WATCHERS:
            raise QueueFull(f"{MOST_WATCHERS} event streams are open already", retry_after_s=FULL_RETRY_S)

    def stop(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def stream(self, job: Hashable, next_event: NextEvent, *, seen: str) -> AsyncIterator[bytes]:
        """Yield a job's events after the one that the client has `seen`, up to its last one.

        Ends early when the process drains: the client reconnects to another process and continues there.
        """
        topic = self._join(job, next_event)
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

    def _join(self, job: Hashable, next_event: NextEvent) -> _Topic:
        topic = self._topics.get(job)
        if topic is None:
            topic = self._topics[job] = _Topic(next_event, self._pool)
        topic.watchers += 1
        return topic

    def _leave(self, job: Hashable, topic: _Topic) -> None:
        topic.watchers -= 1
        if not topic.watchers:
            topic.task.cancel()
            self._topics.pop(job, None)


class _Topic:
    """One watched job."""

    def __init__(self, next_event: NextEvent, pool: ThreadPoolExecutor) -> None:
        self.watchers = 0
        self.newest: JobEvent | None = None
        self.message = b""  # `newest` as bytes of the stream
        self.is_gone = False  # the job has expired
        self.changed = asyncio.Event()  # set at the next change, then replaced
        self.task = asyncio.create_task(self._follow(next_event, pool))

    async def _follow(self, next_event: NextEvent, pool: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while not self.is_gone:
            try:
                event = await loop.run_in_executor(pool, next_event, self.newest.id if self.newest else "0")
            except AWAY:
                await asyncio.sleep(AWAY_S)
                continue
            except UnknownJob:
                self.is_gone, event = True, None
            except Exception:  # the stream ends, and clients may reconnect
                logger.exception("cannot watch a job")
                self.is_gone, event = True, None
            if event:
                self.newest = event
                self.message = f"id: {event.id}\ndata: {event.state.model_dump_json()}\n\n".encode()
            if event or self.is_gone:
                self.changed.set()
                self.changed = asyncio.Event()
            await asyncio.sleep(POLL_S)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
