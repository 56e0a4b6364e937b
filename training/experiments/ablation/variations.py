"""Variations of an ablation: configurations that differ from a base in one respect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from model.errors import ConfigurationError
from training.config import TrainingConfig

DEPTHS = {3: "B = 3 of 16", 7: "B = 7 of 16", 13: "B = 13 of 16"}  # of the paper's 16 bottlenecks: its Table 3
DEEP = 16
LAMBDAS = (0.0, 1.0, 3.0)  # none, and the authors' values for magnetograms and photographs
SHAPING = ("split", "branch_width", "branch_block")  # these change the shape, so a start checkpoint no longer fits


@dataclass(frozen=True)
class Variation:
    """A variation and its description."""

    name: str  # folder name
    says: str  # row title
    config: TrainingConfig
    published: str | None = None  # row of the paper's Table 3 to compare with


def variations(base: TrainingConfig, vary: Sequence[str] = (), pretrained: str = "") -> list[Variation]:
    """Return the base and its variations, without duplicates.

    Args:
        base: configuration that is varied.
        vary: names in KNOBS; empty: all that the base allows.
        pretrained: checkpoint for the variation "pretraining", if the base starts from none.

    Raises:
        ConfigurationError: a name is unknown, or a variation is impossible or equals the base.
    """
    if unknown := [name for name in vary if name not in KNOBS]:
        raise ConfigurationError(f"no variation {unknown[0]!r}; there are {', '.join(KNOBS)}")
    shaped = [name for name in vary if name in SHAPING]
    if shaped and base.run.initialise_from:
        raise ConfigurationError(
            f"{', '.join(shaped)} change the network's shape, which then cannot start from run.initialise_from: "
            "take a configuration without it"
        )
    names = vary or [name for name in KNOBS if not (name in SHAPING and base.run.initialise_from)]
    found = [Variation("base", _base_says(base), base, _published_depth(base, base.network.split))]
    for name in names:
        of_knob = [each for each in KNOBS[name](base, pretrained) if each.config != base]
        if vary and not of_knob:
            raise ConfigurationError(f"nothing to vary in {name!r}: the configuration is all there is of it")
        found += of_knob
    return found


def _base_says(base: TrainingConfig) -> str:
    return f"base: B = {base.network.split} of {base.network.bottlenecks}, θ = {base.network.threshold:g}"


def _published_depth(base: TrainingConfig, split: int) -> str | None:
    """Return the row of the paper's table with the split at the same relative depth."""
    return next((row for depth, row in DEPTHS.items() if _at_depth(base, depth) == split), None)


def _at_depth(base: TrainingConfig, depth: int) -> int:
    return round(base.network.bottlenecks * depth / DEEP)


def _of_network(base: TrainingConfig, says: str, published: str | None = None, **change: Any) -> Variation:
    [(key, value)] = change.items()
    return Variation(f"{key}={value}", says, base.changed("network", **change), published)


def _splits(base: TrainingConfig, _: str) -> Iterator[Variation]:
    for split in sorted({_at_depth(base, depth) for depth in DEPTHS}):
        says = f"B = {split} of {base.network.bottlenecks}"
        yield _of_network(base, says, _published_depth(base, split), split=split)


def _thresholds(base: TrainingConfig, _: str) -> Iterator[Variation]:
    yield _of_network(base, "θ = 0", "θ = 0", threshold=0.0)


def _branch_widths(base: TrainingConfig, _: str) -> Iterator[Variation]:
    """Halve and double the width; lambda layers need a multiple of the heads."""
    width, heads = base.network.branch_width, base.network.heads
    for wanted in (width // 2, width * 2):
        if wanted and (base.network.branch_block == "conv" or wanted % heads == 0):
            yield _of_network(base, f"branch of width {wanted} instead of {width}", branch_width=wanted)


def _branch_blocks(base: TrainingConfig, _: str) -> Iterator[Variation]:
    other = "conv" if base.network.branch_block == "lambda" else "lambda"
    if other == "conv" or base.network.branch_width % base.network.heads == 0:
        yield _of_network(base, f"branch of {other} bottlenecks", branch_block=other)


def _branch_weights(base: TrainingConfig, _: str) -> Iterator[Variation]:
    for weight in LAMBDAS:
        config = base.changed("loss", branch_weight=weight)
        says = f"λ = {weight:g} instead of {base.loss.branch_weight:g}"
        yield Variation(f"branch_weight={weight:g}", says, config)


def _pretraining(base: TrainingConfig, pretrained: str) -> Iterator[Variation]:
    if base.run.initialise_from:
        yield Variation("pretraining=none", "not pretrained", _starting_from(base, ""))
    elif pretrained:
        yield Variation("pretraining", "pretrained", _starting_from(base, pretrained))


def _starting_from(base: TrainingConfig, checkpoint: str) -> TrainingConfig:
    return base.changed("run", initialise_from=checkpoint)


KNOBS: dict[str, Callable[[TrainingConfig, str], Iterator[Variation]]] = {
    "split": _splits,
    "threshold": _thresholds,
    "branch_width": _branch_widths,
    "branch_block": _branch_blocks,
    "branch_weight": _branch_weights,
    "pretraining": _pretraining,
}
