"""Predictions for image files: one JSON document per image, pictures into a folder."""

from __future__ import annotations

import glob
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from model.errors import ImageError, NonFiniteOutput
from model.images.file_types import SUFFIXES
from model.images.overlay import Style, coverage, encode_png, render_layer, render_overlay
from model.images.preprocessing import Box, Picture, crop_box, decode_size, read_image, to_tensor
from model.predictor import Explanation, Predictor


def image_paths(names: Sequence[str]) -> list[Path]:
    """Return the files that are named by files, folders (searched recursively) and globs, in order.

    Raises:
        ImageError: a name matches nothing.
    """
    paths: list[Path] = []
    for name in names:
        found = _matches(name)
        if not found:
            raise ImageError(f"{name}: no image there")
        paths += found
    return list(dict.fromkeys(paths))


def picture_names(paths: Sequence[Path]) -> dict[Path, str]:
    """Return the file name prefix of each file's pictures: its stem, with a digest if stems repeat.

    The digest is of the path, so that it does not depend on the other files.
    """
    stems = Counter(path.stem for path in paths)
    digests = {path: hashlib.sha256(str(path).encode()).hexdigest()[:8] for path in paths}
    return {path: path.stem if stems[path.stem] == 1 else f"{path.stem}-{digests[path]}" for path in paths}


def _matches(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        return [file for file in sorted(path.rglob("*")) if file.suffix.lower() in SUFFIXES]
    if path.exists():
        return [path]
    return [Path(match) for match in sorted(glob.glob(name, recursive=True)) if Path(match).is_file()]  # noqa: PTH207  (absolute patterns too)


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """Settings for predicting image files and drawing their maps."""

    predictor: Predictor
    method: str | None
    style: Style
    longest: int  # px
    out: Path | None  # pictures go there

    def documents(self, paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
        """Yield one document an image, in the API's form; an image that fails has `path` and `error`."""
        names = picture_names(paths)
        for path in tqdm(paths, unit="img", disable=None if len(paths) > 1 else True, leave=False):
            try:
                yield self.document(path, names[path])
            except (ImageError, NonFiniteOutput) as error:
                yield {"path": str(path), "error": str(error)}

    def document(self, path: Path, name: str) -> dict[str, Any]:
        """Classify one image and draw its pictures, whose file names begin with `name`.

        Raises:
            ImageError: the file cannot be used.
            NonFiniteOutput: the network overflowed on it.
        """
        loaded = self.predictor.loaded
        picture = read_image(path, loaded.preprocessing.mode, at_least=decode_size(loaded.preprocessing))
        image = to_tensor(picture, loaded.preprocessing)
        [prediction] = self.predictor.predict_batch(image, explanation=self.method)
        if isinstance(prediction, NonFiniteOutput):
            raise prediction
        return {
            "path": str(path),
            "prediction": {
                "label": prediction.label,
                "index": prediction.index,
                "probability": prediction.probability,
            },
            "probabilities": [
                {"label": label, "probability": probability}
                for label, probability in zip(loaded.labels, prediction.probabilities, strict=True)
            ],
            "explanation": self._explanation(path, name, picture, prediction.explanation),
            "warnings": self.predictor.warnings(image),
        }

    def _explanation(
        self, path: Path, name: str, picture: Picture, explanation: Explanation | None
    ) -> dict[str, Any] | None:
        if explanation is None:
            return None
        region = crop_box(self.predictor.loaded.preprocessing, picture.height, picture.width)
        left, top, right, bottom = region
        height, width = explanation.values.shape
        return {
            "method": explanation.method,
            "threshold": self.style.threshold,
            "height": height,
            "width": width,
            "coverage": coverage(explanation.values, self.style.threshold),
            "region": {"left": left, "top": top, "width": right - left, "height": bottom - top},
            "overlay_png": None,
            "heatmap_png": None,
            "values": None,
            **self._draw(path, name, picture, explanation, region),
        }

    def _draw(
        self, path: Path, name: str, picture: Picture, explanation: Explanation, region: Box
    ) -> dict[str, str]:
        """Write the overlay and the heatmap alone; return where."""
        if self.out is None:
            return {}
        self.out.mkdir(parents=True, exist_ok=True)
        if picture.pixels.width < picture.width and self.longest > max(picture.pixels.size):
            # Decoded smaller than it is to be shown.
            picture = read_image(path, self.predictor.loaded.preprocessing.mode)
        written = {}
        for kind, render in (("overlay", render_overlay), ("heatmap", render_layer)):
            image = render(
                picture,
                explanation.values,
                region,
                longest=self.longest,
                style=self.style,
            )
            target = self.out / f"{name}.{explanation.method}.{kind}.png"
            target.write_bytes(encode_png(image))
            written[f"{kind}_png"] = str(target)
        return written
