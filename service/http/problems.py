"""The one table from what went wrong to what the client is told: RFC 9457 `application/problem+json`."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from model.errors import BrokenImage, MaskMisfit, NonFiniteOutput, TooManyPixels, UnsupportedImage
from service.dependencies import parts_of
from service.errors import (
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
from service.http.validation_messages import faults_of
from service.monitoring.queue_watch import AWAY_DETAIL, AWAY_RETRY_S
from worker.queue import errors as of_the_queue
from worker.queue.errors import AWAY

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Problem:
    """One kind of problem: its type is `urn:labn:problem:` + slug."""

    status: int
    slug: str
    title: str


QUEUE_AWAY = Problem(503, "queue-away", "The queue does not answer")
PROBLEMS: dict[type[Exception], Problem] = {
    MalformedRequest: Problem(400, "malformed-request", "The request is malformed"),
    WrongKey: Problem(401, "wrong-key", "The API key is missing or wrong"),
    MissingScope: Problem(403, "missing-scope", "The API key may not do this"),
    KeysNeeded: Problem(403, "keys-needed", "The service lets in this machine alone"),
    UnknownModel: Problem(404, "unknown-model", "No such model"),
    of_the_queue.UnknownJob: Problem(404, "unknown-evaluation", "No such evaluation or set"),
    NotThere: Problem(404, "not-there", "The evaluation has no such part"),
    UploadTooSlow: Problem(408, "upload-too-slow", "The upload took too long"),
    NotFinished: Problem(409, "not-finished", "The evaluation has not succeeded"),
    of_the_queue.UploadMissing: Problem(409, "upload-missing", "An upload is no longer there"),
    BodyTooLarge: Problem(413, "body-too-large", "The body is too large"),
    UnsupportedImage: Problem(415, "unsupported-image", "Not an image type that is read here"),
    BrokenImage: Problem(422, "broken-image", "The image does not decode"),
    MaskMisfit: Problem(422, "mask-misfit", "The mask does not fit its image"),
    TooManyPixels: Problem(422, "too-many-pixels", "The image has more pixels than allowed"),
    BadSet: Problem(422, "bad-set", "The set of images cannot be used"),
    BadParameter: Problem(422, "bad-parameter", "A parameter cannot be used"),
    RequestValidationError: Problem(422, "bad-parameter", "A parameter cannot be used"),
    of_the_queue.SetTooLarge: Problem(422, "set-too-large", "The set has more images than may wait"),
    of_the_queue.KeyReused: Problem(422, "key-reused", "The idempotency key stands for another request"),
    NonFiniteOutput: Problem(422, "non-finite-output", "The network's outputs are not finite"),
    QueueFull: Problem(429, "queue-full", "Too many requests are under way"),
    of_the_queue.QueueFull: Problem(429, "too-many-evaluations", "Too many evaluations wait"),
    RateLimited: Problem(429, "rate-limited", "Too many requests with this key"),
    ClientGone: Problem(499, "client-gone", "The client left"),
    NotReady: Problem(503, "not-ready", "The service is not ready"),
    NoQueue: Problem(503, "no-queue", "Only predictions are served here"),
    QueueAway: QUEUE_AWAY,
    **dict.fromkeys(AWAY, QUEUE_AWAY),
}
NOT_FOUND = Problem(404, "not-found", "Nothing is here")
METHOD_NOT_ALLOWED = Problem(405, "method-not-allowed", "The method is not allowed here")
UNEXPECTED = Problem(500, "unexpected", "An error of the service, not of the request")
NOT_FINITE = "the network overflowed on this image: it is far from what it was trained on"  # no batch places
REASONS = sorted({problem.slug for problem in (*PROBLEMS.values(), NOT_FOUND, METHOD_NOT_ALLOWED)})


def problem_response(
    problem: Problem, detail: str, *, headers: dict[str, str] | None = None, **members: Any
) -> Response:
    """Return the problem as a response; `members` extend the document."""
    document = {
        "type": f"urn:labn:problem:{problem.slug}",
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        **members,
    }
    return Response(json.dumps(document).encode(), problem.status, headers, MEDIA_TYPE)


def add_problem_handlers(app: FastAPI) -> None:
    """Let every error of the table, and the framework's own, be answered as a problem."""
    for kind in PROBLEMS:
        app.add_exception_handler(kind, _answer_error)
    app.add_exception_handler(404, _answer_routing_error)
    app.add_exception_handler(405, _answer_routing_error)


async def _answer_error(request: Request, error: Exception) -> Response:
    problem = next(PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS)
    parts_of(request).metrics.rejected.labels(problem.slug).inc()
    if isinstance(error, RequestValidationError):
        faults = faults_of(error.errors())
        detail = "; ".join(f"{fault['name']}: {fault['reason']}" for fault in faults)
        return problem_response(problem, detail, errors=faults)
    return problem_response(problem, _detail(error), headers=_headers(error))


async def _answer_routing_error(request: Request, error: Exception) -> Response:
    problem = METHOD_NOT_ALLOWED if getattr(error, "status_code", 0) == 405 else NOT_FOUND
    parts_of(request).metrics.rejected.labels(problem.slug).inc()
    return problem_response(
        problem, f"{request.method} {request.url.path}", headers=getattr(error, "headers", None)
    )


def _detail(error: Exception) -> str:
    if isinstance(error, NonFiniteOutput):
        return NOT_FINITE
    return AWAY_DETAIL if isinstance(error, AWAY) else str(error)  # whose own words name hosts


def _headers(error: Exception) -> dict[str, str] | None:
    if isinstance(error, BusyError | of_the_queue.QueueFull):
        return {"Retry-After": str(max(1, math.ceil(error.retry_after_s)))}
    if isinstance(error, AWAY):
        return {"Retry-After": str(AWAY_RETRY_S)}
    if isinstance(error, MissingScope):  # in the words of RFC 6750, section 3.1
        return {"WWW-Authenticate": f'APIKey error="insufficient_scope", scope="{error.scope}"'}
    return {"WWW-Authenticate": "APIKey"} if isinstance(error, WrongKey) else None
