"""Base class of the documents in the queue: frozen pydantic models; unknown keys are rejected."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from worker.queue.errors import PayloadRefused

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Whole = Annotated[int, Field(strict=True)]
MAX_SEED = 2**63 - 1
ID_DIGITS = 32  # hex


class Contract(BaseModel):
    """Base class of all documents."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def read(cls, document: object) -> Self:
        """Validate a document from the queue.

        Raises:
            PayloadRefused: it is invalid; the message names the field.
        """
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or cls.__name__
            raise PayloadRefused(f"{place}: {first['msg']}") from error

    def content_hash(self) -> str:
        """Return 32 hex digits of the sha256 of the document's canonical JSON."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:ID_DIGITS]
