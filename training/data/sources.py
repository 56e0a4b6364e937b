"""Images of a run, from its configuration and the data folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from model.images.normalisation import normalise
from training.config import TrainingConfig
from training.data.defn import LABELS as DEFN_LABELS
from training.data.defn import defn_images
from training.data.examples import Example, fold_examples, split_examples
from training.data.generated import generated_images
from training.data.idrid import LABELS as IDRID_LABELS
from training.data.idrid import Split, idrid_examples
from training.data.images import LabelledImages, network_inputs, training_sources
from training.data.lazy import LazyImages
from training.data.own import own_examples
from training.errors import DatasetError


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """Training and validation images of a run."""

    training: LabelledImages  # uint8, for augmentation
    validation: LabelledImages  # float32 network inputs
    labels: tuple[str, ...]
    generated: LabelledImages | None = None  # uint8 at the network's input size, mixed into each batch
    description: dict[str, Any]  # for the card: data set name, sizes


def training_data(config: TrainingConfig, root: Path | None) -> TrainingData:
    """Load or generate the images of a run.

    Raises:
        DatasetError: naming the file or option that is wrong.
    """
    if config.data.generated:
        return _generated(config)
    if root is None:
        raise DatasetError(f"data of kind {config.data.kind!r} needs --data DIR")
    return _defn(config, root) if config.data.kind == "defn" else _real(config, root)


def real_examples(config: TrainingConfig, root: Path, split: Split) -> tuple[list[Example], tuple[str, ...], str]:
    """Return the examples of a split, the class names and the data set's name.

    A user's own images may be in folders `train` and `test`; without them all are for training.

    Raises:
        DatasetError: naming the file that is wrong; own images without a folder `test` have no test split,
            other kinds no such folder.
    """
    if config.data.kind not in ("idrid", "own"):
        raise DatasetError(f"data of kind {config.data.kind!r} have no folder of real examples")
    if config.data.kind == "idrid":
        return idrid_examples(root, split), IDRID_LABELS, "IDRiD"
    folder = root / split
    if not folder.is_dir():
        if split == "test":
            raise DatasetError(f"{root} has no folder 'test'")
        folder = root
    return own_examples(folder, config.data.labels), config.data.labels, root.resolve().name


def parted(examples: list[Example], config: TrainingConfig) -> tuple[list[Example], list[Example]]:
    """Return a run's training and validation examples.

    Raises:
        DatasetError: a class is too small to be split.
    """
    data, seed = config.data, config.run.seed
    if data.folds:
        return fold_examples(examples, folds=data.folds, fold=data.fold, seed=seed)
    return split_examples(examples, share=data.validation_share, seed=seed)


def generated_held_out(config: TrainingConfig, split: Literal["validation", "test"]) -> LabelledImages:
    """Generate the network inputs of a held-out split; their seeds follow those of the training images.

    Raises:
        DatasetError: such images cannot be generated.
    """
    held_out = _held_out_count(config)
    first = _first_seed(config) + config.data.count - (held_out if split == "validation" else 0)
    images = generated_images(first, held_out, config)
    assert not isinstance(images.images, LazyImages)
    normalised = normalise(images.images.float() / 255, config.preprocessing)
    return LabelledImages(normalised, images.labels, images.masks)


def generated_labels(config: TrainingConfig) -> tuple[str, ...]:
    """Return the class names of generated data."""
    return _GENERATED[config.data.kind][1]


def _generated(config: TrainingConfig) -> TrainingData:
    """Generate a run's images; odd seeds are positives."""
    held_out = _held_out_count(config)
    return TrainingData(
        training=generated_images(_first_seed(config), config.data.count - held_out, config),
        validation=generated_held_out(config, "validation"),
        labels=generated_labels(config),
        description={
            "dataset": _GENERATED[config.data.kind][0],
            "training": config.data.count - held_out,
            "validation": held_out,
        },
    )


_GENERATED = {
    "generated-fundus": ("generated fundus photographs", IDRID_LABELS),
    "generated-magnetogram": ("generated magnetograms", DEFN_LABELS),
}


def _first_seed(config: TrainingConfig) -> int:
    return config.run.seed * 10_000_000


def _held_out_count(config: TrainingConfig) -> int:
    """Return the number of images of a held-out split."""
    count = config.data.count
    held_out = round(count * config.data.validation_share)
    if min(held_out, count - held_out) < 2:
        raise DatasetError(
            f"{count} generated images are too few to be split by {config.data.validation_share:.0%}"
        )
    return held_out


def _defn(config: TrainingConfig, root: Path) -> TrainingData:
    """Read the paper's splits by year."""
    inputs, clip = config.preprocessing, config.data.clip_gauss
    training = defn_images(root, "train", inputs, clip=clip, for_training=True)
    validation = defn_images(root, "validation", inputs, clip=clip, for_training=False)
    return TrainingData(
        training=training,
        validation=validation,
        labels=DEFN_LABELS,
        description=_description("DeFN", training, validation, config),
    )


def _real(config: TrainingConfig, root: Path) -> TrainingData:
    """Read a folder's photographs and generate those that are mixed into the batches."""
    data, taught = config.data, config.loss.mask_weight > 0
    examples, labels, name = real_examples(config, root, "train")
    shown, held_out = parted(examples, config)
    masked = sum(bool(example.masks) for example in shown)
    if taught and not data.generated_share and not masked:
        raise DatasetError(f"loss.mask_weight is set, but no training image under {root} has a mask of lesions")
    training = training_sources(shown, config.preprocessing, masks=taught)
    validation = network_inputs(held_out, config.preprocessing, masks=True)
    description = _description(name, training, validation, config)
    if taught:
        description["masked"] = masked
    if data.generated_share:
        description["generated"] = data.count
    return TrainingData(
        training=training,
        validation=validation,
        labels=labels,
        generated=generated_images(_first_seed(config), data.count, config) if data.generated_share else None,
        description=description,
    )


def _description(
    name: str, training: LabelledImages, validation: LabelledImages, config: TrainingConfig
) -> dict[str, Any]:
    def counts(images: LabelledImages) -> dict[str, int]:
        return {str(label): int((images.labels == label).sum()) for label in range(config.network.classes)}

    return {"dataset": name, "training": counts(training), "validation": counts(validation)}
