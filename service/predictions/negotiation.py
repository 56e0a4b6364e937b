"""Content negotiation between JSON and PNG."""

from __future__ import annotations

from python_multipart.multipart import parse_options_header


def prefers_png(accept: str) -> bool:
    """Return whether an Accept header ranks image/png above JSON; unclear headers mean JSON."""
    weights = dict(map(_weight, accept.split(",")))
    any_weight = weights.get("*/*", 0.0)
    png = weights.get("image/png", weights.get("image/*", any_weight))
    json = weights.get("application/json", weights.get("application/*", any_weight))
    return png > json


def _weight(media_range: str) -> tuple[str, float]:
    name, options = parse_options_header(media_range)
    try:
        return name.decode("latin-1"), float(options.get(b"q", b"1"))
    except ValueError:
        return name.decode("latin-1"), 1.0
