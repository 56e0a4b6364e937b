"""From a configuration and a folder to the images of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.normalisation import normalise
from training.config import TrainingConfig
from training.data.examples import Example, split_examples
from training.data.generated import generated_images
from training.data.idrid import LABELS as IDRID_LABELS
from training.data.idrid import Split, idrid_examples
from training.data.images import LabelledImages, network_inputs, training_sources
from training.data.own import own_examples
from training.errors import DatasetError


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """What a run trains and validates on."""

    training: LabelledImages  # uint8, to be augmented
    validation: LabelledImages  # float32, as the network takes them
    labels: tuple[str, ...]
    generated: LabelledImages | None = None  # uint8 at the network's size: a share of each batch
    description: dict[str, Any]  # for the card: data set name, sizes


def training_data(config: TrainingConfig, root: Path | None) -> TrainingData:
    """Load or generate the images of a run.

    Raises:
        DatasetError: naming the file or option that is wrong.
    """
    data, seed = config.data, config.run.seed
    if data.kind == "generated-fundus":
        return _generated(config)
    if root is None:
        raise DatasetError(f"data of kind {data.kind!r} needs --data DIR")
    examples, labels, name = real_examples(config, root, "train")
    training, validation = split_examples(examples, share=data.validation_share, seed=seed)
    taught = config.loss.mask_weight > 0
    if taught and not data.generated_share and not any(example.masks for example in training):
        raise DatasetError(f"loss.mask_weight is set, but no training image under {root} has a mask of lesions")
    return TrainingData(
        training=training_sources(training, config.preprocessing, masks=taught),
        validation=network_inputs(validation, config.preprocessing, masks=True),
        labels=labels,
        generated=_mixed_in(config) if data.generated_share else None,
        description=_description(name, training, validation, config),
    )


def real_examples(config: TrainingConfig, root: Path, split: Split) -> tuple[list[Example], tuple[str, ...], str]:
    """Return the examples of a split, the class names and the data set's name.

    A user's own images are split by folders `train` and `test`; where there are none, all are for training.

    Raises:
        DatasetError: naming the file that is wrong; own images without a folder `test` have no test split,
            generated photographs no folder.
    """
    if config.data.kind == "generated-fundus":
        raise DatasetError("generated photographs have no folder of real examples")
    if config.data.kind == "idrid":
        return idrid_examples(root, split), IDRID_LABELS, "IDRiD"
    folder = root / split
    if not folder.is_dir():
        if split == "test":
            raise DatasetError(f"{root} has no folder 'test'")
        folder = root
    return own_examples(folder, config.data.labels), config.data.labels, root.resolve().name


def _generated(config: TrainingConfig) -> TrainingData:
    """Every second seed is a positive; validation seeds follow the training seeds."""
    count = config.data.count
    held_out = round(count * config.data.validation_share)
    if min(held_out, count - held_out) < 2:
        raise DatasetError(
            f"{count} generated images are too few to be split by {config.data.validation_share:.0%}"
        )
    first = _first_seed(config)
    training = generated_images(first, count - held_out, config)
    validation = generated_images(first + count - held_out, held_out, config)
    normalised = normalise(validation.images.float() / 255, config.preprocessing)
    return TrainingData(
        training=training,
        validation=LabelledImages(normalised, validation.labels, validation.masks),
        labels=IDRID_LABELS,
        description={
            "dataset": "generated fundus photographs",
            "training": len(training),
            "validation": held_out,
        },
    )


def _mixed_in(config: TrainingConfig) -> LabelledImages:
    return generated_images(_first_seed(config), config.data.count, config)


def _first_seed(config: TrainingConfig) -> int:
    """Return the seed of a run's first generated image.

    Raises:
        DatasetError: the network takes no such images.
    """
    if config.preprocessing.mode != "rgb" or config.preprocessing.height != config.preprocessing.width:
        raise DatasetError("generated fundus photographs are square and have three channels")
    return config.run.seed * 10_000_000


def _description(
    name: str, training: list[Example], validation: list[Example], config: TrainingConfig
) -> dict[str, Any]:
    def counts(examples: list[Example]) -> dict[str, int]:
        return {
            str(label): sum(e.label == label for e in examples) for label in sorted({e.label for e in examples})
        }

    described: dict[str, Any] = {"dataset": name, "training": counts(training), "validation": counts(validation)}
    if config.loss.mask_weight:
        described["masked"] = sum(bool(example.masks) for example in training)
    if config.data.generated_share:
        described["generated"] = config.data.count
    return described
