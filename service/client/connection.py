"""HTTP connection of the client: one connection pool, and retries while the service is busy."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from service.client.errors import Refused, Unreachable

LATER = {429, 503}  # the same request will succeed later
IN_BETWEEN = {502, 504}  # a proxy's answers while the service restarts
PAUSE_S = 1.0  # without Retry-After
TIMEOUT = httpx.Timeout(10.0, read=120.0, write=120.0)

logger = logging.getLogger("labn.client")


class Connection:
    """The service at one address."""

    def __init__(self, url: str, *, api_key: str | None, patience_s: float) -> None:
        headers = {"X-API-Key": api_key} if api_key else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT)
        self._url = url
        self._patience_s = patience_s

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def request(self, method: str, path: str, *, outlast_restart: bool = False, **options: Any) -> httpx.Response:
        """Send a request; while the service is busy, retry after `Retry-After`, for at most `patience_s`.

        Args:
            method: HTTP method.
            path: relative to the service's address.
            outlast_restart: also retry while nothing answers.
            options: httpx's.

        Raises:
            Refused: the service answered with an error.
            Unreachable: no answer.
        """
        deadline = time.monotonic() + self._patience_s
        while True:
            failure: Refused | Unreachable
            try:
                response = self._http.request(method, path, **options)
                if response.is_success:
                    return response
                failure = Refused(response)
                is_passing = failure.status in LATER or (outlast_restart and failure.status in IN_BETWEEN)
            except httpx.TransportError as error:
                failure = Unreachable(f"no answer from {self._url}: {error or type(error).__name__}")
                is_passing = outlast_restart
            if not is_passing or time.monotonic() + pause_after(failure) > deadline:
                raise failure
            wait_for(failure)

    @contextmanager
    def stream(self, path: str, *, headers: dict[str, str], silence_s: float) -> Iterator[httpx.Response]:
        """Open a streamed response.

        Raises:
            TransportError: httpx's, where the connection breaks or is silent for too long.
        """
        with self._http.stream(
            "GET", path, headers=headers, timeout=httpx.Timeout(10.0, read=silence_s)
        ) as response:
            yield response


def pause_after(failure: Refused | Unreachable) -> float:
    """Return how long to wait before the same request is tried again, in seconds."""
    return (isinstance(failure, Refused) and failure.retry_after_s) or PAUSE_S


def wait_for(failure: Refused | Unreachable) -> None:
    """Wait before the next try, and log why; a warning, shown on stderr by default, if the wait is long."""
    pause_s = pause_after(failure)
    level = logging.WARNING if pause_s > PAUSE_S else logging.DEBUG
    logger.log(level, "%s; trying again in %.0f s", failure, pause_s)
    time.sleep(pause_s)
