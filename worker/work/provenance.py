"""What the results of a set have in common: all that it takes to do the same again, and what to beware of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

Document = Mapping[str, Any]


def common_provenance(documents: Sequence[Document]) -> dict[str, Any]:
    """Return what the provenance of every result says alike, within nested parts too; what differs is left out."""
    found: list[Document] = [document["provenance"] for document in documents]
    shared: Document = reduce(_shared, found) if found else {}
    return dict(shared)


def all_warnings(documents: Sequence[Document]) -> list[str]:
    """Return each warning of any result once, in the order in which they come."""
    return list(dict.fromkeys(warning for document in documents for warning in document["warnings"]))


def _shared(one: Document, other: Document) -> Document:
    found: dict[str, Any] = {}
    for name in one.keys() & other.keys():
        left, right = one[name], other[name]
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            found[name] = _shared(left, right)
        elif left == right:
            found[name] = left
    return {name: found[name] for name in one if name in found}
