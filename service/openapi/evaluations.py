"""What the API's description says of evaluations and sets beyond the types: forms, answers, examples."""

from __future__ import annotations

from typing import Any

from service.evaluations.form import IMAGE, LISTS, MASK, MODEL
from service.openapi.description import Responses, problem_responses
from service.sets.submission import ARCHIVE, NAME
from worker.queue.contracts.evaluation import EvaluationParameters

BINARY = {"type": "string", "format": "binary"}
ALWAYS = (401, 403, 422, 429, 500, 503)  # what any of these routes may answer


def job_problems(*statuses: int) -> Responses:
    """Describe these statuses and those of every route that needs the queue."""
    return problem_responses(*sorted({*statuses, *ALWAYS}))


def _form(description: str, fields: dict[str, Any], *, required: list[str]) -> dict[str, Any]:
    parameters = EvaluationParameters.model_json_schema()["properties"]
    model = {"type": "string", "description": "name or name@version; default: the default model."}
    schema = {
        "type": "object",
        "properties": {**fields, MODEL: model, **parameters},
        "required": required,
        "additionalProperties": False,
    }
    encoding = {name: {"style": "form", "explode": False} for name in sorted(LISTS)}
    content = {"multipart/form-data": {"schema": schema, "encoding": encoding}}
    return {"required": True, "description": description, "content": content}


EVALUATION_BODY = _form(
    "The image, and what to measure; lists are comma-separated or repeated.",
    {
        IMAGE: {**BINARY, "description": "JPEG, PNG, WebP, TIFF or BMP."},
        MASK: {**BINARY, "description": "Where the evidence lies, white on black, of the image's proportions."},
    },
    required=[IMAGE],
)
SET_BODY = _form(
    "A zip in `archive` or the `name` of a folder under LABN_DATASETS, and what to measure of each image.",
    {
        ARCHIVE: {**BINARY, "description": "A zip of images and labels.csv (columns file,label[,mask])."},
        NAME: {"type": "string", "description": "Of a folder that lies on the service's machine."},
    },
    required=[],
)

_RETRY = {"Retry-After": {"description": "Seconds until it may have ended.", "schema": {"type": "integer"}}}
_ETAG = {"ETag": {"description": "For If-None-Match.", "schema": {"type": "string"}}}
_LOCATION = {"Location": {"description": "Where it will be.", "schema": {"type": "string"}}}


def accepted(example: dict[str, Any]) -> Responses:
    """Describe the answers to a submission; the example is of a job that was done before."""
    waiting = {**example, "status": "queued", "result": None, "started_at": None, "ended_at": None}
    waiting["progress"] = {"stage": "queued", "done": 0, "total": 0, "eta_s": None}
    if "items" in example:
        images = example["request"]["images"]
        waiting["progress"] = {"stage": "images", "done": 0, "total": images, "eta_s": None}
        waiting["items"] = {status: images if status == "queued" else 0 for status in example["items"]}
    return {
        200: {
            "description": "It was done before: here is the result.",
            "headers": _LOCATION,
            "content": _json(example),
        },
        202: {
            "description": "It waits or runs.",
            "headers": {**_LOCATION, **_RETRY},
            "content": _json(waiting),
        },
    }


def state_answer(example: dict[str, Any]) -> Responses:
    """Describe the answer to where a job stands."""
    headers = {**_ETAG, **_RETRY}
    return {
        200: {"description": "Where it stands.", "headers": headers, "content": _json(example)},
        304: {"description": "As If-None-Match says the client knows."},
    }


def example_of(example: dict[str, Any]) -> Responses:
    """Describe any other answer in JSON."""
    return {200: {"content": _json(example)}}


def _json(example: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"example": example}}


PNG_ANSWER: dict[str, Any] = {
    "description": "The picture.",
    "headers": _ETAG,
    "content": {"image/png": {"schema": BINARY}},
}
CSV_ANSWER: dict[str, Any] = {
    "description": "The table.",
    "headers": _ETAG,
    "content": {"text/csv": {"schema": {"type": "string"}}},
}
EVENTS_ANSWER: Responses = {
    200: {
        "description": "Events, each with the state as its data and an id for Last-Event-ID.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    204: {"description": "Last-Event-ID was of the last event: there is nothing more to come."},
}
