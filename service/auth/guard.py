"""Who is let in: a key, what it may do, and how often; where the service has no keys, this machine alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader

from service.auth.key import ApiKey, Scope
from service.dependencies import PartsOfApp
from service.errors import KeysNeeded, MissingScope, RateLimited
from service.http.listener import is_loopback

API_KEY_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, description="One of the service's keys.")

KEYS_NEEDED = "its operator has to make API keys (LABN_API_KEYS_FILE), or to say LABN_OPEN_TO_ALL=true"

SentKey = Annotated[str | None, Depends(API_KEY_HEADER)]


async def require_key(request: Request, parts: PartsOfApp, sent: SentKey) -> None:
    """Let the request in; what the key is stays in the request's state.

    Raises:
        WrongKey: no key, or none of ours.
        RateLimited: the key has asked too often.
    """
    if parts.keys is None:
        return
    request.state.key = parts.keys.find(sent)
    if limit := parts.rate_limit:
        try:
            request.state.allowance = await limit.take(request.state.key.name)
        except RateLimited:
            request.state.allowance = limit.spent()
            raise


async def require_this_machine(request: Request) -> None:
    """Let in what has come to an address of this machine alone, wherever the server listens.

    By the socket's own address and no header. A server that does not tell it lets nobody in.

    Raises:
        KeysNeeded: other machines reach the address.
    """
    host, port = request.scope.get("server") or ("", 0)
    is_unix_socket = port is None
    if not (is_unix_socket or is_loopback(host)):
        raise KeysNeeded(KEYS_NEEDED)


def require_scope(scope: Scope) -> Callable[[Request], Awaitable[None]]:
    """Return the dependency that asks for a scope, to be put behind `require_key`."""

    async def require(request: Request) -> None:
        key: ApiKey | None = getattr(request.state, "key", None)
        if key and not key.allows(scope):
            raise MissingScope(f"the key {key.name} has not the scope {scope}", scope=scope)

    return require
