"""Model card of a shipped checkpoint: Markdown beside the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from model.checkpoint import LoadedCheckpoint, load_checkpoint, save_checkpoint
from training.config import TrainingConfig
from training.scoring.card_words import card_words, check_kind
from training.scoring.classification import EvaluationSplit, evaluate

_SPLITS: tuple[EvaluationSplit, ...] = ("validation", "test")

_TEMPLATE = """# Model card: {name}

A Lambda Attention Branch Network (preset `{preset}` at {height}x{width} px, {parameters:,} parameters). It
distinguishes **{positive}** from **{negative}** in {words.pictures} and shows which regions it used.

{words.warning}

## Data
{words.data}
## Figures
{table}

Intervals: 95 %, percentile bootstrap within classes, 2,000 rounds. The operating point is the Youden point of the
validation split. {words.doubt}

## Explanations
The attention map's threshold is θ = {threshold}. On the test split it exceeds θ on {coverage:.1%} of the cells of
positives and on {coverage_negative:.1%} of those of negatives. {without:.1%} of the images have no cell above θ:
the network's bias alone decides about them.

## How it was made
```
{command}
```
Seed {seed}, code revision {revision}, best epoch {epoch}. The full configuration is in the checkpoint:
`python -m model inspect {file}`.
"""


def ship(checkpoint: Path, out: Path, root: Path | None, commands: list[str]) -> None:
    """Evaluate a checkpoint, write it with the figures in its metadata, and write its model card.

    Args:
        checkpoint: of a run on IDRiD or on generated magnetograms.
        out: new checkpoint; the model card has the same name with `.md`.
        root: folder of the data set; generated data need none.
        commands: with which it was made.

    Raises:
        CheckpointError: not a checkpoint, or one that was not trained here.
        DatasetError: the data cannot be used, or model cards do not cover their kind.
    """
    folded, loaded = load_checkpoint(checkpoint), load_checkpoint(checkpoint, folded=False)
    config = TrainingConfig.of_checkpoint(folded)
    check_kind(config.data.kind)
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
    coverage = card["evaluations"]["test"]["attention_coverage"]
    return _TEMPLATE.format(
        name=out.stem,
        preset=loaded.config.preset,
        height=loaded.config.height,
        width=loaded.config.width,
        parameters=sum(p.numel() for p in loaded.network.parameters()),
        negative=loaded.labels[0],
        positive=loaded.labels[1],
        words=card_words(card),
        table=_table(card["evaluations"]),
        threshold=loaded.config.threshold,
        coverage=coverage["of_positives"],
        coverage_negative=coverage["of_negatives"],
        without=coverage["images_without_any"],
        command="\n".join(card["commands"]),
        seed=card["seed"],
        revision=card["code_revision"],
        epoch=card["epoch"],
        file=f"checkpoints/{out.name}",
    )


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
            ("true skill statistic at 0.5", "true_skill_statistic"),
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
