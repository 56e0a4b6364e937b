"""Documents of /v1/models."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from service.http.documents import Document


class ModelInput(Document):
    """Size of the network's input, after crop and resize."""

    channels: int
    height: int
    width: int


class ModelAnswer(Document):
    """Model that is served."""

    name: str
    version: str
    default: bool
    preset: str
    labels: list[str]
    threshold: Annotated[float, Field(description="θ of the attention gate.")]
    input: ModelInput
    card: Annotated[dict[str, Any], Field(description="Model card: training and evaluation.")]


class ModelsAnswer(Document):
    """All models that are served."""

    models: list[ModelAnswer]
