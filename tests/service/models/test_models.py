from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI

from service.models.registry import ModelRegistry
from tests.service.api import Client, running


def test_lists_every_version(client: Client, registry: ModelRegistry) -> None:
    models = client.get("/v1/models").json()["models"]
    assert [model["name"] for model in models] == ["other", "other", "tiny"]
    assert [model["default"] for model in models] == [False, False, True]
    assert models[2] == {
        "name": "tiny",
        "version": registry.default.version,
        "default": True,
        "preset": "custom",
        "labels": ["negative", "positive"],
        "threshold": 0.4,
        "input": {"channels": 3, "height": 32, "width": 32},
        "card": {"data": "random weights"},
    }


def test_describes_one(client: Client, registry: ModelRegistry) -> None:
    assert client.get("/v1/models/tiny").json() == client.get("/v1/models").json()["models"][2]
    for model in registry:
        assert client.get(f"/v1/models/{model.reference}").json()["version"] == model.version


def test_unknown_model(client: Client) -> None:
    response = client.get("/v1/models/nothing")
    assert response.status_code == 404
    assert response.json()["type"] == "urn:labn:problem:unknown-model"


def test_a_key_is_asked_for_where_it_is_set(make_app: Callable[..., FastAPI]) -> None:
    with running(make_app(api_key="swordfish")) as client:
        for headers in ({}, {"X-API-Key": ""}, {"X-API-Key": "swordfisch"}):
            for response in (client.get("/v1/models", headers=headers), client.predict(b"x", headers=headers)):
                assert response.status_code == 401
                assert response.headers["www-authenticate"] == "APIKey"
                assert response.json()["type"] == "urn:labn:problem:wrong-key"
        assert client.get("/v1/models", headers={"X-API-Key": "swordfish"}).status_code == 200
        assert client.get("/healthz").status_code == client.get("/metrics").status_code == 200
