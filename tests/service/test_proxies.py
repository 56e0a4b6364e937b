"""What a proxy says of whoever asks is believed of trusted proxies alone; a redirect tells which scheme it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.service.live import LiveService

FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", "Host": "labn.example"}


@pytest.mark.parametrize(
    ("trusted", "scheme"),
    [(None, "https"), ("10.0.0.0/8,127.0.0.0/8", "https"), ("*", "https"), ("10.0.0.1", "http")],
)
def test_only_a_trusted_proxy_says_the_scheme(
    trusted: str | None, scheme: str, start_live: Callable[..., LiveService], tiny_checkpoint: Path
) -> None:
    settings = {"trusted_proxies": trusted} if trusted else {}
    service = start_live(tiny_checkpoint, **settings)
    redirect = httpx.get(f"{service.url}/v1/models/", headers=FORWARDED)
    assert redirect.status_code == 307
    assert redirect.headers["location"] == f"{scheme}://labn.example/v1/models"
