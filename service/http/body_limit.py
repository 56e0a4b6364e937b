"""The bound on request bodies, and a proper end for answers that come before the body has been read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import BodyTooLarge

LINGER_S = 10.0  # how long the rest of an unwanted body is read and thrown away


class BodyLimit:
    """ASGI middleware: reading a body of more than `max_bytes` raises BodyTooLarge in the application.

    Paths in `larger` have a bound of their own.

    A Content-Length over the limit raises at the first read, before any byte of the body; a chunked body when
    its count passes the limit. An answer that starts before the body was read closes the connection, and its
    end waits while the rest of the body is thrown away: a client that writes all before it reads would
    otherwise see a reset connection in place of the answer.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, larger: Mapping[str, int] | None = None) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = dict(scope["headers"]) if scope["type"] == "http" else {}
        if b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0":
            max_bytes = self._larger.get(scope.get("path", ""), self._max_bytes)
            body = _BoundedBody(headers, receive, send, max_bytes=max_bytes)
            await self._app(scope, body.receive, body.send)
        else:
            await self._app(scope, receive, send)


class _BoundedBody:
    """The body of one request: what was read of it, and what is still to come."""

    def __init__(self, headers: dict[bytes, bytes], receive: Receive, send: Send, *, max_bytes: int) -> None:
        self._receive = receive
        self._send = send
        self._max_bytes = max_bytes
        self._declared_bytes = int(headers.get(b"content-length", b"0"))
        self._read_bytes = 0
        self._complete = False
        self._withheld = headers.get(b"expect", b"").lower() == b"100-continue"  # not sent until asked for

    async def receive(self) -> Message:
        """Give the next piece of the body.

        Raises:
            BodyTooLarge: it has more bytes than allowed.
        """
        if self._declared_bytes > self._max_bytes:
            raise BodyTooLarge(f"the body has {self._declared_bytes} bytes, {self._max_bytes} are allowed")
        message = await self._next()
        if self._read_bytes > self._max_bytes:
            raise BodyTooLarge(f"the body has more than the {self._max_bytes} bytes allowed")
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on; hold its end back until the client can have seen it."""
        if self._complete:
            await self._send(message)
        elif message["type"] == "http.response.start":
            await self._send({**message, "headers": [*message["headers"], (b"connection", b"close")]})
        elif message.get("more_body", False) or self._withheld:
            await self._send(message)
        else:
            await self._send({**message, "more_body": True})
            await self._discard_rest()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _next(self) -> Message:
        self._withheld = False
        message = await self._receive()
        self._complete = message["type"] != "http.request" or not message.get("more_body", False)
        self._read_bytes += len(message.get("body", b""))
        return message

    async def _discard_rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while not self._complete:
                    await self._next()
