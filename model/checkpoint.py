"""Checkpoints: one `.safetensors` file with the weights and, in its metadata, one JSON document."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from model.config import NetworkConfig, Preprocessing
from model.errors import CheckpointError, LabnError
from model.images.familiarity import InputStatistics
from model.network import LambdaAbn
from model.runtime.atomic_file import write_whole

FORMAT = 1
_KEY = "labn"  # of the document in the file's metadata


@dataclass(frozen=True, kw_only=True)
class LoadedCheckpoint:
    """A network ready to run, with its configuration and provenance."""

    network: LambdaAbn  # evaluation mode; folded, it has fewer parameters than it was trained with
    config: NetworkConfig
    preprocessing: Preprocessing
    labels: tuple[str, ...]  # class names, in the order of the logits
    card: dict[str, Any]  # provenance: training configuration, data, seed, metrics, code revision
    statistics: InputStatistics | None  # of the training images
    version: str  # first 12 hex digits of the file's sha256


def save_checkpoint(
    path: Path,
    network: LambdaAbn,
    *,
    preprocessing: Preprocessing,
    labels: tuple[str, ...],
    card: Mapping[str, Any],
    statistics: InputStatistics | None = None,
) -> None:
    """Write a checkpoint atomically.

    Raises:
        CheckpointError: labels or preprocessing do not fit the network, or the file cannot be written.
    """
    _check_fit(network.config, preprocessing, labels)
    document = {
        "format": FORMAT,
        "network": network.config.to_dict(),
        "preprocessing": preprocessing.to_dict(),
        "labels": list(labels),
        "statistics": statistics.to_dict() if statistics else None,
        "card": dict(card),
    }
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, save(weights, metadata={_KEY: json.dumps(document, sort_keys=True)}))
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} cannot be written: {error}") from error


def load_checkpoint(path: Path | str, *, device: str = "cpu", folded: bool = True) -> LoadedCheckpoint:
    """Read a checkpoint. Nothing is unpickled.

    Args:
        path: the file.
        device: device of the network.
        folded: fold batch norms into convolutions, for inference; False to continue training.

    Raises:
        CheckpointError: no such file, not a checkpoint, or keys or shapes that do not fit, each named.
    """
    path = Path(path)
    document, weights, version = _read(path)
    try:
        config = NetworkConfig.from_dict(document["network"])
        preprocessing = Preprocessing.from_dict(document["preprocessing"])
        labels, statistics = tuple(document["labels"]), document["statistics"]
        known = InputStatistics.from_dict(statistics) if statistics else None
        card = dict(document["card"])
        _check_fit(config, preprocessing, labels)
    except KeyError as error:
        raise CheckpointError(f"{path}: no {error} in its document") from error
    except (TypeError, ValueError, LabnError) as error:
        raise CheckpointError(f"{path}: {error}") from error
    network = LambdaAbn(config)
    raise_if_different(network.state_dict(), weights, source=str(path))
    network.load_state_dict(weights)
    return LoadedCheckpoint(
        network=(network.folded() if folded else network.eval()).to(device),
        config=config,
        preprocessing=preprocessing,
        labels=labels,
        card=card,
        statistics=known,
        version=version,
    )


def checkpoint_version(path: Path) -> str:
    """Return the first 12 hex digits of a file's sha256.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def raise_if_different(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor], *, source: str) -> None:
    """Check that two sets of weights have the same names and shapes.

    Raises:
        CheckpointError: listing the keys that are missing, unknown or of another shape.
    """
    both = sorted(set(wanted) & set(given))
    differing = [
        f"{name} {tuple(given[name].shape)} instead of {tuple(wanted[name].shape)}"
        for name in both
        if given[name].shape != wanted[name].shape
    ]
    lists = {
        "missing keys": sorted(set(wanted) - set(given)),
        "unknown keys": sorted(set(given) - set(wanted)),
        "other shapes": differing,
    }
    if problems := [f"{what}: {', '.join(names)}" for what, names in lists.items() if names]:
        raise CheckpointError(f"{source} does not fit the network; {'; '.join(problems)}")


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor], str]:
    try:
        version = checkpoint_version(path)
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)
        document = json.loads(metadata[_KEY])
    except (OSError, SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path} is not a checkpoint: {error}") from error
    given = document.get("format") if isinstance(document, dict) else None
    if given != FORMAT:
        raise CheckpointError(f"{path}: format {given!r}, only {FORMAT} is read here")
    return document, weights, version


def _check_fit(config: NetworkConfig, preprocessing: Preprocessing, labels: tuple[str, ...]) -> None:
    names = {label for label in labels if isinstance(label, str) and label}
    if not len(labels) == len(names) == config.classes:
        raise CheckpointError(f"labels {labels} must be {config.classes} different names")
    network_takes = (config.channels, config.height, config.width)
    if network_takes != (preprocessing.channels, preprocessing.height, preprocessing.width):
        raise CheckpointError(f"the network takes {network_takes}, preprocessing gives another size")
