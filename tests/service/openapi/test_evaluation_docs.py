"""The API's description of evaluations is of what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from model.checkpoint import load_checkpoint
from model.evaluation.request import EvaluationRequest
from service.auth.guard import KEYS_NEEDED
from service.errors import AWAY_DETAIL, NO_QUEUE
from service.evaluations.schemas import EvaluationsAnswer, PartialAnswer
from service.http.problems import METHOD_NOT_ALLOWED, NOT_FINITE, NOT_FOUND, PROBLEMS, UNEXPECTED
from service.jobs.form import LISTS, NUMBERS, PARAMETERS
from service.monitoring.schemas import StatusAnswer
from service.openapi.examples import load_example
from service.openapi.responses import DETAILS
from service.sets.schemas import SetItemsAnswer, SetsAnswer
from tests.service.api import Client
from worker.queue.contracts.evaluation import EvaluationParameters, EvaluationState
from worker.queue.contracts.sets import SetState

EVALUATION_EXAMPLE, SET_EXAMPLE = load_example("evaluation"), load_example("set")
JOB = {"", "/{id}", "/{id}/events"}
PATHS = {
    "/v1/status",
    *(
        f"/v1/evaluations{rest}"
        for rest in (*JOB, "/{id}/partial", "/{id}/curves.png", "/{id}/curves.csv", "/{id}/maps/{method}.png")
    ),
    *(f"/v1/evaluation-sets{rest}" for rest in (*JOB, "/{id}/table.csv", "/{id}/items")),
}


@pytest.mark.parametrize(
    ("model", "example"),
    [
        (EvaluationState, EVALUATION_EXAMPLE),
        (EvaluationsAnswer, load_example("evaluations")),
        (PartialAnswer, load_example("partial")),
        (SetState, SET_EXAMPLE),
        (SetsAnswer, load_example("sets")),
        (SetItemsAnswer, load_example("items")),
        (StatusAnswer, load_example("status")),
    ],
)
def test_examples_are_answers(model: Any, example: dict[str, Any]) -> None:
    assert model.model_validate(example).model_dump(mode="json") == example


def test_examples_are_of_the_shipped_model() -> None:
    shipped = load_checkpoint(Path(__file__).parents[3] / "checkpoints" / "labn-idrid.safetensors")
    for example in (EVALUATION_EXAMPLE, SET_EXAMPLE):
        assert example["request"]["model"] == {"name": "labn-idrid", "version": shipped.version}
    assert (
        EVALUATION_EXAMPLE["result"]["provenance"]["preprocessing"].keys() == shipped.preprocessing.to_dict().keys()
    )


def test_an_example_has_the_id_of_its_request() -> None:
    assert EvaluationState.model_validate(EVALUATION_EXAMPLE).request.id == EVALUATION_EXAMPLE["id"]


def test_every_route_is_described(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths) >= PATHS
    for path in PATHS:
        for operation in paths[path].values():
            assert operation["summary"]
            responses = operation["responses"]
            assert {"401"} <= set(responses), path
            assert path == "/v1/status" or "503" in responses, path
            described = {media for answer in responses.values() for media in answer.get("content", {})}
            assert "application/problem+json" in described


@pytest.mark.parametrize(
    ("path", "own"), [("evaluations", {"image", "mask"}), ("evaluation-sets", {"archive", "name"})]
)
def test_every_field_is_described(client: Client, path: str, own: set[str]) -> None:
    operation = client.get("/openapi.json").json()["paths"][f"/v1/{path}"]["post"]
    schema = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(schema["properties"]) == own | {"model"} | PARAMETERS
    assert {parameter["name"] for parameter in operation["parameters"]} == {"idempotency-key"}
    assert {"200", "202", "400", "408", "413", "422", "429", "503"} <= set(operation["responses"])


def test_fields_are_those_of_a_request() -> None:
    defaults = EvaluationParameters()
    assert EvaluationRequest(**defaults.model_dump()) == EvaluationRequest()
    assert {name for name in PARAMETERS if isinstance(getattr(defaults, name), tuple)} == LISTS
    assert NUMBERS < PARAMETERS


def test_every_problem_has_an_example() -> None:
    problems = {*PROBLEMS.values(), NOT_FOUND, METHOD_NOT_ALLOWED, UNEXPECTED}
    assert {problem.slug for problem in problems} == set(DETAILS)
    assert DETAILS["keys-needed"] == KEYS_NEEDED
    assert DETAILS["no-queue"] == NO_QUEUE
    assert DETAILS["queue-away"] == AWAY_DETAIL
    assert DETAILS["non-finite-output"] == NOT_FINITE
