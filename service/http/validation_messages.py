"""Plain messages for pydantic's validation errors, one per parameter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

ErrorDetails = Mapping[str, Any]  # an entry of ValidationError.errors()
A_NUMBER, A_WHOLE_NUMBER = "a number", "a whole number"
EMPTY = "must not be empty"  # 1 is the only lower bound of lists and texts here
EXPECTED = {  # what a value must be, by pydantic's type of error; braces: the error's context
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
MESSAGES = {  # whole messages, by pydantic's type of error
    "extra_forbidden": "no such parameter",
    "missing": "must be given",
    "string_too_short": EMPTY,
    "too_short": EMPTY,
}
VALIDATOR_PREFIX = "Value error, "  # pydantic's, before the message of a validator


def messages_of(errors: Sequence[ErrorDetails]) -> list[dict[str, str]]:
    """Return the name and the reason of each invalid parameter, one entry per parameter."""
    found: dict[str, list[ErrorDetails]] = {}
    for error in errors:
        found.setdefault(_name(error["loc"]), []).append(error)
    return [{"name": name, "reason": _reason(of_name)} for name, of_name in found.items()]


def _name(location: Sequence[int | str]) -> str:
    """Return the parameter of a location such as ("query", "size", …)."""
    return str(location[1] if len(location) > 1 else location[0])


def _reason(errors: Sequence[ErrorDetails]) -> str:
    """Join the alternatives of a union type. Of a list, only the first invalid value is reported."""
    first = _element(errors[0])
    of_value = [error for error in errors if _element(error) == first]
    expected = [_expected(error) for error in of_value if error["type"] in EXPECTED]
    if not expected:
        return _sentence(of_value[0])
    subject = "must be" if first is None else f"value {first + 1} must be"
    return f"{subject} {_joined(expected)}"


def _element(error: ErrorDetails) -> int | None:
    location = error["loc"]
    return location[2] if len(location) > 2 and isinstance(location[2], int) else None


def _expected(error: ErrorDetails) -> str:
    return EXPECTED[error["type"]].format(**error.get("ctx", {})).removesuffix(".0")


def _sentence(error: ErrorDetails) -> str:
    return MESSAGES.get(error["type"]) or str(error["msg"]).removeprefix(VALIDATOR_PREFIX)


def _joined(alternatives: Iterable[str]) -> str:
    return ", or ".join(dict.fromkeys(alternatives))
