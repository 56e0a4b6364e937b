"""Evaluations of many images in a folder; what is there is not computed again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor
from tqdm import tqdm

from model.checkpoint import LoadedCheckpoint
from model.errors import ImageError, MetricError, NonFiniteOutput
from model.evaluation.bar import Bar
from model.evaluation.evaluate import evaluate_image
from model.evaluation.picture import draw
from model.evaluation.report import write_report
from model.evaluation.request import EvaluationRequest
from model.evaluation.result import Evaluation
from model.evaluation.strip import draw_strip
from model.evaluation.table import curves_csv, without_curves
from model.gallery import picture_names
from model.image import decode_size, read_image, to_pixels, to_tensor
from model.mask import read_masks
from model.metrics.blanks import blank_image
from model.whole_file import write_whole


@dataclass(frozen=True)
class Item:
    """An image of a set."""

    path: Path
    masks: tuple[Path, ...] = ()  # bright where the evidence lies
    target: str | None = None  # a label, or an index: instead of the request's


@dataclass(frozen=True)
class EvaluationFolder:
    """Results of one request: NAME.json, .curves.csv, .png and .strip.png for each image, a report for all."""

    loaded: LoadedCheckpoint
    request: EvaluationRequest
    out: Path

    def lines(self, items: Sequence[Item]) -> Iterator[dict[str, Any]]:
        """Yield each image's scores, or its `path` and `error`; at the end write the report.

        Raises:
            ConfigurationError: the network has no such target.
            MetricError: the protocol has no step for this network's images.
        """
        self.request.target_index(self.loaded.labels)
        self.out.mkdir(parents=True, exist_ok=True)
        each = self.request.forwards(self.loaded.config.height, self.loaded.config.width)
        documents, names = [], picture_names([item.path for item in items])
        with tqdm(total=each * len(items), unit="fwd", unit_scale=True, disable=None, leave=False) as shown:
            bar = Bar(shown, each)
            for item in items:
                try:
                    document, is_old = self._document(item, names[item.path], bar)
                except (ImageError, MetricError, NonFiniteOutput) as error:
                    bar.skip()
                    yield {"path": str(item.path), "error": str(error)}
                    continue
                documents.append(without_curves(document))
                yield _line(documents[-1], is_old)
        if documents:
            write_report(self.out, documents)

    def _document(self, item: Item, name: str, bar: Bar) -> tuple[dict[str, Any], bool]:
        """Return an image's result, and whether it was there already.

        Raises:
            ImageError: the image or its mask cannot be used.
            MetricError: a map is not finite.
            NonFiniteOutput: the network overflowed.
        """
        request = replace(self.request, target=item.target or self.request.target)
        digests = {"sha256": _digest(item.path), "mask_sha256": _digest(*item.masks) if item.masks else None}
        known = self._known(name, digests, request)
        if known is not None:
            bar.skip()
            return known | {"path": str(item.path)}, True
        image, mask = self._load(item)
        evaluation = evaluate_image(self.loaded, image, request, bar.tell, mask)
        bar.finish()
        document = {"path": str(item.path), **digests, **evaluation.to_dict()}
        self._draw(evaluation, image, name)
        write_whole(self.out / f"{name}.curves.csv", curves_csv(document).encode())
        whole = json.dumps(document, ensure_ascii=False).encode()
        write_whole(self.out / f"{name}.json", whole)  # last: all else is there
        return document, False

    def _load(self, item: Item) -> tuple[Tensor, Tensor | None]:
        """Decode an image (C, H, W) and its mask (H, W)."""
        preprocessing = self.loaded.preprocessing
        picture = read_image(item.path, preprocessing.mode, at_least=decode_size(preprocessing))
        mask = read_masks(item.masks, picture, preprocessing) if item.masks else None
        return to_tensor(picture, preprocessing)[0], mask

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
            found = provenance["checkpoint"], provenance["request"], {key: document.get(key) for key in digests}
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return document if found == (self.loaded.version, request.to_dict(), digests) else None


def _digest(*paths: Path) -> str:
    """Return the sha256 of files, one behind the other.

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
