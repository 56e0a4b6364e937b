"""The work of an answer without HTTP, in this process: what the service's overhead is measured against."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Self

import torch

from benchmarks.blocks import Block, run_block
from model.checkpoint import LoadedCheckpoint
from model.image import Picture, crop_box, decode_image, decode_size
from model.overlay import encode_png, render_overlay
from model.predictor import Predictor
from service.schemas import DEFAULT_SIZE_PX, PredictionOptions


class InProcess:
    """One thread that does nothing else, as in the service.

    OpenMP waits differently once a second thread computes: spinning in the only thread, and asleep where there
    are several. The service is of the second kind, so the reference must be too.
    """

    def __init__(self, loaded: LoadedCheckpoint) -> None:
        self._predictor = Predictor(loaded)
        self._thread = ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(torch.get_num_threads(),))

    def __enter__(self) -> Self:
        """Return the open thread."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the thread."""
        self._thread.shutdown()

    def predict(self, data: bytes, *, seconds: float) -> Block:
        """Time `Predictor.predict` alone, on the decoded picture."""
        return self._block(partial(self._predictor.predict, self._decode(data)), seconds)

    def answer(self, data: bytes, *, seconds: float) -> Block:
        """Time all that the overlay of an answer takes: decode, predict, render, encode."""
        return self._block(partial(self._overlay, data), seconds)

    def _block(self, work: Callable[[], object], seconds: float) -> Block:
        return self._thread.submit(run_block, work, seconds).result()

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
            threshold=loaded.config.threshold,
            colormap=options.colormap,
            opacity=options.opacity,
        )
        return encode_png(overlay)
