"""The outermost layer: headers of every answer, whoever made it."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A route that says otherwise, as the page does of its policy, is left alone.
DEFAULTS = {
    b"x-content-type-options": b"nosniff",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"x-frame-options": b"DENY",  # for browsers that do not read the policy
    b"referrer-policy": b"no-referrer",  # ids of jobs are in addresses
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-site",
}


class AnswerHeaders:
    """ASGI middleware: security headers, and what a key may still ask."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                missing = [header for header in DEFAULTS.items() if header[0] not in there]
                allowance = state.get("allowance")
                message["headers"] = [*message["headers"], *missing, *(allowance.headers if allowance else [])]
            await send(message)

        await self._app(scope, receive, send_with_headers)
