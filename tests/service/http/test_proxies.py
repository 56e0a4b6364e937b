"""What a proxy says of whoever asks is believed of trusted proxies alone; redirects and the log tell it on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.service.live import LiveService

FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", "Host": "labn.example"}


@pytest.mark.parametrize(
    ("trusted", "scheme", "address"),
    [
        (None, "https", "203.0.113.9"),
        ("10.0.0.0/8,127.0.0.0/8", "https", "203.0.113.9"),
        ("*", "https", "203.0.113.9"),
        ("10.0.0.1", "http", "127.0.0.1"),
    ],
)
def test_only_a_trusted_proxy_says_the_scheme_and_the_address(
    trusted: str | None, scheme: str, address: str, start_live: Callable[..., LiveService], tiny_checkpoint: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    settings = {"trusted_proxies": trusted} if trusted else {}
    service = start_live(tiny_checkpoint, **settings)
    redirect = httpx.get(f"{service.url}/v1/models/", headers=FORWARDED)
    assert redirect.status_code == 307
    assert redirect.headers["location"] == f"{scheme}://labn.example/v1/models"
    service.stop()
    (line,) = [line for line in capfd.readouterr().err.splitlines() if "GET /v1/models/ 307" in line]
    assert line.endswith(f" from {address}")


def test_an_address_breaks_no_line(
    start_live: Callable[..., LiveService], tiny_checkpoint: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    service = start_live(tiny_checkpoint, trusted_proxies="*")
    httpx.get(f"{service.url}/v1/status", headers={"X-Forwarded-For": "a b" + "x" * 300})
    service.stop()
    assert f" from a%20b{'x' * 195}\n" in capfd.readouterr().err
