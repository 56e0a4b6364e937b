"""A checkpoint's figures on a split of a data set, with intervals."""

from __future__ import annotations

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
    youden_threshold,
)
from training.config import TrainingConfig
from training.data.examples import Example, split_examples
from training.data.images import LabelledImages, network_inputs
from training.data.sources import real_examples
from training.errors import DatasetError

BATCH = 32
EvaluationSplit = Literal["validation", "test"]


class Scores(NamedTuple):
    """What the network says of N images."""

    labels: Labels  # (N,)
    probabilities: Floats  # (N,) of class 1
    coverage: Floats  # (N,) share of attention cells over θ


def evaluate(
    loaded: LoadedCheckpoint, config: TrainingConfig, root: Path, split: EvaluationSplit
) -> dict[str, Any]:
    """Measure a two-class checkpoint on a split; the operating point is always chosen on validation.

    Returns:
        JSON types; figures with intervals are {value, low, high} (95 %, bootstrap within classes).

    Raises:
        DatasetError: the data cannot be used, or there are not two classes.
    """
    if len(loaded.labels) != 2:
        raise DatasetError(f"figures are of two classes, the checkpoint has {loaded.labels}")
    validation = score(loaded, held_out_examples(config, root, "validation"))
    scores = validation if split == "validation" else score(loaded, held_out_examples(config, root, split))
    return {"split": split, **figures(scores, youden_threshold(validation.labels, validation.probabilities))}


def held_out_examples(config: TrainingConfig, root: Path, split: EvaluationSplit) -> list[Example]:
    """Return images that the run of this configuration did not train on.

    Raises:
        DatasetError: the data cannot be used.
    """
    if split == "test":
        return real_examples(config, root, "test")[0]
    examples, _, _ = real_examples(config, root, "train")
    return split_examples(examples, share=config.data.validation_share, seed=config.run.seed)[1]


def figures(scores: Scores, operating_point: float) -> dict[str, Any]:
    """Return every figure of the model card."""
    labels, probabilities, coverage = scores

    def with_interval(statistic: Statistic) -> dict[str, float]:
        return bootstrap_interval(statistic, labels, probabilities)._asdict()

    at_point = {"sensitivity": sensitivity, "specificity": specificity, "balanced_accuracy": balanced_accuracy}
    return {
        "images": len(labels),
        "positives": int(labels.sum()),
        "auroc": with_interval(auroc),
        "accuracy": with_interval(accuracy),
        "balanced_accuracy": with_interval(balanced_accuracy),
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


def score(loaded: LoadedCheckpoint, examples: list[Example]) -> Scores:
    """Run the network over the examples, decoded as the service decodes them."""
    return score_images(loaded, network_inputs(examples, loaded.preprocessing))


@torch.inference_mode()
def score_images(loaded: LoadedCheckpoint, images: LabelledImages) -> Scores:
    """Run the network over images as it takes them."""
    device = next(loaded.network.parameters()).device
    probabilities, coverage = [], []
    for batch in tqdm(images.images.split(BATCH), desc="scoring", unit="batch", leave=False):
        output = loaded.network(batch.to(device))
        probabilities.append(output.logits.double().softmax(1)[:, 1].cpu().numpy())
        coverage.append((output.attention > loaded.config.threshold).double().mean(dim=(1, 2, 3)).cpu().numpy())
    return Scores(images.labels.numpy(), np.concatenate(probabilities), np.concatenate(coverage))
