"""Interface for tracing spans.

Attributes are names and ids from closed sets: nothing of an image, and no error messages, which may quote data.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Literal, Protocol

Kind = Literal["internal", "server", "consumer"]
Attributes = Mapping[str, str | int | float]


class Span(Protocol):
    """Current span."""

    @property
    def traceparent(self) -> str | None:
        """Parent for child spans, in this process or another (W3C Trace Context)."""

    def rename(self, name: str) -> None:
        """Set a name that was not known at the start."""

    def set_attributes(self, attributes: Attributes) -> None:
        """Add attributes."""

    def fail(self, reason: str) -> None:
        """Mark the span as failed; the reason is a name from a closed set."""


class Tracing(Protocol):
    """Factory of spans."""

    def span(
        self, name: str, *, parent: str | None, kind: Kind = "internal", started_s: float | None = None
    ) -> AbstractContextManager[Span]:
        """Return a context manager: the span starts now or at `started_s` (epoch, s) and ends with the block."""
