"""OpenAPI descriptions of POST /v1/predictions: request body and answer."""

from __future__ import annotations

from typing import Any

from service.openapi.examples import load_example
from service.openapi.responses import BINARY, json_content

IMAGE_TYPES = ("jpeg", "png", "webp", "tiff", "bmp")
_BODY = {"schema": BINARY}

IMAGE_BODY = {
    "required": True,
    "description": "JPEG, PNG, WebP, TIFF or BMP: as the multipart field `image`, or as the body itself.",
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"image": BINARY},
                "required": ["image"],
                "additionalProperties": False,
            }
        },
        **{f"image/{kind}": _BODY for kind in IMAGE_TYPES},
        "application/octet-stream": _BODY,
    },
}


def _header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


PREDICTION_ANSWER: dict[str, Any] = {
    "description": "The prediction; with `Accept: image/png` the overlay itself.",
    "headers": {
        "X-Request-Id": _header("Id of the prediction."),
        "Server-Timing": _header("Durations of the stages in milliseconds."),
        "X-Labn-Label": _header("With image/png: the predicted class, percent-encoded."),
        "X-Labn-Probability": _header("With image/png: its probability.", "number"),
    },
    "content": {**json_content(load_example("prediction")), "image/png": _BODY},
}
