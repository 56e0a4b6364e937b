"""Evaluations as a client sees them: submitted over HTTP, watched through server-sent events to their ends."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import perf_counter

from benchmarks.bare_evaluation import Parameters
from service.client import Client, Job
from service.client.event_stream import Event, read_events
from service.client.watch import SILENCE_S, State, is_finished

SHORT: Parameters = {"methods": ["attention"], "patch_sizes": [112], "blank": "blur"}  # some ten images to show


@dataclass(frozen=True, kw_only=True)
class JobRun:
    """What it took."""

    submit_s: float  # until the id was there
    wall_s: float  # until the result was
    delays_s: list[float]  # of events, from the entry in Redis to the client, to a millisecond


class Jobs:
    """Evaluations of one picture, no two of which are the same."""

    def __init__(self, client: Client, picture: Path) -> None:
        self.picture = picture
        self._client = client
        self._seeds = count()

    def submit(self, model: str, parameters: Parameters) -> Job:
        """Ask for one."""
        return self._client.submit(self.picture, model=model, **parameters, seed=next(self._seeds))

    def run(self, model: str, parameters: Parameters) -> JobRun:
        """Ask for one and wait for its result.

        Raises:
            RuntimeError: it has none.
        """
        started = perf_counter()
        job = self.submit(model, parameters)
        submitted = perf_counter()
        delays, last = _watch(job)
        ended = perf_counter()
        if last["status"] != "succeeded":
            raise RuntimeError(f"evaluation {job.id} {last['status']}: {last['error']}")
        return JobRun(submit_s=submitted - started, wall_s=ended - started, delays_s=delays)


def wait_until_running(job: Job) -> None:
    """Return when a worker is in the midst of the job.

    Raises:
        RuntimeError: it has ended already.
    """
    for state in job.watch():
        if is_finished(state):
            raise RuntimeError(f"evaluation {job.id} {state['status']} too early")
        if state["progress"]["done"]:
            return


def _watch(job: Job) -> tuple[list[float], State]:
    """Return the delays of the events that came after the stream was open, and the last state."""
    delays: list[float] = []
    state: State = {"status": "not known", "error": "its stream broke off"}
    for event, since in _events(job):
        arrived, written = time.time(), int(event.id.partition("-")[0]) / 1000
        if written > since:
            delays.append(arrived - written)
        state = json.loads(event.data)
        if is_finished(state):
            break
    return delays, state


def _events(job: Job) -> Iterator[tuple[Event, float]]:
    """Yield events, each with the time when their stream was open."""
    headers = {"Accept": "text/event-stream"}
    with job.connection.stream(f"{job.path}/events", headers=headers, silence_s=SILENCE_S) as response:
        since = time.time()
        for event in read_events(response.iter_bytes()):
            yield event, since
