"""Page of a report: its sections in their order, written as report.html and report.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from model.runtime.atomic_file import write_whole
from training.errors import DatasetError
from training.experiments.ablation.document import DOCUMENT as ABLATION_DOCUMENT
from training.experiments.ablation.table import ablation_section
from training.experiments.page.blocks import Page, Picture, Section
from training.experiments.page.html import page_html
from training.experiments.page.markdown import page_markdown, picture_files
from training.experiments.published_results import PublishedScores
from training.experiments.report.blur import blur_section
from training.experiments.report.claims import claims_section
from training.experiments.report.figures import figures_section
from training.experiments.report.provenance import provenance_section
from training.experiments.report.scores import localisation_section, scores_section
from training.experiments.report.size_plot import size_plot


def report_page(
    document: dict[str, Any], published: PublishedScores | None, pictured: Picture, ablation: dict[str, Any] | None
) -> Page:
    """Return the page of report.json, with the qualitative figure and, if given, ablation.json."""
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
    """Write report.html, with everything in one file, and report.md with its pictures beside it."""
    write_whole(out / "report.html", page_html(page).encode())
    write_whole(out / "report.md", page_markdown(page).encode())
    for name, content in picture_files(page).items():
        write_whole(out / name, content)


def read_ablation(folder: Path) -> dict[str, Any]:
    """Read ablation.json.

    Raises:
        DatasetError: it is missing or damaged.
    """
    path = folder / ABLATION_DOCUMENT
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error
    return document
