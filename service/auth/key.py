"""What an API key is. Only its digest is kept: who reads the file learns no key."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Literal, get_args

Scope = Literal["predict", "evaluate", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
PREFIX = "labn_"  # by which scanners for leaked secrets can know one
SECRET_BYTES = 32
NAME = re.compile(r"[\w.@-]{1,64}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A key as it is kept.

    `predict` lets in to predictions, `evaluate` to evaluations and sets whose id one knows, `admin` to all that
    and to the lists of what everybody has asked for. Models and status are for any key.
    """

    name: str
    digest: bytes  # sha256 of the key
    scopes: frozenset[Scope]

    def allows(self, scope: Scope) -> bool:
        """Tell whether the key lets in there."""
        return scope in self.scopes or "admin" in self.scopes


def make_secret() -> str:
    """Return a new key, to be told once."""
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def digest_of(secret: str) -> bytes:
    """Return what is kept of a key. No salt and no slow hash: nobody guesses 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
