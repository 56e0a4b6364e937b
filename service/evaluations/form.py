"""The form of POST /v1/evaluations: what is asked, and whether a model can do it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from model.errors import ConfigurationError, MetricError
from model.evaluation.request import EvaluationRequest
from service.http.multipart import Form
from service.http.uploads import read_form
from service.models.registry import ServedModel
from worker.queue.contracts.evaluation import EvaluationParameters

IMAGE, MASK, MODEL = "image", "mask", "model"
PARAMETERS = frozenset(EvaluationParameters.model_fields)
LISTS = frozenset({"methods", "patch_sizes"})  # comma-separated or repeated
NUMBERS = frozenset({"patch_sizes", "step", "rise_masks", "seed", "random_orders"})
MOST_PARTS = 64  # every field, with lists given a value a part
WHOLE = re.compile(r"-?[0-9]{1,20}")


async def read_evaluation_form(request: Request, *, within_s: float) -> Form:
    """Read the request's body.

    Raises:
        RequestError: it is no such form.
    """
    refuse_query(request)
    form = Form(request.headers.get("content-type"), most_parts=MOST_PARTS)
    await read_form(request, form, {IMAGE, MASK, MODEL, *PARAMETERS}, within_s=within_s)
    return form


def refuse_query(request: Request) -> None:
    """Refuse parameters in the address: ignored, they would be missed in the results only.

    Raises:
        RequestValidationError: names them.
    """
    if names := dict.fromkeys(request.query_params):
        raise _faulty([(("query", name), "send it as a field of the form") for name in names])


def parameters_of(form: Form) -> EvaluationParameters:
    """Return what is to be measured.

    Raises:
        RequestValidationError: names what cannot be.
    """
    values = {name: _value(form, name) for name in sorted(PARAMETERS) if form.texts(name)}
    try:
        return EvaluationParameters.model_validate(values)
    except ValidationError as error:
        faults = [{**fault, "loc": ("form", *fault["loc"])} for fault in error.errors(include_url=False)]
        raise RequestValidationError(faults) from error


def model_name_of(form: Form) -> str | None:
    """Return the model that was asked for, None for the default one.

    Raises:
        RequestValidationError: two of them.
    """
    return _single(form, MODEL) if form.texts(MODEL) else None


def check_for_model(parameters: EvaluationParameters, model: ServedModel) -> None:
    """Make sure that this can be measured of this network.

    Raises:
        RequestValidationError: names the parameter that cannot be.
    """
    loaded = model.predictor.loaded
    height, width = loaded.config.height, loaded.config.width
    if (largest := max(parameters.patch_sizes)) > max(height, width):
        reason = f"{largest} px is more than the network's input has, {height} x {width} px"
        raise _faulty([(("form", "patch_sizes"), reason)])
    request = EvaluationRequest(**parameters.model_dump())
    with _naming("target"):
        request.target_index(loaded.labels)
    with _naming("step"):
        request.forwards(height, width)


@contextmanager
def _naming(name: str) -> Iterator[None]:
    try:
        yield
    except (ConfigurationError, MetricError) as error:
        raise _faulty([(("form", name), str(error))]) from error


def _value(form: Form, name: str) -> Any:
    if name not in LISTS:
        text = _single(form, name)
        return _number(text) if name in NUMBERS else text
    words = [word.strip() for text in form.texts(name) for word in text.split(",")]
    return [_number(word) for word in words] if name in NUMBERS else words


def _single(form: Form, name: str) -> str:
    texts = form.texts(name)
    if len(texts) > 1:
        raise _faulty([(("form", name), "given more than once")])
    return texts[0]


def _number(text: str) -> int | str:
    return int(text) if WHOLE.fullmatch(text) else text


def _faulty(faults: Sequence[tuple[tuple[int | str, ...], str]]) -> RequestValidationError:
    return RequestValidationError(
        [{"type": "value_error", "loc": place, "msg": reason} for place, reason in faults]
    )
