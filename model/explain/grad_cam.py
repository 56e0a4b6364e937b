"""Grad-CAM, Selvaraju et al. (ICCV 2017), eq. (1)-(2), at the output of the feature extractor (LFE)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from model.explain.explainer import upsample
from model.network import LambdaAbn, raise_if_not_finite


@dataclass(frozen=True)
class GradCam:
    """Feature maps weighted by the mean gradient of the target's logit.

    The gradient reaches the features through the gate and through the map that gates them. No hooks and no
    gradients on parameters, so a frozen network will do. An image whose gate is shut everywhere has map 0.
    """

    def __call__(self, network: LambdaAbn, images: Tensor, targets: Tensor) -> Tensor:
        """Return ReLU(Σ_k a_k A_k) >= 0 (N, H, W), a_k the mean of ∂y/∂A_k over the cells.

        Raises:
            NonFiniteOutput: the network overflowed.
        """
        with torch.inference_mode(False), torch.no_grad():  # what inference mode makes cannot be differentiated
            features = network.features(images.clone())  # (N, F, h, w)
        gradients = self._gradients(network, features, targets)
        weights = gradients.mean(dim=(2, 3), keepdim=True)  # eq. (1)
        return upsample((weights * features).sum(dim=1).relu(), images)  # eq. (2)

    @staticmethod
    def _gradients(network: LambdaAbn, features: Tensor, targets: Tensor) -> Tensor:
        """∂ logit of the target / ∂ features: (N, F, h, w)."""
        with torch.inference_mode(False), torch.enable_grad():
            leaf = features.detach().requires_grad_()
            output = network.head(leaf)
            raise_if_not_finite(*output)
            scores = output.logits.gather(1, targets.clone().unsqueeze(1))  # (N, 1)
            return torch.autograd.grad(scores.sum(), leaf)[0]
