"""The input's gradient, Simonyan et al., "Deep Inside Convolutional Networks" (ICLR-W 2014)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from model.network import LambdaAbn, raise_if_not_finite


@dataclass(frozen=True)
class Gradient:
    """Magnitude of the gradient of the target's logit at each pixel."""

    def __call__(self, network: LambdaAbn, images: Tensor, targets: Tensor) -> Tensor:
        """Return the largest |∂ logit / ∂ pixel| of the channels (N, H, W).

        Raises:
            NonFiniteOutput: the network overflowed.
        """
        with torch.inference_mode(False), torch.enable_grad():
            leaf = images.detach().clone().requires_grad_()
            logits = network(leaf).logits
            scores = logits.gather(1, targets.clone().unsqueeze(1))  # (N, 1)
            gradient = torch.autograd.grad(scores.sum(), leaf)[0]  # (N, C, H, W)
        raise_if_not_finite(gradient)
        return gradient.abs().amax(dim=1)
