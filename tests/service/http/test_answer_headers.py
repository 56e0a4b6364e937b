from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi import FastAPI

from service.http.headers import DEFAULTS
from tests.conftest import Encode
from tests.service.api import Client, running


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/docs/swagger-ui.css", "/openapi.json", "/healthz", "/readyz", "/metrics", "/v1/models",
             "/v1/models/nothing", "/nothing", "/v1/models/", "/v1/predictions", "/v1/evaluations", "/v1/status"],
)  # fmt: skip
def test_every_answer_has_them(path: str, client: Client) -> None:
    headers = client.get(path).headers
    for name in DEFAULTS:
        assert len(headers.get_list(name.decode())) == 1
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_a_picture_has_them(client: Client, encode: Encode) -> None:
    answer = client.predict(encode(), headers={"Accept": "image/png"})
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_the_pages_policy_is_its_own(client: Client) -> None:
    assert "img-src 'self' data: blob:" in client.get("/").headers["content-security-policy"]


def test_an_unexpected_error_has_them(make_app: Callable[..., FastAPI]) -> None:
    app = make_app()

    @app.get("/broken")
    def broken() -> None:
        raise ZeroDivisionError

    with running(app) as client:
        answer = client.get("/broken")
    assert answer.status_code == 500
    assert answer.headers["x-frame-options"] == "DENY"
