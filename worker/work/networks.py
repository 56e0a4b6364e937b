"""Networks that stay in memory, by version: each is loaded once a process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from model.checkpoint import LoadedCheckpoint, checkpoint_version, load_checkpoint
from worker.queue.contracts.evaluation import ModelVersion
from worker.queue.errors import ModelMissing

SUFFIX = ".safetensors"


class ResidentNetworks:
    """The checkpoints of some folders and files, on one device; for one thread."""

    def __init__(self, paths: Sequence[Path], *, device: str) -> None:
        self.device = device
        self._paths = paths
        self._loaded: dict[str, LoadedCheckpoint] = {}

    def find(self, model: ModelVersion) -> LoadedCheckpoint:
        """Return a network.

        Raises:
            ModelMissing: no file of that version, whatever its name.
            CheckpointError: the file is broken.
        """
        if model.version not in self._loaded:
            file = self._file(model)
            self._loaded[model.version] = load_checkpoint(file, device=self.device)
        return self._loaded[model.version]

    def files(self) -> Iterator[Path]:
        """Yield every checkpoint that is there now."""
        for path in self._paths:
            yield from sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path] if path.is_file() else []

    def _file(self, model: ModelVersion) -> Path:
        """Look for a version, in files of its name first: they are read to the end."""
        files = sorted(self.files(), key=lambda file: file.stem.partition("@")[0] != model.name)
        for file in files:
            if checkpoint_version(file) == model.version:
                return file
        raise ModelMissing(f"no checkpoint {model.name}@{model.version} where this worker looks")
