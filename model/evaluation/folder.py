"""Evaluation of many images into a folder; existing results are kept."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from torch import Tensor
from tqdm import tqdm

from model.checkpoint import LoadedCheckpoint
from model.cli.gallery import picture_names
from model.cli.progress_bar import Bar
from model.errors import ConfigurationError, ImageError, MetricError, NonFiniteOutput
from model.evaluation.evaluate import FORMAT, evaluate_image
from model.evaluation.figures.insertion_sequence import draw_strip
from model.evaluation.figures.summary import draw
from model.evaluation.report import REPORT, remove_report, write_report
from model.evaluation.request import EvaluationRequest
from model.evaluation.result import Evaluation
from model.evaluation.tables.scores import curves_csv, without_curves
from model.images.mask import read_masks
from model.images.preprocessing import decode_size, read_image, to_pixels, to_tensor
from model.metrics.blanks import blank_image
from model.runtime.atomic_file import write_whole

SUFFIXES = (".json", ".curves.csv", ".png", ".strip.png")  # of the files of an image
NOT_FINITE = "the network overflowed on this image, or on it with patches missing"


@dataclass(frozen=True)
class Item:
    """An image of a set."""

    path: Path
    masks: tuple[Path, ...] = ()  # bright where the evidence lies, in their union
    target: str | None = None  # a label, or an index: where the request names none


@dataclass(frozen=True)
class EvaluationFolder:
    """Results of one request: NAME.json, .curves.csv, .png and .strip.png for each image, a report for all."""

    loaded: LoadedCheckpoint
    request: EvaluationRequest
    out: Path

    def lines(self, items: Sequence[Item]) -> Iterator[dict[str, Any]]:
        """Yield each image's scores, or its `path` and `error`; at the end write the report.

        Raises:
            ConfigurationError: the network has no such target, or results would lie upon images.
            MetricError: a curve would have a single point.
            OSError: the folder cannot be written.
        """
        self.request.target_index(self.loaded.labels)
        each = self.request.forwards(self.loaded.config.height, self.loaded.config.width)
        documents, names = [], picture_names([item.path for item in items])
        self._prepare(items, names.values())
        with tqdm(total=each * len(items), unit="fwd", unit_scale=True, disable=None, leave=False) as shown:
            bar = Bar(shown, each)
            for item in items:
                try:
                    document, is_old = self._document(item, names[item.path], bar)
                except (ImageError, MetricError, NonFiniteOutput) as error:
                    bar.skip()
                    said = NOT_FINITE if isinstance(error, NonFiniteOutput) else str(error)
                    yield {"path": str(item.path), "error": said}
                    continue
                documents.append(without_curves(document))
                yield _line(documents[-1], is_old)
        if documents:
            write_report(self.out, documents)

    def _prepare(self, items: Sequence[Item], names: Iterable[str]) -> None:
        """Create the folder; check that it can be written and that no result overwrites another file."""
        self.out.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=self.out).close()
        results = Counter([*REPORT, *(name + suffix for name in names for suffix in SUFFIXES)])
        inputs = {path.resolve() for item in items for path in (item.path, *item.masks)}
        folder = self.out.resolve()
        if taken := [name for name, times in results.items() if times > 1 or folder / name in inputs]:
            raise ConfigurationError(f"{self.out / taken[0]} would be written over: choose another folder or name")
        remove_report(self.out)

    def _document(self, item: Item, name: str, bar: Bar) -> tuple[dict[str, Any], bool]:
        """Return an image's result, and whether it was there already.

        Raises:
            ImageError: the image or its mask cannot be used.
            MetricError: a map is not finite.
            NonFiniteOutput: the network overflowed.
        """
        request = replace(self.request, target=self.request.target or item.target)
        digests: dict[str, str | None] = {
            "sha256": _digest(item.path),
            "mask_sha256": _digest(*item.masks) if item.masks else None,
        }
        known = self._known(name, digests, request)
        if known is not None:
            bar.skip()
            return known | {"path": str(item.path)}, True
        (self.out / f"{name}.json").unlink(missing_ok=True)  # it says that all else is there
        image, mask = load_item(self.loaded, item)
        evaluation = evaluate_image(self.loaded, image, request, bar.tell, mask)
        bar.finish()
        document = {"path": str(item.path), **digests, **evaluation.to_dict()}
        self._draw(evaluation, image, name)
        write_whole(self.out / f"{name}.curves.csv", curves_csv(document).encode())
        write_whole(self.out / f"{name}.json", json.dumps(document, ensure_ascii=False).encode())
        return document, False

    def _draw(self, evaluation: Evaluation, image: Tensor, name: str) -> None:
        preprocessing = self.loaded.preprocessing
        pixels = to_pixels(image, preprocessing)
        draw(evaluation, pixels, self.out / f"{name}.png")
        blank = to_pixels(blank_image(self.request.blank, image, preprocessing), preprocessing)
        draw_strip(evaluation, pixels, blank, self.out / f"{name}.strip.png")

    def _known(
        self, name: str, digests: Mapping[str, str | None], request: EvaluationRequest
    ) -> dict[str, Any] | None:
        """Return the result of the same image, mask, request and checkpoint, if it has been written."""
        try:
            document: dict[str, Any] = json.loads((self.out / f"{name}.json").read_text(encoding="utf-8"))
            provenance = document["provenance"]
            found = [provenance[name] for name in ("checkpoint", "request", "format")]
            of_files = {name: document[name] for name in digests}
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        wanted = [self.loaded.version, request.to_dict(), FORMAT]
        return document if (found, of_files) == (wanted, digests) else None


def load_item(loaded: LoadedCheckpoint, item: Item) -> tuple[Tensor, Tensor | None]:
    """Decode an image (C, H, W), normalised, and its mask (H, W), if it has one.

    Raises:
        ImageError: one cannot be used.
    """
    preprocessing = loaded.preprocessing
    picture = read_image(item.path, preprocessing.mode, at_least=decode_size(preprocessing))
    mask = read_masks(item.masks, picture, preprocessing) if item.masks else None
    return to_tensor(picture, preprocessing)[0], mask


def _digest(*paths: Path) -> str:
    """Return the sha256 of the concatenated files.

    Raises:
        ImageError: one cannot be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        try:
            digest.update(path.read_bytes())
        except OSError as error:
            raise ImageError(f"{path}: {error.strerror}") from error
    return digest.hexdigest()


def _line(document: Mapping[str, Any], is_old: bool) -> dict[str, Any]:
    """Return an image's scores without curves, method by patch size."""
    request = document["provenance"]["request"]
    return {
        "path": document["path"],
        **{name: document[name] for name in ("target", "p_full", "p_blank")},
        **{name: request[name] for name in ("protocol", "step", "blank")},
        "pid": {
            name: {str(score["patch_size"]): score["pid"] for score in method["scores"]}
            for name, method in document["methods"].items()
        },
        "warnings": document["warnings"],
        "resumed": is_old,
    }
