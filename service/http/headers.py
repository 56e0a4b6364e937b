"""Security headers and rate limit headers of every answer."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A route may set its own value, as the page does for its content security policy.
DEFAULTS = {
    b"x-content-type-options": b"nosniff",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"x-frame-options": b"DENY",  # for browsers without support for frame-ancestors
    b"referrer-policy": b"no-referrer",  # addresses contain job ids
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-site",
}


class AnswerHeaders:
    """ASGI middleware: adds the default headers, and those of the key's rate limit (`state["allowance"]`)."""

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
                present = {name.lower() for name, _ in message["headers"]}
                missing = [header for header in DEFAULTS.items() if header[0] not in present]
                allowance = state.get("allowance")
                message["headers"] = [*message["headers"], *missing, *(allowance.headers if allowance else [])]
            await send(message)

        await self._app(scope, receive, send_with_headers)
