"""Guards of the routes under /v1: a valid key within its rate limit, a scope, or the service's own machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader

from service.auth.key import ApiKey, Scope
from service.auth.key_ring import KeyRing
from service.auth.rate_limit import RateLimit
from service.errors import KeysNeeded, MissingScope, RateLimited
from service.http.listener import is_loopback

API_KEY_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, description="One of the service's keys.")

KEYS_NEEDED = "the operator must create API keys (LABN_API_KEYS_FILE) or set LABN_OPEN_TO_ALL=true"

SentKey = Annotated[str | None, Depends(API_KEY_HEADER)]


def require_key(key_ring: KeyRing, rate_limit: RateLimit | None) -> Callable[..., Awaitable[None]]:
    """Return the guard that checks the API key and its rate limit.

    It sets `request.state.key` and, with a rate limit, `request.state.allowance`; raises WrongKey or RateLimited.
    """

    async def guard(request: Request, sent: SentKey) -> None:
        request.state.key = key_ring.find(sent)
        if rate_limit is None:
            return
        try:
            request.state.allowance = await rate_limit.take(request.state.key.name)
        except RateLimited:
            request.state.allowance = rate_limit.spent()
            raise

    return guard


async def require_this_machine(request: Request) -> None:
    """Accept requests that came to a loopback address or a unix socket, whatever address the server listens on.

    Decided by the socket's own address, never by a header. Without a known address nothing is accepted.

    Raises:
        KeysNeeded: other machines can reach the address.
    """
    host, port = request.scope.get("server") or ("", 0)
    is_unix_socket = port is None
    if not (is_unix_socket or is_loopback(host)):
        raise KeysNeeded(KEYS_NEEDED)


def require_scope(scope: Scope) -> Callable[[Request], Awaitable[None]]:
    """Return the guard that checks the key's scope. It runs after `require_key` and raises MissingScope."""

    async def guard(request: Request) -> None:
        key: ApiKey | None = getattr(request.state, "key", None)
        if key and not key.allows(scope):
            raise MissingScope(f"the key {key.name} lacks the scope {scope}", scope=scope)

    return guard
