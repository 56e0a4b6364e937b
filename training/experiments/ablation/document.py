"""Results of an ablation so far, as ablation.json, .csv and .md."""

from __future__ import annotations

import json
from typing import Any

from model.evaluation.tables.rows import csv_text
from model.runtime.atomic_file import write_whole
from training.experiments.ablation.run import Ablation, RunResult
from training.experiments.ablation.table import COLUMNS, ablation_rows, ablation_section, against_base
from training.experiments.page.markdown import section_markdown
from training.experiments.published_results import IDRID, published_scores

DOCUMENT = "ablation.json"


def write_tables(ablation: Ablation, results: list[RunResult]) -> None:
    """Write ablation.json, .csv and .md of the runs so far."""
    rows = ablation_rows(ablation.variations, results)
    document = _document(ablation, results) | {"rows": rows, "differences": against_base(results)}
    write_whole(ablation.out / DOCUMENT, json.dumps(document, indent=1, ensure_ascii=False).encode())
    write_whole(ablation.out / "ablation.csv", csv_text(COLUMNS, rows).encode())
    write_whole(ablation.out / "ablation.md", f"{section_markdown(ablation_section(document))}\n".encode())


def _document(ablation: Ablation, results: list[RunResult]) -> dict[str, Any]:
    base = ablation.variations[0].config
    return {
        "base": base.to_dict(),
        "data": base.data.kind,
        "beside": published_scores(base.data.kind) is IDRID,
        "seeds": list(dict.fromkeys(result.seed for result in results)),
        "runs": [
            {
                "variation": result.variation,
                "seed": result.seed,
                "checkpoint": result.checkpoint,
                "best_epoch": result.best_epoch,
                "figures": result.figures,
            }
            for result in results
        ],
    }
