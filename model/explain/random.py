"""Random saliency map: the baseline that any method should beat."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor

from model.network import LambdaAbn


@dataclass(frozen=True)
class Random:
    """Uniform noise per pixel, drawn for each image from the seed and the image's bytes."""

    seed: int = 0

    def __call__(self, network: LambdaAbn, images: Tensor, targets: Tensor) -> Tensor:  # noqa: ARG002
        """Return noise in 0..1 (N, H, W): the same image has the same map in any batch."""
        return torch.stack([self._noise(image) for image in images])

    def _noise(self, image: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(seed_of(image, self.seed))
        return torch.rand(image.shape[-2:], generator=generator).to(image.device)


def seed_of(image: Tensor, seed: int) -> int:
    """Return a seed for one image (C, H, W), so that the maps of different images are independent."""
    content = image.detach().cpu().contiguous().numpy().tobytes()
    return int.from_bytes(hashlib.blake2b(f"{seed}:".encode() + content, digest_size=7).digest(), "big")
