"""Spans of the work, as those who make them see them.

What a span tells is ours to say: names and ids from closed sets, nothing of an image, not even an error's message.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Literal, Protocol

Kind = Literal["internal", "server", "consumer"]
Attributes = Mapping[str, str | int | float]


class Span(Protocol):
    """A piece of work that is under way."""

    @property
    def traceparent(self) -> str | None:
        """What a piece of it names as its parent, in this process or another (W3C Trace Context)."""

    def rename(self, name: str) -> None:
        """Give it a name that was not known at its beginning."""

    def tell(self, attributes: Attributes) -> None:
        """Say something of it."""

    def fail(self, reason: str) -> None:
        """Say that it went wrong; the reason is a name from a closed set."""


class Tracing(Protocol):
    """Makes spans."""

    def span(
        self, name: str, *, parent: str | None, kind: Kind = "internal", started_s: float | None = None
    ) -> AbstractContextManager[Span]:
        """Begin a span, now or at that time since the epoch, which ends with the block."""
