"""Evaluation request: explanation methods, patch sizes and PID settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from model.config import Document
from model.errors import ConfigurationError, UnknownMethod
from model.explain.registry import METHODS
from model.explain.rise import Rise
from model.metrics.blanks import Blank
from model.metrics.curve import adaptive_budget
from model.metrics.patches import PatchGrid
from model.metrics.pid import NamedStep, Protocol, Step, planned_counts


@dataclass(frozen=True, kw_only=True)
class EvaluationRequest(Document):
    """Settings of an evaluation, the same for all images of a set. JSON form: `to_dict`, `from_dict`."""

    methods: tuple[str, ...] = ("attention", "lambda_attention", "rise", "grad_cam", "random")
    patch_sizes: tuple[int, ...] = (1, 2, 4, 8, 16)  # m in px
    protocol: Protocol = "paper"
    step: Step = "auto"
    blank: Blank = "black"
    target: str | None = None  # a label or an index; None: the predicted class
    rise_masks: int = 4000
    seed: int = 0  # of RISE's masks, the random map and random orders
    random_orders: int = 0  # number of random orders for the band; 0: no band

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigurationError: naming the field.
            UnknownMethod: no explanation of that name.
        """
        self._check_types()
        for name in ("methods", "patch_sizes"):
            values = getattr(self, name)
            if not values or len(set(values)) != len(values):
                raise ConfigurationError(f"{name} must be a list without repetitions, is {list(values)}")
        if unknown := [name for name in self.methods if name not in METHODS]:
            raise UnknownMethod(f"no explanation {unknown[0]!r}; there are {', '.join(METHODS)}")
        for name, kind in (("protocol", Protocol), ("blank", Blank)):
            if getattr(self, name) not in get_args(kind):
                raise ConfigurationError(f"{name} must be one of {get_args(kind)}, is {getattr(self, name)!r}")
        if min(self.patch_sizes) < 1:
            raise ConfigurationError(f"patch_sizes must be at least 1, are {list(self.patch_sizes)}")
        if isinstance(self.step, int) and self.step < 1:
            raise ConfigurationError(f"step must be at least 1, is {self.step}")
        if self.random_orders < 0:
            raise ConfigurationError(f"random_orders must not be negative, is {self.random_orders}")
        Rise(masks=self.rise_masks, seed=self.seed)

    def _check_types(self) -> None:
        """Check types, which JSON may have wrong.

        Raises:
            ConfigurationError: naming the field.
        """
        numbers = {"patch_sizes": self.patch_sizes, "step": [] if self.step in get_args(NamedStep) else [self.step]}
        numbers |= {name: [getattr(self, name)] for name in ("rise_masks", "seed", "random_orders")}
        for name, values in numbers.items():
            if not isinstance(values, tuple | list) or any(type(value) is not int for value in values):
                raise ConfigurationError(f"{name} must be of whole numbers, is {getattr(self, name)!r}")
        if not isinstance(self.methods, tuple) or not isinstance(self.target, str | None):
            raise ConfigurationError(f"methods or target of the wrong type: {self.methods!r}, {self.target!r}")

    def target_index(self, labels: tuple[str, ...]) -> int | None:
        """Return the index of the requested class; None for the predicted one.

        Raises:
            ConfigurationError: no such class.
        """
        if self.target is None:
            return None
        if self.target in labels:
            return labels.index(self.target)
        if self.target in map(str, range(len(labels))):
            return int(self.target)
        raise ConfigurationError(
            f"no target {self.target!r}; there are {', '.join(map(repr, labels))} and indices 0..{len(labels) - 1}"
        )

    def forwards_for_map(self, method: str) -> int:
        """Return the number of forwards of a map, for progress."""
        return self.rise_masks if method == "rise" else 1

    def forwards_for_curves(self, height: int, width: int, patch_size: int) -> int:
        """Return the largest number of forwards that a pair of curves without ties needs.

        Raises:
            MetricError: a curve would have only one point.
        """
        grid = PatchGrid(height, width, patch_size)
        counts = planned_counts(grid, self.protocol, self.step)
        return 2 * (adaptive_budget(grid.count) if counts is None else len(counts))

    def forwards(self, height: int, width: int) -> int:
        """Estimate the forwards of an image of that size in px.

        Raises:
            MetricError: a curve would have only one point.
        """
        pairs = len(self.methods) + self.random_orders
        curves = sum(self.forwards_for_curves(height, width, patch_size) for patch_size in self.patch_sizes)
        return sum(map(self.forwards_for_map, self.methods)) + pairs * curves
