"""Form fields that evaluations and sets share: the model, and the parameters of an evaluation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from typing import Any, BinaryIO

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from model.errors import ConfigurationError, MetricError
from model.evaluation.request import EvaluationRequest
from service.http.multipart import Form
from service.http.uploads import read_form
from service.models.registry import ServedModel
from worker.queue.contracts.evaluation import EvaluationParameters, ModelVersion

MODEL = "model"
PARAMETERS = frozenset(EvaluationParameters.model_fields)
LISTS = frozenset({"methods", "patch_sizes"})  # comma-separated or repeated
NUMBERS = frozenset({"patch_sizes", "step", "rise_masks", "seed", "random_orders"})
MOST_PARTS = 64  # all fields, with one part per value of a list
WHOLE = re.compile(r"-?[0-9]{1,20}")


async def read_job_form(
    request: Request,
    fields: Set[str],
    *,
    within_s: float,
    most_bytes: int | None = None,
    files: Mapping[str, BinaryIO] | None = None,
) -> Form:
    """Read a form of these fields, the model and the parameters; see `Form` for `most_bytes` and `files`.

    Raises:
        RequestValidationError: parameters in the address, which would otherwise be ignored.
        RequestError: the body is not such a form.
    """
    if names := dict.fromkeys(request.query_params):
        raise _invalid(dict.fromkeys(names, "send it as a field of the form"), where="query")
    content_type = request.headers.get("content-type")
    form = Form(content_type, most_parts=MOST_PARTS, most_bytes=most_bytes, files=files)
    await read_form(request, form, {*fields, MODEL, *PARAMETERS}, within_s=within_s)
    return form


def parse_parameters(form: Form) -> EvaluationParameters:
    """Parse and validate what to measure.

    Raises:
        RequestValidationError: names the invalid parameters.
    """
    values = {name: _value(form, name) for name in sorted(PARAMETERS) if form.texts(name)}
    try:
        return EvaluationParameters.model_validate(values)
    except ValidationError as error:
        errors = [{**details, "loc": ("form", *details["loc"])} for details in error.errors(include_url=False)]
        raise RequestValidationError(errors) from error


def parse_model_name(form: Form) -> str | None:
    """Return the requested model, None for the default one.

    Raises:
        RequestValidationError: more than one.
    """
    return _single(form, MODEL) if form.texts(MODEL) else None


def count_forwards(parameters: EvaluationParameters, model: ServedModel) -> int:
    """Check that the parameters suit the model, and estimate the number of forward passes.

    Raises:
        RequestValidationError: names the parameter that does not suit.
    """
    loaded = model.predictor.loaded
    height, width = loaded.config.height, loaded.config.width
    if (largest := max(parameters.patch_sizes)) > max(height, width):
        raise _invalid({"patch_sizes": f"{largest} px is larger than the network's input, {height} x {width} px"})
    request = EvaluationRequest(**parameters.model_dump())
    with _naming("target"):
        request.target_index(loaded.labels)
    with _naming("step"):
        return request.forwards(height, width)


def version_of(model: ServedModel) -> ModelVersion:
    """Return the reference to a model that the queue uses."""
    return ModelVersion(name=model.name, version=model.version)


@contextmanager
def _naming(name: str) -> Iterator[None]:
    try:
        yield
    except (ConfigurationError, MetricError) as error:
        raise _invalid({name: str(error)}) from error


def _value(form: Form, name: str) -> Any:
    if name not in LISTS:
        text = _single(form, name)
        return _number(text) if name in NUMBERS else text
    words = [word.strip() for text in form.texts(name) for word in text.split(",")]
    return [_number(word) for word in words] if name in NUMBERS else words


def _single(form: Form, name: str) -> str:
    texts = form.texts(name)
    if len(texts) > 1:
        raise _invalid({name: "given more than once"})
    return texts[0]


def _number(text: str) -> int | str:
    return int(text) if WHOLE.fullmatch(text) else text


def _invalid(reasons: Mapping[str, str], *, where: str = "form") -> RequestValidationError:
    return RequestValidationError(
        [{"type": "value_error", "loc": (where, name), "msg": reason} for name, reason in reasons.items()]
    )
