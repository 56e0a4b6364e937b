"""The paper's claims about its method, checked against our figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from model.evaluation.tables.comparison import p_value_text
from model.metrics.statistics import sign_flip_test
from training.experiments.page.blocks import Line, Section, Table, cells
from training.experiments.page.words import TITLES, interval_text
from training.experiments.published_results import PublishedScores

ORDER = (("attention", "rise"), ("rise", "lambda_attention"))
HOLDS, FAILS, OPEN = "holds", "does not hold: the reverse does", "undecided"
TOO_TIED = "does not count: too many patches are tied"
ALPHA = 0.05  # significance level


def claims_section(protocols: Mapping[str, Mapping[str, Any]], published: PublishedScores) -> Section | None:
    """Return a verdict on each claim at the paper's largest patch size; None if that was not measured."""
    lines = [
        Line(cells(*texts))
        for protocol, document in protocols.items()
        for texts in _verdicts(protocol, document, published)
    ]
    if not lines:
        return None
    caption = (
        "A claim holds, or its reverse does, where the 95 % interval over images and the sign-flip test (p under "
        f"{ALPHA:.2f}) both say so"
    )
    return Section(
        "The paper's claims", [Table(caption, ["claim", "protocol", "here", "interval, p", "verdict"], lines)]
    )


def _verdicts(protocol: str, document: Mapping[str, Any], published: PublishedScores) -> Iterator[tuple[str, ...]]:
    patch_size = published.sizes[-1]
    counting = {row["method"]: row for row in document["rows"] if row["patch_size"] == patch_size}
    for row in document["differences"]:
        pair = (row["first"], row["second"])
        if row["patch_size"] == patch_size and pair in ORDER:
            claim = f"{TITLES[pair[0]]} over {TITLES[pair[1]]} at m = {patch_size}"
            verdict = _verdict(row, 0.0, row["p_holm"], counts=all(counting[method]["counts"] for method in pair))
            said = f"{interval_text(row)}, {p_value_text(row['p_holm'])}"
            yield claim, protocol, f"{row['difference']:+.3f}", said, verdict
    wanted = published.mean("attention", patch_size)
    if wanted is not None and "attention" in counting:
        row = counting["attention"]
        claim = f"LABN's PID is {wanted:.3f} at m = {patch_size}, or more"
        p_value = sign_flip_test(np.array(row["of_images"]) - wanted)
        said = f"{interval_text(row)}, {p_value_text(p_value)}"
        yield claim, protocol, f"{row['pid']:.3f}", said, _verdict(row, wanted, p_value, counts=row["counts"])


def _verdict(row: Mapping[str, Any], than: float, p_value: float, *, counts: bool) -> str:
    if not counts:
        return TOO_TIED
    if p_value >= ALPHA or row["low"] is None or row["low"] <= than <= row["high"]:
        return OPEN
    return HOLDS if row["low"] > than else FAILS
