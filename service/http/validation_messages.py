"""Why parameters cannot be used, in a plain sentence each: pydantic's own tell of its types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Fault = Mapping[str, Any]  # of ValidationError.errors
A_NUMBER, A_WHOLE_NUMBER = "a number", "a whole number"
EMPTY = "must not be empty"  # no list or text here has another lower bound
WANTED = {  # by pydantic's type of error; what is in braces is its context
    "literal_error": "{expected}",
    "float_parsing": A_NUMBER,
    "float_type": A_NUMBER,
    "finite_number": A_NUMBER,
    "int_parsing": A_WHOLE_NUMBER,
    "int_parsing_size": "a smaller whole number",
    "int_from_float": A_WHOLE_NUMBER,
    "int_type": A_WHOLE_NUMBER,
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "string_too_long": "of at most {max_length} characters",
    "too_long": "a list of at most {max_length}",
}
SAID = {
    "extra_forbidden": "no such parameter",
    "missing": "must be given",
    "string_too_short": EMPTY,
    "too_short": EMPTY,
}
OF_OUR_OWN = "Value error, "  # pydantic puts it before what a validator says


def faults_of(errors: Sequence[Fault]) -> list[dict[str, str]]:
    """Return each parameter once, with its name and why it cannot be used."""
    found: dict[str, list[Fault]] = {}
    for error in errors:
        found.setdefault(_name(error["loc"]), []).append(error)
    return [{"name": name, "reason": _reason(of_name)} for name, of_name in found.items()]


def _name(place: Sequence[int | str]) -> str:
    """Return the parameter at a place: (query, size, …)."""
    return str(place[1] if len(place) > 1 else place[0])


def _reason(errors: Sequence[Fault]) -> str:
    """Join what the types that one value may have want; of a list's values the first one at fault is told of."""
    first = _element(errors[0])
    mine = [error for error in errors if _element(error) == first]
    wanted = [_wanted(error) for error in mine if error["type"] in WANTED]
    if not wanted:
        return _sentence(mine[0])
    who = "must be" if first is None else f"value {first + 1} must be"
    return f"{who} {_joined(wanted)}"


def _element(error: Fault) -> int | None:
    place = error["loc"]
    return place[2] if len(place) > 2 and isinstance(place[2], int) else None


def _wanted(error: Fault) -> str:
    return WANTED[error["type"]].format(**error.get("ctx", {})).removesuffix(".0")


def _sentence(error: Fault) -> str:
    return SAID.get(error["type"]) or str(error["msg"]).removeprefix(OF_OUR_OWN)


def _joined(wanted: Iterable[str]) -> str:
    return ", or ".join(dict.fromkeys(wanted))
