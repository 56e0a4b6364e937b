"""Evaluations of many images in a folder; what is there is not computed again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from model.checkpoint import LoadedCheckpoint
from model.errors import ImageError, MetricError, NonFiniteOutput
from model.evaluation import evaluate_image
from model.evaluation_request import EvaluationRequest
from model.gallery import picture_names
from model.image import decode_size, read_image, to_pixels, to_tensor
from model.pid_picture import draw
from model.pid_table import curves_csv, table_csv, table_markdown, without_curves
from model.whole_file import write_whole


@dataclass(frozen=True)
class EvaluationFolder:
    """Results of one request, NAME.json, .curves.csv and .png for each image, table.csv and table.md for all."""

    loaded: LoadedCheckpoint
    request: EvaluationRequest
    out: Path

    def lines(self, paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
        """Yield each image's scores, or its `path` and `error`; at the end write the tables.

        Raises:
            ConfigurationError: the network has no such target.
            MetricError: the protocol has no step for this network's images.
        """
        self.request.target_index(self.loaded.labels)
        each = self.request.forwards(self.loaded.config.height, self.loaded.config.width)
        documents, names = [], picture_names(paths)
        with tqdm(total=each * len(paths), unit="fwd", unit_scale=True, disable=None, leave=False) as shown:
            bar = Bar(shown, each)
            for path in paths:
                try:
                    document, is_old = self._document(path, names[path], bar)
                except (ImageError, MetricError, NonFiniteOutput) as error:
                    bar.skip()
                    yield {"path": str(path), "error": str(error)}
                    continue
                documents.append(without_curves(document))
                yield _line(documents[-1], is_old)
        if documents:
            write_whole(self.out / "table.csv", table_csv(documents).encode())
            write_whole(self.out / "table.md", table_markdown(documents).encode())

    def _document(self, path: Path, name: str, bar: Bar) -> tuple[dict[str, Any], bool]:
        """Return an image's result, and whether it was there already.

        Raises:
            ImageError: the file cannot be used.
            MetricError: a map is not finite.
            NonFiniteOutput: the network overflowed.
        """
        picture = read_image(path, self.loaded.preprocessing.mode, at_least=decode_size(self.loaded.preprocessing))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        known = self._known(name, digest)
        if known is not None:
            bar.skip()
            return known | {"path": str(path)}, True
        image = to_tensor(picture, self.loaded.preprocessing)[0]
        evaluation = evaluate_image(self.loaded, image, self.request, bar.tell)
        bar.finish()
        document = {"path": str(path), "sha256": digest, **evaluation.to_dict()}
        draw(evaluation, to_pixels(image, self.loaded.preprocessing), self.out / f"{name}.png")
        write_whole(self.out / f"{name}.curves.csv", curves_csv(document).encode())
        write_whole(
            self.out / f"{name}.json", json.dumps(document, ensure_ascii=False).encode()
        )  # last: all else is there
        return document, False

    def _known(self, name: str, digest: str) -> dict[str, Any] | None:
        """Return the result of the same image, request and checkpoint, if it has been written."""
        try:
            document: dict[str, Any] = json.loads((self.out / f"{name}.json").read_text(encoding="utf-8"))
            provenance = document["provenance"]
            found = document["sha256"], provenance["checkpoint"], provenance["request"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        return document if found == (digest, self.loaded.version, self.request.to_dict()) else None


@dataclass
class Bar:
    """The progress of all images on one bar; what costs nothing is taken off its length, for the ETA's sake."""

    shown: tqdm[Any]
    each: int  # forwards an image
    begun: int = field(default=0, init=False)  # of the images before this

    def tell(self, stage: str, done: int, total: int) -> None:  # noqa: ARG002
        """Show how far the present image is."""
        self.shown.set_description(stage, refresh=False)
        self.shown.update(self.begun + done - self.shown.n)

    def finish(self) -> None:
        """End an image."""
        self.begun += self.each
        self.shown.update(self.begun - self.shown.n)

    def skip(self) -> None:
        """Leave an image out."""
        self.shown.total = (self.shown.total or 0) - self.each
        self.shown.update(self.begun - self.shown.n)


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
