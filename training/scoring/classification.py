"""Classification figures of a checkpoint on a split, with confidence intervals."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from tqdm import tqdm

from model.checkpoint import LoadedCheckpoint
from model.metrics.classification import (
    Floats,
    Labels,
    Statistic,
    accuracy,
    auroc,
    balanced_accuracy,
    bootstrap_interval,
    brier_score,
    expected_calibration_error,
    sensitivity,
    specificity,
    true_skill_statistic,
    youden_threshold,
)
from model.network import LabnOutput
from training.config import TrainingConfig
from training.data.defn import defn_images
from training.data.examples import Example
from training.data.images import LabelledImages, network_inputs
from training.data.own import own_examples
from training.data.sources import generated_held_out, generated_labels, parted, real_examples
from training.errors import DatasetError

BATCH = 32
EvaluationSplit = Literal["validation", "test"]


class Scores(NamedTuple):
    """Network outputs for N images."""

    labels: Labels  # (N,)
    probabilities: Floats  # (N,) of class 1
    coverage: Floats  # (N,) share of attention cells above θ


def evaluate(
    loaded: LoadedCheckpoint, config: TrainingConfig, root: Path | None, split: EvaluationSplit
) -> dict[str, Any]:
    """Measure a two-class checkpoint on a split; the operating point is always chosen on validation.

    Returns:
        JSON types; figures with intervals are {value, low, high} (95 %, bootstrap within classes).

    Raises:
        DatasetError: the data cannot be used, or the checkpoint does not have two classes.
    """
    if len(loaded.labels) != 2:
        raise DatasetError(f"figures are of two classes, the checkpoint has {loaded.labels}")
    validation = score_images(loaded, held_out_images(config, root, "validation"))
    scores = validation
    if split == "test":
        scores = score_images(loaded, held_out_images(config, root, split))
    return {"split": split, **figures(scores, youden_threshold(validation.labels, validation.probabilities))}


def held_out_images(config: TrainingConfig, root: Path | None, split: EvaluationSplit) -> LabelledImages:
    """Return network inputs that a run of this configuration was not trained on.

    Seeds of generated images follow those of the training images; a folder of other images may serve as test split.

    Raises:
        DatasetError: the data cannot be used.
    """
    if config.data.generated and (root is None or split == "validation"):
        return generated_held_out(config, split)
    if config.data.kind == "defn":
        clip = config.data.clip_gauss
        return defn_images(_folder(config, root), split, config.preprocessing, clip=clip, for_training=False)
    return network_inputs(held_out_examples(config, root, split), config.preprocessing)


def held_out_examples(config: TrainingConfig, root: Path | None, split: EvaluationSplit) -> list[Example]:
    """Return image files that a run of this configuration was not trained on.

    For generated data `root` is a folder of other images, written by `python -m training generate`.

    Raises:
        DatasetError: the data cannot be used.
    """
    root = _folder(config, root)
    if config.data.generated:
        return own_examples(root, generated_labels(config))
    if split == "test":
        return real_examples(config, root, "test")[0]
    examples, _, _ = real_examples(config, root, "train")
    return parted(examples, config)[1]


def _folder(config: TrainingConfig, root: Path | None) -> Path:
    if root is None:
        raise DatasetError(f"this needs --data DIR: image files of kind {config.data.kind!r}")
    return root


def figures(scores: Scores, operating_point: float) -> dict[str, Any]:
    """Return all figures of the model card."""
    labels, probabilities, coverage = scores

    def with_interval(statistic: Statistic) -> dict[str, float]:
        return bootstrap_interval(statistic, labels, probabilities)._asdict()

    at_point = {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "balanced_accuracy": balanced_accuracy,
        "true_skill_statistic": true_skill_statistic,
    }
    return {
        "images": len(labels),
        "positives": int(labels.sum()),
        "auroc": with_interval(auroc),
        "accuracy": with_interval(accuracy),
        "balanced_accuracy": with_interval(balanced_accuracy),
        "true_skill_statistic": with_interval(true_skill_statistic),
        "sensitivity": with_interval(sensitivity),
        "specificity": with_interval(specificity),
        "operating_point": {
            "threshold": operating_point,
            **{
                name: with_interval(partial(measure, threshold=operating_point))
                for name, measure in at_point.items()
            },
        },
        "calibration": {
            "brier": brier_score(labels, probabilities),
            "expected_calibration_error": expected_calibration_error(labels, probabilities),
            "mean_probability": float(probabilities.mean()),
        },
        "attention_coverage": {
            "mean": float(coverage.mean()),
            "of_positives": float(coverage[labels == 1].mean()),
            "of_negatives": float(coverage[labels == 0].mean()),
            "images_without_any": float((coverage == 0).mean()),
        },
    }


def score_images(loaded: LoadedCheckpoint, images: LabelledImages) -> Scores:
    """Return the network's scores for its inputs."""
    probabilities, coverage = [], []
    for output in outputs(loaded, images):
        probabilities.append(output.logits.double().softmax(1)[:, 1].cpu().numpy())
        coverage.append((output.attention > loaded.config.threshold).double().mean(dim=(1, 2, 3)).cpu().numpy())
    return Scores(images.labels.numpy(), np.concatenate(probabilities), np.concatenate(coverage))


@torch.inference_mode()
def outputs(loaded: LoadedCheckpoint, images: LabelledImages) -> Iterator[LabnOutput]:
    """Yield the network's outputs for its inputs, batch by batch."""
    device = next(loaded.network.parameters()).device
    batches = images.images.split(BATCH)
    for batch in tqdm(batches, total=-(-len(images) // BATCH), desc="scoring", unit="batch", leave=False):
        yield loaded.network(batch.to(device))
