"""`python -m training ablate`: variations of a configuration, trained, scored, beside the paper's Table 3."""

from __future__ import annotations

import argparse
import json
from typing import Any

from tqdm import tqdm

from model.evaluation.tables.rows import csv_text
from model.runtime.atomic_file import write_whole
from model.runtime.device import usable_device
from training.cli.arguments import choice_of, requests_of
from training.config import TrainingConfig
from training.experiments.ablation.run import Ablation, RunResult
from training.experiments.ablation.table import COLUMNS, ablation_rows, ablation_section, against_base
from training.experiments.ablation.variations import variations
from training.experiments.page.markdown import section_markdown
from training.experiments.published_results import IDRID, published_scores

DOCUMENT = "ablation.json"


def run(options: argparse.Namespace) -> None:
    """Make all runs; the tables are written behind each, so that there is something to look at."""
    base = TrainingConfig.read(options.config, {} if options.epochs is None else {"epochs": options.epochs})
    ablation = Ablation(
        variations=variations(base, options.vary, options.pretrained),
        seeds=range(base.run.seed, base.run.seed + options.seeds),
        root=None if base.data.generated else options.data,
        out=options.out,
        requests=requests_of(options, base.data.kind),
        choice=choice_of(options),
        device=usable_device(options.device),
    )
    results: list[RunResult] = []
    total = len(ablation.variations) * len(ablation.seeds)
    for result in tqdm(ablation.results(), total=total, desc="ablation", unit="run"):
        results.append(result)
        write_tables(ablation, results)
        auroc = result.figures["auroc"]["value"]
        tqdm.write(f"{result.variation}, seed {result.seed}: AUROC {auroc:.4f} -> {result.checkpoint}")
    print(options.out / "ablation.md")


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
