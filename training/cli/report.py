"""`python -m training report`: Table 2 of the paper with figures of ours, as Markdown, HTML and JSON."""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path

from model.cli.arguments import at_least
from model.runtime.atomic_file import write_whole
from model.runtime.device import usable_device
from training.cli.arguments import (
    Commands,
    add_choice_arguments,
    add_requests_arguments,
    choice_of,
    requests_of,
)
from training.experiments.published_results import published_scores
from training.experiments.report.blur import blur_rows
from training.experiments.report.document import report_document, shown_items
from training.experiments.report.measure import Measurements, one_configuration
from training.experiments.report.qualitative import qualitative_picture
from training.experiments.report.sections import read_ablation, report_page, write_page


def add_command(commands: Commands) -> None:
    """Add the command with its options."""
    parser = commands.add_parser(
        "report",
        help="Table 2 with the paper's figures beside ours, and more, as Markdown and HTML; resumable",
        description="Several checkpoints are seeds or folds of one configuration: mean and standard deviation.",
    )
    parser.add_argument(
        "checkpoints", type=Path, nargs="+", metavar="CHECKPOINT", help="runs of one configuration, by seed or fold"
    )
    parser.add_argument("--data", type=Path, help="folder of the data set; generated data need none")
    parser.add_argument("--out", type=Path, required=True, help="folder of the report and its intermediate results")
    parser.add_argument("--split", choices=["validation", "test"], default="validation")
    parser.add_argument("--ablation", type=Path, metavar="DIR", help="the --out of `ablate`, for Table 3")
    parser.add_argument(
        "--pictures", type=at_least(1), default=4, metavar="N", help="images in the qualitative figure"
    )
    parser.add_argument(
        "--blur",
        type=at_least(0),
        default=4,
        metavar="N",
        help="images whose maps are blurred (section 4.4), about 500 forwards each a patch size; 0: none",
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    add_choice_arguments(parser)
    add_requests_arguments(parser)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Measure what is missing and write the report."""
    config = one_configuration(options.checkpoints)
    requests = requests_of(options, config.data.kind)
    ablation = read_ablation(options.ablation) if options.ablation else None
    measurements = Measurements(
        root=options.data,
        split=options.split,
        requests=requests,
        choice=choice_of(options),
        out=options.out,
        device=usable_device(options.device),
    )
    runs = [measurements.of(path) for path in options.checkpoints]
    command = shlex.join(["python", "-m", "training", *options.typed])
    document = report_document(runs, requests, split=options.split, command=command)
    shown = shown_items(runs[0], requests[0])
    pictured = qualitative_picture(runs[0], requests[0], shown[: options.pictures])
    if options.blur:
        rows, setting = blur_rows(runs[0], requests[0], shown[: options.blur], options.out / "blur")
        document["blur"] = {"rows": rows, "setting": setting}
    page = report_page(document, published_scores(config.data.kind), pictured, ablation)
    write_whole(options.out / "report.json", json.dumps(document, indent=1, ensure_ascii=False).encode())
    write_page(page, options.out)
    print(options.out / "report.html")
