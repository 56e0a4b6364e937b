"""What the API's description says beyond the types: bodies, examples, and the problem behind each status."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from service.problems import MEDIA_TYPE, METHOD_NOT_ALLOWED, NOT_FINITE, NOT_FOUND, PROBLEMS, UNEXPECTED, Problem
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
    "description": "JPEG, PNG, WebP, TIFF or BMP: as the multipart field `image`, or as the body itself.",
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

PREDICTION_EXAMPLE = {
    "id": "5e0c0f4bb7a84f1f9d7e8ed1a3c7c5f2",
    "model": {"name": "labn-idrid", "version": "9f2c41d07ab3"},
    "prediction": {"label": "positive", "probability": 0.9312, "index": 1},
    "probabilities": [
        {"label": "negative", "probability": 0.0688},
        {"label": "positive", "probability": 0.9312},
    ],
    "explanation": {
        "method": "attention",
        "threshold": 0.5,
        "height": 28,
        "width": 28,
        "coverage": 0.1824,
        "region": {"left": 290, "top": 0, "width": 3411, "height": 2848},
        "overlay_png": "iVBORw0KGgoAAAANSUhEUgAABAAAAAKoCAIAAAA…",
        "heatmap_png": None,
        "values": None,
    },
    "timing_ms": {"decode": 31.204, "queue": 0.061, "infer": 24.87, "render": 38.115, "total": 94.512},
    "warnings": [],
}

DETAILS = {
    "malformed-request": "no image: send it as the body or as the multipart field 'image'",
    "wrong-key": "send the key in X-API-Key",
    "unknown-model": "no model 'labn'; there are ['labn-idrid@9f2c41d07ab3']",
    "not-found": "GET /v1/prediction",
    "method-not-allowed": "GET /v1/predictions",
    "body-too-large": "the body has 62914560 bytes, 33554432 are allowed",
    "unsupported-body": "application/json: send multipart/form-data or image/*",
    "unsupported-image": "not a JPEG, PNG, WebP, TIFF or BMP image",
    "broken-image": "JPEG image does not decode: image file is truncated",
    "too-many-pixels": "20000 x 20000 pixels; at most 40000000 are read",
    "bad-parameter": "threshold: Input should be less than 1",
    "unknown-explanation": "no explanation 'rise'; there are attention, lambda_attention",
    "non-finite-output": NOT_FINITE,
    "queue-full": "all 64 places are taken",
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
    if problems[0].status in (429, 503):
        described["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return described
