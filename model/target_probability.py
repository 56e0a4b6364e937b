"""Target probability as a function of images, for metrics and black-box explanations."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from model.network import LambdaAbn
from model.runtime.out_of_memory import halving

Predict = Callable[[Tensor], Tensor]  # images (N, C, H, W), normalised -> probability of the target (N,)


def probability_of(network: LambdaAbn, target: int) -> Predict:
    """Return the softmax probability of one class, without gradients, in smaller batches if memory runs out."""

    @torch.no_grad()
    def predict(images: Tensor) -> Tensor:
        probability: Tensor = network(images).logits.softmax(dim=1)[:, target]
        return probability

    return halving(predict)
