"""Table from errors to the problem that the client gets: RFC 9457 `application/problem+json`."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.responses import Response

from model.errors import BrokenImage, MaskMisfit, NonFiniteOutput, TooManyPixels, UnsupportedImage
from service.errors import (
    AWAY_DETAIL,
    AWAY_RETRY_S,
    BadParameter,
    BadSet,
    BodyTooLarge,
    BusyError,
    ClientGone,
    KeysNeeded,
    MalformedRequest,
    MissingScope,
    NoQueue,
    NotFinished,
    NotReady,
    NotThere,
    QueueAway,
    QueueFull,
    RateLimited,
    UnknownModel,
    UploadTooSlow,
    WrongKey,
)
from service.http.documents import Document
from service.http.validation_messages import messages_of
from service.metrics.collectors import Metrics
from worker.queue import errors as queue_errors
from worker.queue.errors import AWAY

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Problem:
    """One kind of problem. Its type is `urn:labn:problem:` + slug."""

    status: int
    slug: str
    title: str


QUEUE_AWAY = Problem(503, "queue-away", "The queue does not answer")
PROBLEMS: dict[type[Exception], Problem] = {
    MalformedRequest: Problem(400, "malformed-request", "The request is malformed"),
    WrongKey: Problem(401, "wrong-key", "The API key is missing or wrong"),
    MissingScope: Problem(403, "missing-scope", "The API key lacks a scope"),
    KeysNeeded: Problem(403, "keys-needed", "The service accepts requests from its own machine only"),
    UnknownModel: Problem(404, "unknown-model", "No such model"),
    queue_errors.UnknownJob: Problem(404, "unknown-evaluation", "No such evaluation or set"),
    NotThere: Problem(404, "not-there", "The evaluation has no such part"),
    UploadTooSlow: Problem(408, "upload-too-slow", "The upload took too long"),
    NotFinished: Problem(409, "not-finished", "The evaluation has not succeeded"),
    queue_errors.UploadMissing: Problem(409, "upload-missing", "An upload is no longer there"),
    BodyTooLarge: Problem(413, "body-too-large", "The body is too large"),
    UnsupportedImage: Problem(415, "unsupported-image", "The image type is not supported"),
    BrokenImage: Problem(422, "broken-image", "The image does not decode"),
    MaskMisfit: Problem(422, "mask-misfit", "The mask does not fit its image"),
    TooManyPixels: Problem(422, "too-many-pixels", "The image has more pixels than allowed"),
    BadSet: Problem(422, "bad-set", "The set of images is invalid"),
    BadParameter: Problem(422, "bad-parameter", "A parameter is invalid"),
    RequestValidationError: Problem(422, "bad-parameter", "A parameter is invalid"),
    queue_errors.SetTooLarge: Problem(422, "set-too-large", "The set has more images than the queue holds"),
    queue_errors.KeyReused: Problem(422, "key-reused", "The idempotency key belongs to another request"),
    NonFiniteOutput: Problem(422, "non-finite-output", "The network's outputs are not finite"),
    QueueFull: Problem(429, "queue-full", "Too many requests at a time"),
    queue_errors.QueueFull: Problem(429, "too-many-evaluations", "Too many evaluations are queued"),
    RateLimited: Problem(429, "rate-limited", "Too many requests with this key"),
    ClientGone: Problem(499, "client-gone", "The client disconnected"),
    NotReady: Problem(503, "not-ready", "The service is not ready"),
    NoQueue: Problem(503, "no-queue", "This service has no queue"),
    QueueAway: QUEUE_AWAY,
    **dict.fromkeys(AWAY, QUEUE_AWAY),
}
NOT_FOUND = Problem(404, "not-found", "Not found")
METHOD_NOT_ALLOWED = Problem(405, "method-not-allowed", "Method not allowed")
UNEXPECTED = Problem(500, "unexpected", "Internal error")
# Replaces the error's own text, which has positions within a batch.
NOT_FINITE = "the network overflowed on this image, which is unlike those it was trained on"
REASONS = sorted({problem.slug for problem in (*PROBLEMS.values(), NOT_FOUND, METHOD_NOT_ALLOWED)})


class ProblemAnswer(Document):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    errors: Annotated[
        list[dict[str, str]] | None, Field(description="For bad parameters: the name and the reason of each.")
    ] = None


def problem_response(
    problem: Problem, detail: str, *, headers: dict[str, str] | None = None, **members: Any
) -> Response:
    """Return the problem as a response. `members` extend the document."""
    document = {
        "type": f"urn:labn:problem:{problem.slug}",
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        **members,
    }
    return Response(json.dumps(document).encode(), problem.status, headers, MEDIA_TYPE)


def add_problem_handlers(app: FastAPI, metrics: Metrics) -> None:
    """Answer every error of the table, and the framework's routing errors, as a problem; count it."""

    async def answer_error(_: Request, error: Exception) -> Response:
        problem = next(PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS)
        metrics.rejected.labels(problem.slug).inc()
        return _answer(problem, error)

    async def answer_routing_error(request: Request, error: Exception) -> Response:
        problem = METHOD_NOT_ALLOWED if getattr(error, "status_code", 0) == 405 else NOT_FOUND
        metrics.rejected.labels(problem.slug).inc()
        detail = f"{request.method} {request.url.path}"
        return problem_response(problem, detail, headers=getattr(error, "headers", None))

    for kind in PROBLEMS:
        app.add_exception_handler(kind, answer_error)
    for status in (404, 405):
        app.add_exception_handler(status, answer_routing_error)


def _answer(problem: Problem, error: Exception) -> Response:
    if isinstance(error, RequestValidationError):
        messages = messages_of(error.errors())
        detail = "; ".join(f"{message['name']}: {message['reason']}" for message in messages)
        return problem_response(problem, detail, errors=messages)
    return problem_response(problem, _detail(error), headers=_headers(error))


def _detail(error: Exception) -> str:
    if isinstance(error, NonFiniteOutput):
        return NOT_FINITE
    return AWAY_DETAIL if isinstance(error, AWAY) else str(error)  # redis-py's messages name hosts


def _headers(error: Exception) -> dict[str, str] | None:
    if isinstance(error, BusyError | queue_errors.QueueFull):
        return {"Retry-After": str(max(1, math.ceil(error.retry_after_s)))}
    if isinstance(error, AWAY):
        return {"Retry-After": str(AWAY_RETRY_S)}
    if isinstance(error, MissingScope):  # as in RFC 6750, section 3.1
        return {"WWW-Authenticate": f'APIKey error="insufficient_scope", scope="{error.scope}"'}
    return {"WWW-Authenticate": "APIKey"} if isinstance(error, WrongKey) else None
