from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from fastapi import FastAPI

from model.predictor import Prediction
from service.app import create_app
from service.errors import SettingsError
from service.lifecycle import Lifecycle
from service.metrics.collectors import Metrics
from service.models.registry import ModelRegistry, load_registry
from service.predictions.batching import InferenceThread
from service.predictions.request import PredictionRequest
from service.predictions.schemas import PredictionOptions
from service.predictions.shadow import MAX_WAITING, make_shadow
from service.settings import Settings
from tests.conftest import Encode
from tests.service.api import Client, running
from tests.service.live import wait_until

COUNT, DIFFERENCE = "labn_shadow_predictions_total", "labn_shadow_probability_difference"


@pytest.fixture
def two_versions(save_tiny: Callable[..., Path]) -> ModelRegistry:
    """eyes in two versions of two sizes, and another model."""
    folder = save_tiny("eyes").parent
    save_tiny("eyes@candidate", seed=7, side=48, folder=folder)
    save_tiny("sun", seed=3, folder=folder)
    return load_registry([folder], default="eyes", device="cpu")


@pytest.fixture
def candidate(two_versions: ModelRegistry) -> str:
    return list(two_versions)[1].reference


@pytest.fixture
def make_client(two_versions: ModelRegistry, candidate: str) -> Callable[..., Any]:
    def make(**settings: Any) -> Any:
        own: dict[str, Any] = {"shadow_model": candidate, "shadow_share": 1, **settings}
        return running(create_app(Settings(threads=1, **own), two_versions, Lifecycle()))

    return make


def counted(client: Client, candidate: str) -> dict[str, float]:
    outcomes = ("agreed", "differed", "failed", "dropped")
    return {outcome: client.metric(COUNT, model=candidate, outcome=outcome) for outcome in outcomes}


def test_both_versions_are_compared(
    make_client: Callable[..., Any], two_versions: ModelRegistry, candidate: str, encode: Encode
) -> None:
    same, differences = 0, 0.0
    with make_client() as client:
        for seed in range(4):
            answer = client.predict(encode(seed=seed)).json()
            assert answer["model"]["version"] == two_versions.default.version
            wait_until(lambda seed=seed: sum(counted(client, candidate).values()) == seed + 1)
            other = client.predict(encode(seed=seed), params={"model": candidate}).json()
            same += answer["prediction"]["label"] == other["prediction"]["label"]
            pairs = zip(answer["probabilities"], other["probabilities"], strict=True)
            differences += max(abs(mine["probability"] - its["probability"]) for mine, its in pairs)
        assert counted(client, candidate) == {"agreed": same, "differed": 4 - same, "failed": 0, "dropped": 0}
        assert differences > 0
        assert client.metric(f"{DIFFERENCE}_sum", model=candidate) == pytest.approx(differences, abs=1e-4)
        assert client.metric("labn_batch_size_count") == 8  # what was asked for: a shadow's pass is not counted


def test_other_models_and_the_shadow_itself_are_left_alone(
    make_client: Callable[..., Any], candidate: str, encode: Encode
) -> None:
    with make_client() as client:
        for model in ("sun", candidate):
            assert client.predict(encode(), params={"model": model}).status_code == 200
        client.predict(encode())
        wait_until(lambda: sum(counted(client, candidate).values()) > 0)
        assert sum(counted(client, candidate).values()) == 1


def test_a_share_is_a_share(make_client: Callable[..., Any], candidate: str, encode: Encode) -> None:
    with make_client(shadow_share=1e-9) as client:
        for _ in range(3):
            client.predict(encode())
        assert sum(counted(client, candidate).values()) == 0


def test_a_shadow_that_overflows_fails_nobody(save_tiny: Callable[..., Path], encode: Encode) -> None:
    folder = save_tiny("eyes").parent
    save_tiny("eyes@broken", folder=folder, overflowing=True)
    registry = load_registry([folder], default="eyes", device="cpu")
    broken = list(registry)[1].reference
    app = create_app(Settings(threads=1, shadow_model=broken, shadow_share=1), registry, Lifecycle())
    with running(app) as client:
        assert client.predict(encode()).status_code == 200
        wait_until(lambda: counted(client, broken)["failed"] == 1)
        assert client.predict(encode()).status_code == 200


def test_a_busy_shadow_drops_the_rest(two_versions: ModelRegistry, candidate: str, encode: Encode) -> None:
    metrics = Metrics(rejection_reasons=[])
    predictors = [model.predictor for model in two_versions]
    inference = InferenceThread(predictors, max_batch=8, threads=1, metrics=metrics)  # not started: never free
    settings = Settings(shadow_model=candidate, shadow_share=1)
    options = PredictionOptions()
    request = PredictionRequest(
        id="x", model=two_versions.default, data=encode(), options=options, as_png=False, max_pixels=10**6
    )
    (answered,) = two_versions.default.predictor.predict_batch(torch.zeros(1, 3, 32, 32))
    assert isinstance(answered, Prediction)

    async def offer_many() -> None:
        shadow = make_shadow(settings, two_versions, inference, metrics)
        assert shadow
        for _ in range(MAX_WAITING + 3):
            await shadow.offer(request, answered)
        shadow.stop()

    asyncio.run(offer_many())
    labels = {"model": candidate, "outcome": "dropped"}
    assert metrics.registry.get_sample_value(COUNT, labels) == 3


@pytest.mark.parametrize(
    ("reference", "message"),
    [("nothing", "no model 'nothing'"), ("sun", "no other version of sun is served")],
)
def test_what_cannot_be_a_shadow_is_refused(reference: str, message: str, two_versions: ModelRegistry) -> None:
    with pytest.raises(SettingsError, match=f"LABN_SHADOW_MODEL: {message}"):
        create_app(Settings(threads=1, shadow_model=reference), two_versions, Lifecycle())


def test_other_classes_cannot_be_compared(save_tiny: Callable[..., Path]) -> None:
    folder = save_tiny("eyes").parent
    save_tiny("eyes@three", folder=folder, labels=("a", "b", "c"))
    registry = load_registry([folder], default="eyes", device="cpu")
    with pytest.raises(SettingsError, match="versions of eyes have other classes"):
        create_app(Settings(shadow_model=list(registry)[1].reference), registry, Lifecycle())


def test_there_is_none_by_default(make_app: Callable[..., FastAPI]) -> None:
    with running(make_app()) as client:
        assert client.app.state.shadow is None
        assert "labn_shadow" not in client.get("/metrics").text
