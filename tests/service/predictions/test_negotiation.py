from __future__ import annotations

import pytest

from service.predictions.negotiation import prefers_png


@pytest.mark.parametrize(
    ("accept", "png"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("image/png", True),
        ("IMAGE/PNG", True),
        ("image/*", True),
        ("image/png, */*;q=0.5", True),
        ("image/png;q=0.5, application/json", False),
        ("image/png;q=0.9, application/json;q=0.8", True),
        ("image/png;q=0", False),
        ("image/png;q=what", True),
        ("text/html", False),
    ],
)
def test_prefers_png(accept: str, png: bool) -> None:
    assert prefers_png(accept) is png
