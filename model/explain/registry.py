"""Explanation methods by name, with parameters from a JSON object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from model.errors import ConfigurationError, UnknownMethod
from model.explain.attention import Attention
from model.explain.edges import Edges
from model.explain.explainer import Explainer
from model.explain.grad_cam import GradCam
from model.explain.lambda_attention import LambdaAttention
from model.explain.random import Random
from model.explain.rise import Rise

METHODS: dict[str, Callable[..., Explainer]] = {
    "attention": Attention,
    "lambda_attention": LambdaAttention,
    "rise": Rise,
    "grad_cam": GradCam,
    "random": Random,
    "edges": Edges,
}


def explainer(name: str, knobs: Mapping[str, Any] | None = None) -> Explainer:
    """Return the method of that name with these parameters.

    Raises:
        UnknownMethod: no such method.
        ConfigurationError: an unknown knob, or a value of the wrong type or out of range.
    """
    if name not in METHODS:
        raise UnknownMethod(f"no explanation {name!r}; there are {', '.join(METHODS)}")
    known = knobs_of(name)
    for knob, value in (knobs or {}).items():
        if knob not in known:
            raise ConfigurationError(f"{name}: no knob {knob!r}; there are {', '.join(known) or 'none'}")
        if not _fits(value, known[knob]):
            raise ConfigurationError(f"{name}: {knob} cannot be {value!r}")
    return METHODS[name](**(knobs or {}))


def knobs_of(name: str) -> dict[str, Any]:
    """Return a method's parameters that affect the map, and their types."""
    method: Any = METHODS[name]
    types = get_type_hints(method)
    return {field.name: types[field.name] for field in fields(method) if field.compare}


def _fits(value: Any, wanted: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, wanted) or (isinstance(value, int) and isinstance(0.0, wanted))
