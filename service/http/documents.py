"""Base class of the API's JSON documents."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Document(BaseModel):
    """Answer in JSON."""

    model_config = ConfigDict(frozen=True)
