"""Effect of blurring maps on PID by patch size, on a trained network (section 4.4)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from model.cli.gallery import picture_names
from model.evaluation.folder import Item, load_item
from model.evaluation.request import EvaluationRequest
from model.evaluation.tables.scores import Rows, ends_of
from model.explain.attention import Attention
from model.explain.explainer import Explainer
from model.explain.gradient import Gradient
from model.metrics.blanks import blank_image
from model.metrics.coarseness import BlurEffect, blur_effects
from model.metrics.statistics import mean_interval
from model.runtime.atomic_file import write_whole
from model.target_probability import probability_of
from training.experiments.page.blocks import Cell, Line, Section, Table, Text, cells
from training.experiments.page.words import interval_text
from training.experiments.report.blur_plot import MAP_TITLES, blur_plot
from training.experiments.report.measure import MeasuredRun

MAPS: dict[str, Explainer] = {"attention": Attention(), "gradient": Gradient()}
SIGMAS = 14  # per image height: σ is 16 px of 224, two cells of the attention map
FIGURES = ("insertion", "deletion", "pid")


def blur_rows(
    run: MeasuredRun, request: EvaluationRequest, items: Sequence[Item], out: Path
) -> tuple[Rows, dict[str, Any]]:
    """Measure the effect of a blur image by image; results in the folder are reused.

    Returns:
        One row per map and patch size: means over the images (`fine_insertion`, `blurred_pid` and so on) and
        `gain`, the increase in PID, with `low` and `high`. And the setting: `sigma_px`, `images`, `forwards`.
    """
    out.mkdir(parents=True, exist_ok=True)
    names = picture_names([item.path for item in items])
    sigma_px = run.loaded.config.height / SIGMAS
    setting = {"checkpoint": run.loaded.version, "patch_sizes": list(request.patch_sizes), "sigma_px": sigma_px}
    setting |= {"blank": request.blank, "target": request.target, "maps": list(MAPS)}
    documents = []
    for item in tqdm(items, desc="blur", unit="img", leave=False):
        path = out / f"{names[item.path]}.json"
        key = {**setting, "path": str(item.path)}
        documents.append(_known(path, key) or _measured(run, request, item, sigma_px, path, key))
    forwards = sum(score["forwards"] for document in documents for score in document["scores"])
    rows = [_row(scores) for scores in _grouped(documents)]
    return rows, {"sigma_px": sigma_px, "images": len(items), "forwards": forwards}


def blur_section(document: Mapping[str, Any]) -> Section:
    """Return the results of `blur_rows` as tables and a plot."""
    rows, setting = document["rows"], document["setting"]
    tables = [_table(name, [row for row in rows if row["map"] == name]) for name in MAPS]
    return Section("What coarse maps gain (section 4.4)", [Text(_lead(setting)), blur_plot(rows), *tables])


def _measured(
    run: MeasuredRun, request: EvaluationRequest, item: Item, sigma_px: float, path: Path, key: dict[str, Any]
) -> dict[str, Any]:
    loaded = run.loaded
    image = load_item(loaded, item)[0].to(next(loaded.network.parameters()).device)
    document = next(each for each in run.explained[request.protocol].documents if each["path"] == str(item.path))
    target = int(document["target"]["index"])
    scores = []
    for name, explain in MAPS.items():
        targets = torch.tensor([target], device=image.device)
        [saliency] = explain(loaded.network, image.unsqueeze(0), targets)
        effects = blur_effects(
            probability_of(loaded.network, target),
            image,
            saliency,
            blank_image(request.blank, image, loaded.preprocessing),
            patch_sizes=request.patch_sizes,
            sigma_px=sigma_px,
        )
        scores += [{"map": name, **_score(effect)} for effect in effects]
    found = {"key": key, "scores": scores}
    write_whole(path, json.dumps(found).encode())
    return found


def _score(effect: BlurEffect) -> dict[str, float]:
    pair = {"fine": effect.fine, "blurred": effect.blurred}
    figures = {
        f"{which}_{name}": value
        for which, found in pair.items()
        for name, value in zip(FIGURES, (found.insertion, found.deletion, found.score), strict=True)
    }
    forwards = effect.fine.forwards + effect.blurred.forwards
    return {"patch_size": effect.patch_size, **figures, "gain": effect.gain, "forwards": forwards}


def _known(path: Path, key: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if document.get("key") == key else None


def _grouped(documents: Sequence[Mapping[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return the scores of all images by map and patch size."""
    groups: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for document in documents:
        for score in document["scores"]:
            groups.setdefault((score["map"], score["patch_size"]), []).append(score)
    return list(groups.values())


def _row(scores: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = [f"{which}_{name}" for which in ("fine", "blurred") for name in FIGURES]
    gain = mean_interval([score["gain"] for score in scores])
    means = {name: sum(score[name] for score in scores) / len(scores) for name in names}
    first = {name: scores[0][name] for name in ("map", "patch_size")}
    return {**first, "images": len(scores), **means, "gain": gain.value, **ends_of(gain, len(scores))}


def _lead(setting: Mapping[str, Any]) -> str:
    return (
        "A fine map inserts single, scattered pixels, in which the network recognises little; a blurred copy "
        "inserts them spot by spot. If that is why small m overrates coarse maps, the blur must increase the area "
        "under insertion at small m, and the increase must vanish as patches grow. Here each "
        f'map is blurred by a Gaussian of σ = {setting["sigma_px"]:.0f} px, protocol "paper": '
        f"{setting['images']} images, at most 65 points a curve, {setting['forwards']:,} forwards in all. The "
        "attention map's cells are several pixels wide, so it is hardly a fine map; the gradient of the logit is "
        "as fine as the image."
    )


def _table(name: str, rows: Rows) -> Table:
    lines = [
        Line(
            [
                Cell(f"m = {row['patch_size']}"),
                *cells(*(f"{row[f'{which}_{figure}']:.3f}" for figure in FIGURES for which in ("fine", "blurred"))),
                Cell(f"{row['gain']:+.3f}", interval_text(row)),
            ]
        )
        for row in rows
    ]
    header = [
        "",
        *(f"{figure}, {which}" for figure in ("insertion", "deletion", "PID") for which in ("fine", "blurred")),
    ]
    caption = f"Areas under the curves of {MAP_TITLES[name]} and of its blurred copy; the gain in PID"
    return Table(caption, [*header, "gain"], lines)
