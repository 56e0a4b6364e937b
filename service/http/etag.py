"""Conditional requests: ETag and If-None-Match (RFC 9110, section 13)."""

from __future__ import annotations

import hashlib

from fastapi import Request
from starlette.responses import Response


def answer_with_etag(
    request: Request, body: bytes, media_type: str, headers: dict[str, str] | None = None
) -> Response:
    """Return the body with its ETag, or 304 if the client already has that version."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    known = {entry.strip().removeprefix("W/") for entry in request.headers.get("if-none-match", "").split(",")}
    headers = {"ETag": tag, "Cache-Control": "no-cache", **(headers or {})}  # cacheable, but revalidated each time
    if known & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)
