"""The model card: a shipped checkpoint's figures in words, beside the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from model.checkpoint import LoadedCheckpoint, load_checkpoint, save_checkpoint
from training.config import TrainingConfig
from training.errors import DatasetError
from training.evaluation import EvaluationSplit, evaluate

_SPLITS: tuple[EvaluationSplit, ...] = ("validation", "test")

_TEMPLATE = """# Model card: {name}

A Lambda Attention Branch Network (preset `{preset}`, {parameters:,} parameters) that tells **{positive}** from
**{negative}** in colour fundus photographs, and shows where it looked.

**Not a medical device.** It has learnt from {training_images} photographs of one clinic and must not be used
for diagnosis. Its attention map shows what gated the network's features, not what a physician would call a lesion.

## Data
IDRiD, the Indian Diabetic Retinopathy Image Dataset (Porwal et al., 2018, doi:10.3390/data3030025), licence
CC BY 4.0, scaled to 644x428 px. Grade 0 is negative, grades 1-4 are positive. Training {training}, validation
{validation} (images a class, split by seed, byte-identical images never parted). The official test split is used
without image 064, which is byte-identical to training image 118 under another grade. Everything was chosen on
validation.
{pretraining}
## Figures
{table}

Intervals: 95 %, percentile bootstrap within classes, 2,000 rounds. The operating point is the Youden point of the
validation split. A test split of {test_images} images is small, and it differs from the training split in cameras
and light: read the intervals, not the digits.

## Explanations
The attention map has θ = {threshold}. On the test split it is over θ on {coverage:.1%} of the cells of positives
and on {coverage_negative:.1%} of those of negatives; {without:.1%} of the images have no cell over θ: what then
decides is the network's bias alone.

## How it was made
```
{command}
```
Seed {seed}, code revision {revision}, best epoch {epoch}. The full configuration is in the checkpoint:
`python -m model inspect {file}`.
"""


def ship(checkpoint: Path, out: Path, root: Path, commands: list[str]) -> None:
    """Evaluate a checkpoint; write it with its figures in its card, and the card in words beside it.

    Args:
        checkpoint: of a run on IDRiD, the only data whose card there is.
        out: the new checkpoint; the words go to the same name with `.md`.
        root: folder of the data set.
        commands: how it was made.

    Raises:
        CheckpointError: not a checkpoint, or one that was not trained here.
        DatasetError: the data cannot be used, or it was trained on others than IDRiD.
    """
    folded, loaded = load_checkpoint(checkpoint), load_checkpoint(checkpoint, folded=False)
    config = TrainingConfig.of_checkpoint(folded)
    if config.data.kind != "idrid":
        raise DatasetError(f"the model card is written for IDRiD, the checkpoint's data are {config.data.kind!r}")
    evaluations = {split: evaluate(folded, config, root, split) for split in _SPLITS}
    card = {**loaded.card, "evaluations": evaluations, "commands": commands}
    save_checkpoint(
        out,
        loaded.network,
        preprocessing=loaded.preprocessing,
        labels=loaded.labels,
        card=card,
        statistics=loaded.statistics,
    )
    out.with_suffix(".md").write_text(_in_words(loaded, out, card), encoding="utf-8")


def _in_words(loaded: LoadedCheckpoint, out: Path, card: dict[str, Any]) -> str:
    test, data = card["evaluations"]["test"], card["data"]
    pretrained = card["training"]["run"]["initialise_from"]
    return _TEMPLATE.format(
        name=out.stem,
        preset=loaded.config.preset,
        parameters=sum(p.numel() for p in loaded.network.parameters()),
        negative=loaded.labels[0],
        positive=loaded.labels[1],
        training_images=sum(data["training"].values()),
        training=_counts(data["training"]),
        validation=_counts(data["validation"]),
        pretraining=lessons(data, pretrained=bool(pretrained)),
        table=_table(card["evaluations"]),
        test_images=test["images"],
        threshold=loaded.config.threshold,
        coverage=test["attention_coverage"]["of_positives"],
        coverage_negative=test["attention_coverage"]["of_negatives"],
        without=test["attention_coverage"]["images_without_any"],
        command="\n".join(card["commands"]),
        seed=card["seed"],
        revision=card["code_revision"],
        epoch=card["epoch"],
        file=f"checkpoints/{out.name}",
    )


_PRETRAINING = """
Before that it was trained on generated photographs (`python -m training generate fundus` shows such images), with
the exact lesion masks as a target of its attention.
"""
_GENERATED = """
Each batch held generated photographs too ({count:,} in all), with their exact lesion masks as a target of its
attention.
"""
_MASKED = """
Lesion masks of {count} real training photographs were a target of its attention; grade 0 counted as free of
lesions.
"""
_UNMASKED = """
No lesion mask of a real photograph was used.
"""


def lessons(data: dict[str, Any], *, pretrained: bool) -> str:
    """Say what else it has learnt from."""
    generated, masked = data.get("generated", 0), data.get("masked", 0)
    sentences = [_PRETRAINING] if pretrained else []
    sentences += [_GENERATED.format(count=generated)] if generated else []
    if sentences or masked:
        sentences.append(_MASKED.format(count=masked) if masked else _UNMASKED)
    return "".join(sentences)


def _counts(counts: dict[str, int]) -> str:
    return " + ".join(str(counts[label]) for label in sorted(counts))


def _table(evaluations: dict[str, dict[str, Any]]) -> str:
    def figure(value: dict[str, float]) -> str:
        return f"{value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f})"

    def row(title: str, cells: list[str]) -> str:
        return f"| {title} | {' | '.join(cells)} |"

    splits = list(evaluations.values())
    point = [split["operating_point"] for split in splits]
    rows = [
        row(
            "", [f"{split['split']} ({split['images']} images, {split['positives']} positive)" for split in splits]
        ),
        "|---" * (len(splits) + 1) + "|",
    ]
    rows += [
        row(title, [figure(split[key]) for split in splits])
        for title, key in (
            ("AUROC", "auroc"),
            ("accuracy at 0.5", "accuracy"),
            ("balanced accuracy at 0.5", "balanced_accuracy"),
            ("sensitivity at 0.5", "sensitivity"),
            ("specificity at 0.5", "specificity"),
        )
    ]
    rows += [
        row(f"{title} at {point[0]['threshold']:.3f}", [figure(values[key]) for values in point])
        for title, key in (("sensitivity", "sensitivity"), ("specificity", "specificity"))
    ]
    calibration = [split["calibration"] for split in splits]
    rows.append(row("Brier score", [f"{values['brier']:.3f}" for values in calibration]))
    rows.append(
        row("expected calibration error", [f"{values['expected_calibration_error']:.3f}" for values in calibration])
    )
    return "\n".join(rows)
