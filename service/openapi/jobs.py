"""OpenAPI descriptions that evaluations and sets share: form bodies and answers about jobs."""

from __future__ import annotations

from typing import Any

from service.openapi.responses import BINARY, Responses, json_content, problem_responses
from worker.queue.contracts.evaluation import EvaluationParameters

ALWAYS = (401, 403, 422, 429, 500, 503)  # problems of every route that needs the queue
RETRY_AFTER = {"Retry-After": {"description": "Expected seconds until the end.", "schema": {"type": "integer"}}}
ETAG = {"ETag": {"description": "For If-None-Match.", "schema": {"type": "string"}}}
LOCATION = {"Location": {"description": "Address of the job.", "schema": {"type": "string"}}}

PNG_ANSWER: dict[str, Any] = {
    "description": "The picture.",
    "headers": ETAG,
    "content": {"image/png": {"schema": BINARY}},
}
CSV_ANSWER: dict[str, Any] = {
    "description": "The table.",
    "headers": ETAG,
    "content": {"text/csv": {"schema": {"type": "string"}}},
}
NPY_ANSWER: dict[str, Any] = {
    "description": "A NumPy file.",
    "content": {"application/x-npy": {"schema": BINARY}},
}
EVENTS_ANSWER: Responses = {
    200: {
        "description": "Events: each has the state as its data and an id for Last-Event-ID.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    204: {"description": "Last-Event-ID named the last event: nothing will follow."},
}


def job_problems(*statuses: int) -> Responses:
    """Describe these statuses and those of every route that needs the queue."""
    return problem_responses(*sorted({*statuses, *ALWAYS}))


def form_body(
    description: str, fields: dict[str, Any], *, required: list[str], lists: frozenset[str]
) -> dict[str, Any]:
    """Describe a form of these fields, the model, and the parameters of an evaluation.

    Args:
        description: of the body.
        fields: schemas of the form's own fields, by name.
        required: names of the fields that must be there.
        lists: names of the parameters that take several values.
    """
    parameters = EvaluationParameters.model_json_schema()["properties"]
    model = {"type": "string", "description": "name or name@version; default: the default model."}
    schema = {
        "type": "object",
        "properties": {**fields, "model": model, **parameters},
        "required": required,
        "additionalProperties": False,
    }
    encoding = {name: {"style": "form", "explode": False} for name in sorted(lists)}
    content = {"multipart/form-data": {"schema": schema, "encoding": encoding}}
    return {"required": True, "description": description, "content": content}


def accepted(example: dict[str, Any]) -> Responses:
    """Describe the answers to a submission; the example is a job that has succeeded."""
    waiting = {**example, "status": "queued", "result": None, "started_at": None, "ended_at": None}
    waiting["progress"] = {"stage": "queued", "done": 0, "total": 0, "eta_s": None}
    if "items" in example:
        images = example["request"]["images"]
        waiting["progress"] = {"stage": "images", "done": 0, "total": images, "eta_s": None}
        waiting["items"] = {status: images if status == "queued" else 0 for status in example["items"]}
    return {
        200: {
            "description": "The same request has succeeded before: its result.",
            "headers": LOCATION,
            "content": json_content(example),
        },
        202: {
            "description": "Queued or running.",
            "headers": {**LOCATION, **RETRY_AFTER},
            "content": json_content(waiting),
        },
    }


def state_answer(example: dict[str, Any]) -> Responses:
    """Describe the answer with the state of a job."""
    headers = {**ETAG, **RETRY_AFTER}
    return {
        200: {"description": "State of the job.", "headers": headers, "content": json_content(example)},
        304: {"description": "Unchanged since the version in If-None-Match."},
    }
