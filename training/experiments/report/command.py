"""`python -m training report`: Table 2 and what belongs to it, as report.md, report.html and report.json."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from model.evaluation.folder import Item
from model.evaluation.request import EvaluationRequest
from model.runtime.atomic_file import write_whole
from model.runtime.device import usable_device
from training.cli.arguments import choice_of, requests_of
from training.errors import DatasetError
from training.experiments.ablation.command import DOCUMENT as ABLATION_DOCUMENT
from training.experiments.ablation.table import ablation_section
from training.experiments.page.blocks import Page, Picture, Section
from training.experiments.page.html import page_html
from training.experiments.page.markdown import page_markdown, picture_files
from training.experiments.published_results import PublishedScores, published_scores
from training.experiments.report.blur import blur_rows, blur_section
from training.experiments.report.claims import claims_section
from training.experiments.report.figures import figures_section
from training.experiments.report.measure import MeasuredRun, Measurements, one_configuration
from training.experiments.report.provenance import provenance_section
from training.experiments.report.qualitative import qualitative_picture
from training.experiments.report.scores import localisation_section, scores_document, scores_section
from training.experiments.report.size_plot import size_plot
from training.fit.record import code_revision


def run(options: argparse.Namespace) -> None:
    """Measure what is missing and write the report."""
    config = one_configuration(options.checkpoints)
    requests = requests_of(options, config.data.kind)
    ablation = _ablation(options.ablation) if options.ablation else None
    measurements = Measurements(
        root=options.data,
        split=options.split,
        requests=requests,
        choice=choice_of(options),
        out=options.out,
        device=usable_device(options.device),
    )
    runs = [measurements.of(path) for path in options.checkpoints]
    document = _document(options, requests, runs)
    published = published_scores(config.data.kind)
    shown = _shown(runs[0], requests[0])
    pictured = qualitative_picture(runs[0], requests[0], shown[: options.pictures])
    if options.blur:
        rows, setting = blur_rows(runs[0], requests[0], shown[: options.blur], options.out / "blur")
        document["blur"] = {"rows": rows, "setting": setting}
    page = report_page(document, published, pictured, ablation)
    write_whole(options.out / "report.json", json.dumps(document, indent=1, ensure_ascii=False).encode())
    write_page(page, options.out)
    print(options.out / "report.html")


def report_page(
    document: dict[str, Any], published: PublishedScores | None, pictured: Picture, ablation: dict[str, Any] | None
) -> Page:
    """Return the page of report.json, with the qualitative figure and ablation.json where there is one."""
    protocols = document["protocols"]
    first = next(iter(protocols.values()))
    sections = [
        scores_section(protocols, published, [size_plot(protocols, published)]),
        claims_section(protocols, published) if published else None,
        Section("Maps", [pictured]),
        localisation_section(first),
        figures_section(document["runs"]),
        blur_section(document["blur"]) if "blur" in document else None,
        ablation_section(ablation) if ablation else None,
        provenance_section(document),
    ]
    runs = ", ".join(run["name"] for run in document["runs"])
    lead = (
        f"Lambda Attention Branch Network, preset {document['preset']}, {runs}: {document['split']} split, "
        f"{first['images']} images explained."
    )
    return Page(f"LABN: {document['name']}", lead, [section for section in sections if section])


def write_page(page: Page, out: Path) -> None:
    """Write report.html, which holds all, and report.md with its pictures beside it."""
    write_whole(out / "report.html", page_html(page).encode())
    write_whole(out / "report.md", page_markdown(page).encode())
    for name, content in picture_files(page).items():
        write_whole(out / name, content)


def _document(
    options: argparse.Namespace, requests: Sequence[EvaluationRequest], runs: Sequence[MeasuredRun]
) -> dict[str, Any]:
    first = runs[0].loaded
    return {
        "name": f"{first.config.preset} on {first.card['data']['dataset']}",
        "preset": first.config.preset,
        "split": options.split,
        "command": shlex.join(["python", "-m", "training", *options.typed]),
        "code_revision": code_revision(),
        "torch": torch.__version__,
        "device": next(first.network.parameters()).device.type,
        "requests": [request.to_dict() for request in requests],
        "runs": [_run(each) for each in runs],
        "protocols": {
            request.protocol: scores_document([each.explained[request.protocol].documents for each in runs])
            for request in requests
        },
    }


def _run(measured: MeasuredRun) -> dict[str, Any]:
    card = measured.loaded.card
    left_out = [each for explained in measured.explained.values() for each in explained.left_out]
    return {
        "path": str(measured.path),
        "version": measured.loaded.version,
        "name": measured.name,
        "seed": card["seed"],
        "epoch": card["epoch"],
        "code_revision": card["code_revision"],
        "figures": measured.figures,
        "images": [item.path.name for item in measured.items],
        "left_out": list(dict.fromkeys(left_out)),
    }


def _shown(measured: MeasuredRun, request: EvaluationRequest) -> list[Item]:
    """Return the items that could be used, those with a mask first."""
    used = {document["path"] for document in measured.explained[request.protocol].documents}
    items = [item for item in measured.items if str(item.path) in used]
    return sorted(items, key=lambda item: not item.masks)


def _ablation(folder: Path) -> dict[str, Any]:
    """Read ablation.json.

    Raises:
        DatasetError: there is none, or it is damaged.
    """
    path = folder / ABLATION_DOCUMENT
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error
    return document
