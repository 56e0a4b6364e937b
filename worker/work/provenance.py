"""Common provenance and warnings of a set's results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

Document = Mapping[str, Any]


def common_provenance(documents: Sequence[Document]) -> dict[str, Any]:
    """Return the entries, nested ones included, that are equal in the provenance of all results."""
    found: list[Document] = [document["provenance"] for document in documents]
    shared: Document = reduce(_shared, found) if found else {}
    return dict(shared)


def all_warnings(documents: Sequence[Document]) -> list[str]:
    """Return the distinct warnings of all results, in order of first appearance."""
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
