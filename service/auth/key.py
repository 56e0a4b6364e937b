"""API keys. Only digests are stored, so that the key file reveals no key."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Literal, get_args

Scope = Literal["predict", "evaluate", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
PREFIX = "labn_"  # lets scanners for leaked secrets recognise a key
SECRET_BYTES = 32
NAME = re.compile(r"[\w.@-]{1,64}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A stored key.

    Scopes: `predict` allows predictions, `evaluate` evaluations and sets by id, `admin` everything including the
    lists of all evaluations and sets. Models and status are open to every key.
    """

    name: str
    digest: bytes  # sha256 of the key
    scopes: frozenset[Scope]

    def allows(self, scope: Scope) -> bool:
        """Return whether the key has the scope; admin includes all."""
        return scope in self.scopes or "admin" in self.scopes


def make_secret() -> str:
    """Return a new random key."""
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def digest_of(secret: str) -> bytes:
    """Return the SHA-256 of a key. Salt and slow hashing are unnecessary for 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
