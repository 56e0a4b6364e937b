"""Prediction and explanation of pictures with a loaded checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.checkpoint import LoadedCheckpoint
from model.errors import NonFiniteOutput, UnknownMethod
from model.explain.explainer import stretch
from model.explain.lambda_attention import LambdaAttention
from model.images.normalisation import denormalise
from model.images.preprocessing import Picture, to_tensor
from model.network import LabnOutput, raise_if_not_finite


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Saliency map in the method's own resolution."""

    method: str
    values: NDArray[np.float32]  # (h, w) in 0..1


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Class probabilities of one picture, with its explanation."""

    label: str
    index: int
    probability: float
    probabilities: tuple[float, ...]  # softmax of the logits, in class order
    explanation: Explanation | None


class Predictor:
    """A loaded network on its device. Keeps no state between requests, so threads may share it."""

    METHODS: ClassVar = ("attention", "lambda_attention")

    def __init__(self, loaded: LoadedCheckpoint, *, device: str = "cpu") -> None:
        self.loaded = loaded
        self.device = torch.device(device)
        self._network = loaded.network.to(self.device)

    def predict(self, picture: Picture, *, explanation: str | None = "attention") -> Prediction:
        """Classify one picture.

        Raises:
            UnknownMethod: no such explanation.
            NonFiniteOutput: the network overflowed on this picture.
        """
        image = to_tensor(picture, self.loaded.preprocessing)
        prediction = self.predict_batch(image, explanation=explanation)[0]
        if isinstance(prediction, NonFiniteOutput):
            raise prediction
        return prediction

    @torch.inference_mode()
    def predict_batch(
        self, images: Tensor, *, explanation: str | None = "attention"
    ) -> list[Prediction | NonFiniteOutput]:
        """Classify images (N, C, H, W), normalised; an image whose outputs overflow does not affect the others.

        Raises:
            UnknownMethod: no such explanation.
        """
        if explanation is not None and explanation not in self.METHODS:
            raise UnknownMethod(f"no explanation {explanation!r}; choose from {', '.join(self.METHODS)}")
        images = images.to(self.device)
        try:
            output = self._network(images)
            explanations = self._explanations(images, output, explanation)
        except NonFiniteOutput as error:
            return self._without(images, set(error.images), explanation)
        probabilities = output.logits.double().softmax(dim=1).cpu()
        return [self._prediction(p, e) for p, e in zip(probabilities, explanations, strict=True)]

    def warnings(self, image: Tensor) -> list[str]:
        """Return sentences on how an image (1, C, H, W) differs from the training set; empty if it does not."""
        if self.loaded.statistics is None:
            return []
        return self.loaded.statistics.unusual(denormalise(image[0], self.loaded.preprocessing))

    def _explanations(
        self, images: Tensor, output: LabnOutput, method: str | None
    ) -> list[Explanation] | list[None]:
        if method is None:
            return [None] * len(images)
        maps = output.attention.squeeze(1)  # (N, h, w)
        if method == "lambda_attention":
            maps = LambdaAttention().maps(self._network, images)
            raise_if_not_finite(maps)
            maps = stretch(maps)
        return [Explanation(method=method, values=values) for values in maps.float().cpu().numpy()]

    def _prediction(self, probabilities: Tensor, explanation: Explanation | None) -> Prediction:
        index = int(probabilities.argmax())
        return Prediction(
            label=self.loaded.labels[index],
            index=index,
            probability=float(probabilities[index]),
            probabilities=tuple(probabilities.tolist()),
            explanation=explanation,
        )

    def _without(
        self, images: Tensor, broken: set[int], explanation: str | None
    ) -> list[Prediction | NonFiniteOutput]:
        """Repeat the batch without the images that overflow."""
        sound = [place for place in range(len(images)) if place not in broken]
        again = iter(self.predict_batch(images[sound], explanation=explanation) if sound else [])
        return [NonFiniteOutput([place]) if place in broken else next(again) for place in range(len(images))]
