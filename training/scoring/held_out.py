"""Held-out images as files, real or generated, for the evaluation of explanations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PIL import Image
from torch import Tensor

from model.checkpoint import LoadedCheckpoint
from model.config import Preprocessing
from model.images.preprocessing import to_pixels
from training.config import TrainingConfig
from training.data.defn import defn_files
from training.data.examples import Example
from training.data.sources import generated_held_out
from training.scoring.classification import EvaluationSplit, held_out_examples

WHOLE = (0.0, 0.0, 1.0, 1.0)


def held_out_files(
    loaded: LoadedCheckpoint, root: Path | None, split: EvaluationSplit, out: Path, *, positives: bool
) -> tuple[LoadedCheckpoint, list[Example]]:
    """Return the files of a split, and the checkpoint with the preprocessing for them.

    Images without files of their own are written to a folder: those of DeFN's arrays and generated held-out images
    (see `held_out_images`). The latter are cropped already, so the returned checkpoint does not crop them again.

    Args:
        loaded: a checkpoint that was trained here.
        root: folder of the data set.
        split: of the data set.
        out: folder for images without files; created if needed.
        positives: write only images of arrays that are not of the first class.

    Raises:
        CheckpointError: the checkpoint's card has no training configuration.
        DatasetError: the data cannot be used.
    """
    config = TrainingConfig.of_checkpoint(loaded)
    if config.data.kind == "defn" and root is not None:
        files = defn_files(root, split, out, positives=positives)
        return loaded, [Example(path, label) for path, label in files]
    if not config.data.generated or (root is not None and split == "test"):
        return loaded, held_out_examples(config, root, split)
    uncropped = replace(loaded, preprocessing=replace(loaded.preprocessing, crop=WHOLE))
    return uncropped, _written(config, split, out)


def _written(config: TrainingConfig, split: EvaluationSplit, out: Path) -> list[Example]:
    """Write generated images and masks as PNG, without loss; the bytes follow from the configuration."""
    images = generated_held_out(config, split)
    assert images.masks is not None
    for folder in ("images", "masks"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    examples = []
    parts = zip(images.images.split(1), images.masks, images.labels.tolist(), strict=True)
    for place, (image, mask, label) in enumerate(parts):
        path, mask_path = (out / folder / f"{place:05d}.png" for folder in ("images", "masks"))
        _picture(image[0], config.preprocessing).save(path)
        Image.fromarray(mask[0].numpy() * 255).save(mask_path)
        examples.append(Example(path, label, (mask_path,) if label else (), clear=not label))
    return examples


def _picture(image: Tensor, preprocessing: Preprocessing) -> Image.Image:
    return Image.fromarray(to_pixels(image, preprocessing).squeeze())
