from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from fastapi import FastAPI

from model.checkpoint import load_checkpoint
from model.images.overlay import COLORMAPS
from model.predictor import Predictor
from service.openapi.examples import load_example
from service.predictions.schemas import Colormap, ExplanationName, PredictionAnswer
from tests.service.api import Client

PREDICTION_EXAMPLE = load_example("prediction")


def test_the_page_needs_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    local = [address for address in addresses if not address.startswith("data:")]
    assert len(local) == 3
    for address in local:
        asset = client.get(f"/{address}")
        assert asset.status_code == 200
        assert not address.startswith(("http", "//"))
    assert "<script>" not in page.text


def test_the_description_is_complete(client: Client) -> None:
    document = client.get("/openapi.json").json()
    operation = document["paths"]["/v1/predictions"]["post"]
    assert {"multipart/form-data", "image/jpeg", "image/png"} <= set(operation["requestBody"]["content"])
    parameters = {parameter["name"] for parameter in operation["parameters"]}
    assert parameters == {"explanation", "threshold", "colormap", "opacity", "include", "size", "model"}
    assert set(operation["responses"]) == {
        "200",
        "400",
        "401",
        "403",
        "404",
        "408",
        "413",
        "415",
        "422",
        "429",
        "500",
        "503",
    }
    for status, response in operation["responses"].items():
        media_types = set(response["content"])
        assert media_types == (
            {"application/json", "image/png"} if status == "200" else {"application/problem+json"}
        )
    assert "security" not in operation
    assert "$defs" not in client.get("/openapi.json").text
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert {"/v1/models", "/v1/models/{name}", "/healthz", "/readyz", "/metrics"} <= set(document["paths"])


def test_the_example_is_an_answer() -> None:
    assert PredictionAnswer.model_validate(PREDICTION_EXAMPLE).model_dump() == PREDICTION_EXAMPLE


def test_the_example_is_of_the_shipped_model() -> None:
    shipped = load_checkpoint(Path(__file__).parents[3] / "checkpoints" / "labn-idrid.safetensors")
    assert tuple(entry["label"] for entry in PREDICTION_EXAMPLE["probabilities"]) == shipped.labels
    assert PREDICTION_EXAMPLE["model"]["version"] == shipped.version


def test_names_are_the_models() -> None:
    assert get_args(Colormap) == COLORMAPS
    assert get_args(ExplanationName) == (*Predictor.METHODS, "none")


def test_a_key_is_described_where_it_is_set(make_app: Callable[..., FastAPI]) -> None:
    paths = make_app(api_key="swordfish").openapi()["paths"]
    assert paths["/v1/predictions"]["post"]["security"] == [{"APIKeyHeader": []}]
    assert paths["/v1/models"]["get"]["security"] == [{"APIKeyHeader": []}]
    assert "security" not in paths["/healthz"]["get"]
