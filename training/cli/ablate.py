"""`python -m training ablate`: trains and scores variations of a configuration, beside the paper's Table 3."""

from __future__ import annotations

import argparse
from pathlib import Path

from tqdm import tqdm

from model.cli.arguments import at_least, names
from model.runtime.device import usable_device
from training.cli.arguments import (
    Commands,
    add_choice_arguments,
    add_requests_arguments,
    choice_of,
    requests_of,
)
from training.config import TrainingConfig
from training.experiments.ablation.document import write_tables
from training.experiments.ablation.run import Ablation, RunResult
from training.experiments.ablation.variations import KNOBS, variations


def add_command(commands: Commands) -> None:
    """Add the command with its options."""
    parser = commands.add_parser(
        "ablate",
        help="train and score variations of a configuration (Table 3); run again to resume",
        description="Each variation differs from the base in one respect; scored on validation images.",
    )
    parser.add_argument("config", type=Path, help="the base: TOML file of a single run")
    parser.add_argument("--data", type=Path, help="folder of the data set; generated data need none")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs and the tables")
    parser.add_argument(
        "--vary", type=names, default=(), metavar="NAMES", help=f"comma-separated, of {', '.join(KNOBS)} (all)"
    )
    parser.add_argument(
        "--seeds", type=at_least(1), default=1, metavar="N", help="runs of each, from the base's seed on"
    )
    parser.add_argument("--epochs", type=at_least(1), help="instead of the file's")
    parser.add_argument(
        "--pretrained", default="", metavar="CHECKPOINT", help='for "pretraining", if the base starts from none'
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    add_choice_arguments(parser)
    add_requests_arguments(parser)
    parser.set_defaults(methods=("attention",), command=run)


def run(options: argparse.Namespace) -> None:
    """Make all runs; the tables are rewritten after each of them."""
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
