"""Dependency that hands one collaborator of the application to a route."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, Request


def from_state(name: str) -> Any:
    """Return the dependency for `app.state.NAME`, which service/app.py sets.

    It is `async` because a plain function would cost a thread switch per request.
    """

    async def get(request: Request) -> Any:
        return getattr(request.app.state, name)

    return Depends(get)
