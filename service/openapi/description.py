"""What the API's description says beyond the types: bodies, examples, and the problem behind each status."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from service.auth.guard import KEYS_NEEDED
from service.dependencies import NO_QUEUE
from service.http.problems import (
    MEDIA_TYPE,
    METHOD_NOT_ALLOWED,
    NOT_FINITE,
    NOT_FOUND,
    PROBLEMS,
    UNEXPECTED,
    Problem,
)
from service.monitoring.queue_watch import AWAY_DETAIL
from service.schemas import ProblemAnswer

Responses = dict[int | str, dict[str, Any]]

TITLE = "Lambda Attention Branch Network"
DESCRIPTION = """Sends back class probabilities for an image, and where the network looked.

The heatmap is the network's own attention: features outside it do not reach the classifier. Not a
medical device.
Errors are `application/problem+json` (RFC 9457); every answer carries `X-Request-Id`."""

_BINARY = {"schema": {"type": "string", "format": "binary"}}
IMAGE_BODY = {
    "required": True,
    "description": "JPEG, PNG, WebP, TIFF or BMP: the multipart field `image`, or a body of any other media type.",
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"image": {"type": "string", "format": "binary"}},
                "required": ["image"],
                "additionalProperties": False,
            }
        },
        **{f"image/{kind}": _BINARY for kind in ("jpeg", "png", "webp", "tiff", "bmp")},
        "application/octet-stream": _BINARY,
    },
}

PREDICTION_EXAMPLE: dict[
    str, Any
] = {  # the shipped model's answer for docs/images/retina.jpg, its picture cut short
    "id": "15579f2b48844624b9d004eec45c5e69",
    "model": {"name": "labn-idrid", "version": "f52905df677b"},
    "prediction": {"label": "retinopathy", "probability": 0.9692428965252483, "index": 1},
    "probabilities": [
        {"label": "no retinopathy", "probability": 0.030757103474751808},
        {"label": "retinopathy", "probability": 0.9692428965252483},
    ],
    "explanation": {
        "method": "attention",
        "threshold": 0.5,
        "height": 40,
        "width": 40,
        "coverage": 0.441875,
        "region": {"left": 72, "top": 0, "width": 853, "height": 712},
        "overlay_png": "iVBORw0KGgoAAAANSUhEUgAABAAAAAKoCAIAAABm…",
        "heatmap_png": None,
        "values": None,
    },
    "timing_ms": {"decode": 18.878, "queue": 0.107, "infer": 19.43, "render": 23.198, "total": 62.343},
    "warnings": [],
}

DETAILS = {
    "malformed-request": "no image: send it as the body or as the multipart field 'image'",
    "wrong-key": "send the key in X-API-Key",
    "missing-scope": "the key camera-3 has not the scope admin",
    "keys-needed": KEYS_NEEDED,
    "unknown-model": "no model 'labn'; there are ['labn-idrid@f52905df677b']",
    "unknown-evaluation": "no evaluation 5f0c6f4e9d1b4c0c8a7e21b3f4d5a6b7; results are kept for 604800 s",
    "not-there": "no map of 'rise'; there are attention, random",
    "not-finished": "the evaluation is running",
    "upload-missing": "upload 9f86d081884c… is not stored: send it again",
    "set-too-large": "25000 images to evaluate; at most 20000 may wait: split the set",
    "key-reused": "this idempotency key was already used for another request",
    "too-many-evaluations": "256 evaluations are already waiting",
    "no-queue": NO_QUEUE,
    "queue-away": AWAY_DETAIL,
    "not-found": "GET /v1/prediction",
    "method-not-allowed": "GET /v1/predictions",
    "upload-too-slow": "the upload was not complete after 30 s",
    "body-too-large": "the body has 62914560 bytes, 33554432 are allowed",
    "unsupported-image": "not a JPEG, PNG, WebP, TIFF or BMP image",
    "broken-image": "JPEG image does not decode: image file is truncated",
    "mask-misfit": "mask: 800 x 800 px, its image 1024 x 680 px: other proportions",
    "too-many-pixels": "20000 x 20000 pixels; at most 40000000 are read",
    "bad-set": "images/7.jpg: not in the zip",
    "bad-parameter": "threshold: must be at most 1",
    "non-finite-output": NOT_FINITE,
    "queue-full": "all 64 places are taken",
    "rate-limited": "60 requests a minute are allowed with this key",
    "client-gone": "the client left before its answer was ready",
    "not-ready": "the service is starting",
    "unexpected": "it has been logged under request_id",
}

_TIMING_HEADERS = {
    "X-Request-Id": {"description": "The prediction's id.", "schema": {"type": "string"}},
    "Server-Timing": {"description": "The stages in milliseconds.", "schema": {"type": "string"}},
}
PREDICTION_ANSWER: dict[str, Any] = {
    "description": "The prediction; with `Accept: image/png` the overlay itself.",
    "headers": {
        **_TIMING_HEADERS,
        "X-Labn-Label": {
            "description": "With image/png: the predicted class, percent-encoded.",
            "schema": {"type": "string"},
        },
        "X-Labn-Probability": {
            "description": "With image/png: its probability.",
            "schema": {"type": "number"},
        },
    },
    "content": {"application/json": {"example": PREDICTION_EXAMPLE}, "image/png": _BINARY},
}


def problem_responses(*statuses: int) -> Responses:
    """Describe these statuses with an example of each problem that has them."""
    return {status: _describe(_by_status()[status]) for status in statuses}


def _by_status() -> dict[int, list[Problem]]:
    grouped: defaultdict[int, list[Problem]] = defaultdict(list)
    for problem in dict.fromkeys((*PROBLEMS.values(), NOT_FOUND, METHOD_NOT_ALLOWED, UNEXPECTED)):
        grouped[problem.status].append(problem)
    return grouped


def _describe(problems: list[Problem]) -> dict[str, Any]:
    examples = {
        problem.slug: {
            "value": {
                "type": f"urn:labn:problem:{problem.slug}",
                "title": problem.title,
                "status": problem.status,
                "detail": DETAILS[problem.slug],
            }
        }
        for problem in problems
    }
    described: dict[str, Any] = {
        "description": " · ".join(problem.title for problem in problems),
        "content": {MEDIA_TYPE: {"schema": ProblemAnswer.model_json_schema(), "examples": examples}},
    }
    if problems[0].status in (401, 403):
        described["headers"] = {
            "WWW-Authenticate": {
                "description": "APIKey, and the scope that is missing.",
                "schema": {"type": "string"},
            }
        }
    if problems[0].status in (429, 503):
        described["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return described
