"""Provenance section of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.experiments.page.blocks import Line, Section, Table, Text, cells


def provenance_section(document: Mapping[str, Any]) -> Section:
    """Return the checkpoints, command, images and settings of report.json."""
    runs = document["runs"]
    lines = [
        Line(
            cells(
                run["version"],
                run["name"],
                str(run["epoch"]),
                run["code_revision"],
                str(len(run["images"])),
                run["path"],
            )
        )
        for run in runs
    ]
    header = ["version", "run", "best epoch", "trained by", "images", "file"]
    images = sorted({name for run in runs for name in run["images"]})
    request = document["requests"][0]
    settings = ", ".join(
        f"{name} {request[name]}" for name in ("step", "blank", "rise_masks", "random_orders", "seed")
    )
    left_out = [sentence for run in runs for sentence in run["left_out"]]
    said = [
        f"Command: {document['command']}",
        f"Images ({len(images)}, targets their own classes unless one is named): {', '.join(images)}.",
        f"Settings: {settings}, target {request['target'] or 'each its own class'}.",
        f"Measured by code revision {document['code_revision']}, torch {document['torch']}, {document['device']}.",
        *(["Left out: " + "; ".join(left_out)] if left_out else []),
    ]
    return Section("Provenance", [Table("Checkpoints", header, lines), *map(Text, said)])
