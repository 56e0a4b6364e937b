"""Networks by model version, loaded once and kept in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from model.checkpoint import LoadedCheckpoint, checkpoint_version, load_checkpoint
from worker.queue.contracts.evaluation import ModelVersion
from worker.queue.errors import ModelMissing

SUFFIX = ".safetensors"


class ResidentNetworks:
    """Networks of the checkpoints in some folders and files, on one device. Not thread-safe."""

    def __init__(self, paths: Sequence[Path], *, device: str) -> None:
        self.device = device
        self._paths = paths
        self._loaded: dict[str, LoadedCheckpoint] = {}

    def find(self, model: ModelVersion) -> LoadedCheckpoint:
        """Return a network, loading it if necessary.

        Raises:
            ModelMissing: no file has that version under any name.
            CheckpointError: the file is broken.
        """
        if model.version not in self._loaded:
            file = self._file(model)
            self._loaded[model.version] = load_checkpoint(file, device=self.device)
        return self._loaded[model.version]

    def files(self) -> Iterator[Path]:
        """Yield the checkpoint files that exist now."""
        for path in self._paths:
            yield from sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path] if path.is_file() else []

    def _file(self, model: ModelVersion) -> Path:
        """Find a version; files of its name first, since each file must be read whole to know its version."""
        files = sorted(self.files(), key=lambda file: file.stem.partition("@")[0] != model.name)
        for file in files:
            if checkpoint_version(file) == model.version:
                return file
        raise ModelMissing(f"no checkpoint {model.name}@{model.version} in this worker's LABN_CHECKPOINTS")
