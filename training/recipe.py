"""Training recipe: one TOML file with one run, or with several stages that start from one another's checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from model.errors import ConfigurationError
from training.config import TrainingConfig, read_toml, with_run
from training.split import split_of


@dataclass(frozen=True)
class Stage:
    """One run of a recipe."""

    name: str  # of its folder; empty in a recipe of a single run
    config: TrainingConfig


@dataclass(frozen=True)
class Recipe:
    """Stages in their order: each but the first starts from the best checkpoint of the one before."""

    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        """Refuse stages that would train on the validation images of another.

        Raises:
            ConfigurationError: naming the keys.
        """
        splits = [split for stage in self.stages if (split := split_of(stage.config))]
        if any(split != splits[0] for split in splits):
            raise ConfigurationError(
                "stages on real images must have one split: the same data.kind, validation_share, folds and fold, "
                "and the same run.seed"
            )

    @classmethod
    def read(cls, path: Path, overrides: Mapping[str, Any] | None = None) -> Self:
        """Read a TOML file. In each of its `[[stages]]`, keys replace those of the shared tables.

        Args:
            path: of the file.
            overrides: keys of the table `run`, for all stages; `seed` as in `with_seed`.

        Raises:
            ConfigurationError: naming the file, the stage and the key.
        """
        document, run = read_toml(path), dict(overrides or {})
        seed = run.pop("seed", None)
        try:
            recipe = cls(_stages(document, run))
            return recipe if seed is None else recipe.with_seed(seed)
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {error}") from error

    @property
    def seed(self) -> int:
        """Lowest seed of the stages."""
        return min(stage.config.run.seed for stage in self.stages)

    def with_seed(self, seed: int) -> Self:
        """Return the recipe with the seeds of all stages shifted alike, so that `seed` is the lowest.

        Raises:
            ConfigurationError: the seed is negative.
        """
        shift = seed - self.seed
        return self._changed(lambda config: config.changed("run", seed=config.run.seed + shift))

    def with_fold(self, fold: int, folds: int) -> Self:
        """Return the recipe with another fold for validation, in all stages on real images.

        Raises:
            ConfigurationError: no stage has images that can be divided into folds.
        """
        divided = any(not stage.config.data.generated for stage in self.stages)
        return self._changed(
            lambda config: (
                config if config.data.generated and divided else config.changed("data", fold=fold, folds=folds)
            )
        )

    def _changed(self, change: Callable[[TrainingConfig], TrainingConfig]) -> Self:
        return type(self)(tuple(Stage(stage.name, change(stage.config)) for stage in self.stages))


def _stages(document: dict[str, Any], run: Mapping[str, Any]) -> tuple[Stage, ...]:
    tables = document.pop("stages", None)
    if tables is None:
        return (Stage("", _config(document, {}, run)),)
    if not isinstance(tables, list) or not tables or not all(isinstance(table, Mapping) for table in tables):
        raise ConfigurationError("stages must be tables: [[stages]]")
    names = [table.get("name") for table in tables]
    if not all(isinstance(name, str) and name.isidentifier() for name in names) or len(set(names)) < len(names):
        raise ConfigurationError(f"each of [[stages]] needs a name of its own, of letters and digits; got {names}")
    return tuple(_stage(document, table, run, first=not place) for place, table in enumerate(tables))


def _stage(shared: Mapping[str, Any], table: Mapping[str, Any], run: Mapping[str, Any], *, first: bool) -> Stage:
    name, changes = table["name"], {key: value for key, value in table.items() if key != "name"}
    try:
        config = _config(shared, changes, run)
    except ConfigurationError as error:
        raise ConfigurationError(f"stage {name}: {error}") from error
    if not first and config.run.initialise_from:
        raise ConfigurationError(f"stage {name}: only the first stage may have run.initialise_from")
    return Stage(name, config)


def _config(shared: Mapping[str, Any], changes: Mapping[str, Any], run: Mapping[str, Any]) -> TrainingConfig:
    document = {**shared, **changes}
    for name in set(shared) & set(changes):
        if isinstance(shared[name], Mapping) and isinstance(changes[name], Mapping):
            document[name] = {**shared[name], **changes[name]}
    return TrainingConfig.from_dict(with_run(document, run))
