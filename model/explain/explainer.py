"""Interface of explanation methods, and upsampling of their maps."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from model.images.upsampling import enlarge
from model.network import LambdaAbn


class Explainer(Protocol):
    """Explanation method: a frozen dataclass of its parameters, callable."""

    def __call__(self, network: LambdaAbn, images: Tensor, targets: Tensor) -> Tensor:
        """Return saliency (N, H, W) of images (N, C, H, W), normalised, for the classes `targets` (N,)."""
        ...


def upsample(maps: Tensor, images: Tensor) -> Tensor:
    """Bring maps (N, h, w) to the size of images (N, C, H, W): (N, H, W)."""
    return enlarge(maps, images.shape[-2], images.shape[-1])


def stretch(maps: Tensor) -> Tensor:
    """Scale each of the maps (N, h, w) to 0..1 by its own minimum and maximum; a constant map becomes 0."""
    low = maps.amin(dim=(1, 2), keepdim=True)
    span = maps.amax(dim=(1, 2), keepdim=True) - low
    return (maps - low) / span.where(span > 0, 1.0)
