from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from model.errors import LabnError
from model.evaluation.request import EvaluationRequest
from model.explain.registry import METHODS
from tests.worker.requests import QUICK
from worker.queue.contracts.evaluation import EvaluationParameters, EvaluationPayload, Method, ModelVersion
from worker.queue.contracts.sets import AggregatePayload, SetItem, SetPayload
from worker.queue.errors import PayloadRefused, Taken, UploadMissing, error_type

MODEL = ModelVersion(name="tiny", version="0123456789ab")
SHA = "a" * 64


def payload(**changes: Any) -> EvaluationPayload:
    return EvaluationPayload(**({"model": MODEL, "image_sha256": SHA} | changes))


class TestParameters:
    def test_are_those_of_the_model_with_its_defaults(self) -> None:
        parameters = EvaluationParameters().model_dump(mode="json")
        assert EvaluationRequest.from_dict(parameters) == EvaluationRequest()
        assert parameters == EvaluationRequest().to_dict()
        assert set(get_args(Method)) == set(METHODS)

    @pytest.mark.parametrize(
        ("changes", "place"),
        [
            ({"methods": ["rice"]}, "methods"), ({"methods": []}, "methods"),
            ({"methods": ["rise", "rise"]}, "methods"), ({"patch_sizes": [0]}, "patch_sizes"),
            ({"patch_sizes": list(range(1, 18))}, "patch_sizes"), ({"patch_sizes": ["8"]}, "patch_sizes"),
            ({"patch_sizes": [8, 8]}, "patch_sizes"), ({"protocol": "draft"}, "protocol"),
            ({"step": 0}, "step"), ({"step": True}, "step"), ({"step": "all"}, "step"),
            ({"blank": "pink"}, "blank"), ({"target": 1}, "target"), ({"target": ""}, "target"),
            ({"rise_masks": 100_001}, "rise_masks"), ({"rise_masks": "5"}, "rise_masks"),
            ({"seed": -1}, "seed"), ({"seed": 2**63}, "seed"), ({"random_orders": 1001}, "random_orders"),
            ({"orders": 3}, "orders"),
        ],
    )  # fmt: skip
    def test_out_of_bounds_are_refused_by_name(self, changes: dict[str, Any], place: str) -> None:
        with pytest.raises(PayloadRefused, match=place):
            EvaluationParameters.read(changes)

    def test_what_passes_here_passes_the_model(self) -> None:
        for changes in (QUICK, {"step": "recommended"}, {"target": "0"}, {"seed": 2**63 - 1}, {"blank": "blur"}):
            parameters = EvaluationParameters.read(changes)
            EvaluationRequest.from_dict(parameters.model_dump(mode="json"))


class TestPayload:
    def test_its_id_is_its_content(self) -> None:
        assert payload().id == payload().id
        assert len(payload().id) == 32
        changed = [
            payload(image_sha256="b" * 64), payload(mask_sha256=SHA), payload(parameters={"seed": 1}),
            payload(model=ModelVersion(name="tiny", version="f" * 12)),
        ]  # fmt: skip
        assert len({payload().id, *(other.id for other in changed)}) == 5

    def test_its_id_outlives_processes_and_orders_of_keys(self) -> None:
        document = json.loads(payload().model_dump_json())
        backwards = dict(reversed(document.items()))
        assert EvaluationPayload.read(backwards).id == payload().id == "6db562430f4383d80406f11bd0fd4da8"

    @pytest.mark.parametrize(
        "document",
        [
            None, [], "evaluation", {}, {"kind": "aggregate", "set_id": "0" * 32},
            payload().model_dump(mode="json") | {"kind": "training"},
            payload().model_dump(mode="json") | {"command": "rm"},
            payload().model_dump(mode="json") | {"image_sha256": "../../etc/passwd"},
        ],
    )  # fmt: skip
    def test_of_another_kind_is_refused(self, document: object) -> None:
        with pytest.raises(PayloadRefused):
            EvaluationPayload.read(document)

    def test_is_frozen(self) -> None:
        with pytest.raises(ValidationError):
            payload().image_sha256 = "b" * 64

    def test_names_each_upload_once(self) -> None:
        assert payload().uploads == (SHA,)
        assert payload(mask_sha256="b" * 64).uploads == (SHA, "b" * 64)
        assert payload(mask_sha256=SHA).uploads == (SHA,)


def test_an_image_of_a_set_is_the_same_job_as_by_itself() -> None:
    item = SetItem(file="a.png", image_sha256=SHA)
    whole = SetPayload(model=MODEL, items=(item,))
    assert whole.evaluation(item) == payload()
    assert AggregatePayload(set_id=whole.id).id == f"aggregate-{whole.id}"


def test_the_target_of_an_image_of_a_set_is_its_label_unless_the_set_names_one() -> None:
    item = SetItem(file="a.png", label="ill", image_sha256=SHA)
    of_all = SetPayload(model=MODEL, items=(item,), parameters=EvaluationParameters(target="well"))
    assert SetPayload(model=MODEL, items=(item,)).evaluation(item).parameters.target == "ill"
    assert of_all.evaluation(item).parameters == of_all.parameters


def test_errors_have_names_of_a_closed_set() -> None:
    assert error_type(UploadMissing()) == "upload_missing"
    assert error_type(PayloadRefused()) == "payload_refused"
    assert error_type(Taken()) == "taken"
    assert error_type(LabnError()) == "labn_error"
    assert error_type(ValueError("secret")) == "internal"
