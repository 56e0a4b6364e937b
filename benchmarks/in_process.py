"""The work of an answer without HTTP, in this process: what the service's overhead is measured against."""

from __future__ import annotations

from functools import partial

from benchmarks.blocks import Block, run_block
from model.checkpoint import LoadedCheckpoint
from model.images.overlay import Style, encode_png, render_overlay
from model.images.preprocessing import Picture, crop_box, decode_image, decode_size
from model.predictor import Predictor
from service.predictions.schemas import DEFAULT_SIZE_PX, PredictionOptions


class InProcess:
    """A predictor in the main thread, which is the only one here with threads of torch's own.

    A second thread with such a team would make both wait asleep instead of spinning, and take twice as long.
    """

    def __init__(self, loaded: LoadedCheckpoint) -> None:
        self._predictor = Predictor(loaded)

    def predict(self, data: bytes, *, seconds: float) -> Block:
        """Time `Predictor.predict` alone, on the decoded picture."""
        return run_block(partial(self._predictor.predict, self._decode(data)), seconds)

    def answer(self, data: bytes, *, seconds: float) -> Block:
        """Time all that the overlay of an answer takes: decode, predict, render, encode."""
        return run_block(partial(self._overlay, data), seconds)

    def _decode(self, data: bytes) -> Picture:
        preprocessing = self._predictor.loaded.preprocessing
        return decode_image(data, preprocessing.mode, at_least=decode_size(preprocessing))

    def _overlay(self, data: bytes) -> bytes:
        loaded, options = self._predictor.loaded, PredictionOptions()
        picture = self._decode(data)
        explanation = self._predictor.predict(picture).explanation
        assert explanation
        overlay = render_overlay(
            picture,
            explanation.values,
            crop_box(loaded.preprocessing, picture.height, picture.width),
            longest=DEFAULT_SIZE_PX,
            style=Style(threshold=loaded.config.threshold, colormap=options.colormap, opacity=options.opacity),
        )
        return encode_png(overlay)
