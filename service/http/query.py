"""Check of query parameters that pydantic does not see: repeated ones."""

from __future__ import annotations

from collections import Counter

from fastapi import Request
from fastapi.exceptions import RequestValidationError

REPEATABLE = frozenset({"include"})  # every other parameter has one value


async def require_single_values(request: Request) -> None:
    """Refuse repeated parameters: the framework would silently take the last value.

    Raises:
        RequestValidationError: names the repeated parameters.
    """
    times = Counter(name for name, _ in request.query_params.multi_items() if name not in REPEATABLE)
    if repeated := [name for name, count in times.items() if count > 1]:
        raise RequestValidationError(
            [{"type": "repeated", "loc": ("query", name), "msg": "given more than once"} for name in repeated]
        )
