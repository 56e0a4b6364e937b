"""Models that are served, by `name` or `name@version`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.checkpoint import load_checkpoint
from model.predictor import Predictor
from service.errors import SettingsError, UnknownModel

SUFFIX = ".safetensors"
DEFAULT_MODEL = "labn-idrid"  # if LABN_DEFAULT_MODEL is not set and several are served


@dataclass(frozen=True, kw_only=True)
class ServedModel:
    """Predictor with its name."""

    name: str
    predictor: Predictor

    @property
    def version(self) -> str:
        """First 12 hex digits of the checkpoint's SHA-256."""
        return self.predictor.loaded.version

    @property
    def reference(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"


class ModelRegistry:
    """Finds models by reference. Of several versions under one name, the first is the current one."""

    def __init__(self, models: Sequence[ServedModel], *, default: str | None) -> None:
        self._models = tuple(models)
        self._by_reference: dict[str, ServedModel] = {}
        for model in models:
            self._by_reference.setdefault(model.name, model)
            self._by_reference.setdefault(model.reference, model)
        if default is None:
            default = models[0].name if len({model.name for model in models}) == 1 else DEFAULT_MODEL
        if default not in self._by_reference:
            raise SettingsError(f"LABN_DEFAULT_MODEL: no model {default!r}; there are {sorted(self._by_reference)}")
        self.default = self._by_reference[default]

    def __iter__(self) -> Iterator[ServedModel]:
        return iter(self._models)

    def find(self, reference: str | None) -> ServedModel:
        """Return the model of that name or name@version; None: the default model.

        Raises:
            UnknownModel: no such model.
        """
        if reference is None:
            return self.default
        if model := self._by_reference.get(reference):
            return model
        raise UnknownModel(f"no model {reference!r}; there are {[model.reference for model in self._models]}")


def load_registry(paths: Sequence[Path], *, default: str | None, device: str) -> ModelRegistry:
    """Load all checkpoints in these folders and files. A file's stem, up to "@", is the model's name.

    `default` None means the only name there is, else DEFAULT_MODEL.

    Raises:
        SettingsError: a path without checkpoints, or no model with the default's name.
        CheckpointError: a file is not a valid checkpoint.
    """
    models = [
        ServedModel(
            name=file.stem.partition("@")[0],
            predictor=Predictor(load_checkpoint(file, device=device), device=device),
        )
        for file in _checkpoint_files(paths)
    ]
    return ModelRegistry(models, default=default)


def _checkpoint_files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        files = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
        if not files or not files[0].is_file():
            raise SettingsError(f"LABN_CHECKPOINTS: no {SUFFIX} file at {path}")
        yield from files
