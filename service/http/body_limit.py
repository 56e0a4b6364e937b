"""Limit on the size of request bodies, and an orderly end of answers sent before the body was read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import BodyTooLarge

LINGER_S = 10.0  # how long the rest of an unwanted body is read and discarded


class BodyLimit:
    """ASGI middleware: reading a body of more than `max_bytes` raises BodyTooLarge in the application.

    Paths in `larger` have their own limit.

    A Content-Length above the limit raises at the first read, before any byte of the body; a chunked body raises
    when its byte count exceeds the limit. An answer that starts before the whole body was read closes the
    connection, and its last part waits while the rest of the body is discarded: a client that sends everything
    before it reads would otherwise see a reset connection instead of the answer.
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
    """Body of one request, with a count of the bytes read."""

    def __init__(self, headers: dict[bytes, bytes], receive: Receive, send: Send, *, max_bytes: int) -> None:
        self._receive = receive
        self._send = send
        self._max_bytes = max_bytes
        self._declared_bytes = int(headers.get(b"content-length", b"0"))
        self._read_bytes = 0
        self._complete = False
        self._withheld = headers.get(b"expect", b"").lower() == b"100-continue"  # the client waits before it sends

    async def receive(self) -> Message:
        """Return the next chunk of the body.

        Raises:
            BodyTooLarge: the body exceeds the limit.
        """
        if self._declared_bytes > self._max_bytes:
            raise BodyTooLarge(f"the body has {self._declared_bytes} bytes, {self._max_bytes} are allowed")
        message = await self._next()
        if self._read_bytes > self._max_bytes:
            raise BodyTooLarge(f"the body has more than the {self._max_bytes} bytes allowed")
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on; delay its last part until the body was read or discarded."""
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
