"""Watch a job through broken connections and restarts of the service."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx

from service.client.connection import PAUSE_S, Connection
from service.client.event_stream import read_events

State = dict[str, Any]  # the body of GET /v1/evaluations/{id}
FINISHED = {"succeeded", "failed", "cancelled"}
SILENCE_S = 30.0  # longest silence of a stream; the service sends heartbeats more often
NO_STREAM = {404, 405, 406, 501}


def is_finished(state: State) -> bool:
    """Return whether a job has ended."""
    return state["status"] in FINISHED


class Watch:
    """Iterable of the states of one job."""

    def __init__(self, connection: Connection, path: str) -> None:
        self._connection = connection
        self._path = path
        self._last_id = ""
        self._can_stream = True

    def __iter__(self) -> Iterator[State]:
        """Yield states, the final one last.

        Reads server-sent events; if the stream is unavailable or breaks, polls as Retry-After says, until the
        stream continues after the last event received.

        Raises:
            Refused: no such job.
            Unreachable: no answer within the client's patience.
        """
        while True:
            for state in self._streamed():
                yield state
                if is_finished(state):
                    return
            response = self._connection.request("GET", self._path, outlast_restart=True)
            state = response.json()
            yield state
            if is_finished(state):
                return
            time.sleep(PAUSE_S if self._can_stream else float(response.headers.get("Retry-After", PAUSE_S)))

    def _streamed(self) -> Iterator[State]:
        """Yield the states of the stream until it ends or breaks."""
        if not self._can_stream:
            return
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": self._last_id} if self._last_id else {})
        with (
            suppress(httpx.TransportError),
            self._connection.stream(f"{self._path}/events", headers=headers, silence_s=SILENCE_S) as response,
        ):
            self._can_stream = response.status_code not in NO_STREAM
            if response.status_code == httpx.codes.OK:
                for event in read_events(response.iter_bytes()):
                    self._last_id = event.id
                    yield json.loads(event.data)
