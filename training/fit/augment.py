"""Augmentation of whole batches: geometry, colour, erased rectangles and black patches."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from training.fit.draws import Draws
from training.sections import AugmentConfig

PATCHES = (4, 8, 16, 32)  # m in px


def augment(
    images: Tensor, masks: Tensor | None, config: AugmentConfig, size: tuple[int, int], draws: Draws
) -> tuple[Tensor, Tensor | None]:
    """Augment images (N, C, S, T) uint8 to (N, C, height, width) float32 in 0..1, each by its own draw.

    Masks (N, 1, S, T) of 0 and 1, if given, are transformed like their images.
    """
    matrices = warp_matrices(len(images), config, images.shape[-1] / images.shape[-2], draws)
    pixels = resize(warp(images.float() / 255, matrices), size)
    pixels = jitter(pixels, config, draws).clamp_(0, 1)
    moved = None if masks is None else resize(warp(masks.float(), matrices), size)
    if not config.missing:
        return pixels, moved
    seen = ~missing_patches(len(images), config, size, draws)
    return pixels * seen, None if moved is None else moved * seen


def warp_matrices(n: int, config: AugmentConfig, aspect: float, draws: Draws) -> Tensor:
    """Draw flips, rotation, scale, aspect and shift as affine maps from output to input coordinates: (N, 2, 3).

    Coordinates are -1..1 across the image, so rotation needs its `aspect`, width over height.
    """
    angle = torch.deg2rad(_uniform(n, (-config.rotation_deg, config.rotation_deg), draws))
    area = _uniform(n, config.scale, draws)
    log_ratio = _uniform(n, (math.log(config.ratio[0]), math.log(config.ratio[1])), draws)
    sx = torch.sqrt(area * torch.exp(log_ratio))
    sy = torch.sqrt(area / torch.exp(log_ratio))
    dx = _uniform(n, (-1, 1), draws) * (1 - sx).abs()  # a smaller crop lies anywhere inside
    dy = _uniform(n, (-1, 1), draws) * (1 - sy).abs()
    sx = sx * _flips(n, config.horizontal_flip, draws)
    sy = sy * _flips(n, config.vertical_flip, draws)
    cos, sin = torch.cos(angle), torch.sin(angle)
    rows = (torch.stack([cos * sx, -sin * sy / aspect, dx], 1), torch.stack([sin * sx * aspect, cos * sy, dy], 1))
    return torch.stack(rows, 1)


def warp(images: Tensor, matrices: Tensor) -> Tensor:
    """Resample images (N, C, S, T) bilinearly by affine `matrices` (N, 2, 3); black outside."""
    grid = F.affine_grid(matrices, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def resize(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Resample images (N, C, S, T) to (N, C, height, width), bilinear and antialiased."""
    if tuple(images.shape[-2:]) == size:
        return images
    return F.interpolate(images, size, mode="bilinear", antialias=True)


def jitter(images: Tensor, config: AugmentConfig, draws: Draws) -> Tensor:
    """Change gamma, gains, contrast and saturation of images (N, C, H, W) in 0..1."""
    n, channels = images.shape[:2]

    def factor(spread: float, columns: int = 1) -> Tensor:
        return 1 + spread * (2 * draws.uniform(n, columns, 1, 1) - 1)

    if config.gamma:
        images = images.clamp(min=0) ** torch.exp(factor(config.gamma) - 1)
    images = images * factor(config.brightness) * factor(config.channel_gain, channels)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = mean + (images - mean) * factor(config.contrast)
    grey = images.mean(dim=1, keepdim=True)
    return grey + (images - grey) * factor(config.saturation)


def missing_patches(n: int, config: AugmentConfig, size: tuple[int, int], draws: Draws) -> Tensor:
    """Draw the missing patches of n images, (n, 1, height, width) bool: none, or a share of the cells of a grid.

    A network never trained on black patches reacts to their edges, and a score based on missing patches then
    measures that reaction (Hase et al., NeurIPS 2021: explanations and out-of-distribution inputs).
    """
    share = torch.where(draws.uniform(n) < config.missing, _uniform(n, config.missing_share, draws), 0.0)
    patch_sizes = [PATCHES[int(draw * len(PATCHES))] for draw in draws.uniform(n)]
    drawn = draws.uniform(n, *size) < share.view(n, 1, 1)
    height, width = size
    whole = [
        cells[::m, ::m].repeat_interleave(m, 0)[:height].repeat_interleave(m, 1)[:, :width]
        for cells, m in zip(drawn, patch_sizes, strict=True)
    ]
    return torch.stack(whole).unsqueeze(1)


def erase(images: Tensor, config: AugmentConfig, draws: Draws) -> Tensor:
    """Set a rectangle of some normalised images (N, C, H, W) to zero, the mean colour (Zhong et al. 2020)."""
    n, _, height, width = images.shape
    area = _uniform(n, config.erasing_area, draws) * height * width
    aspect = torch.exp(_uniform(n, (math.log(0.3), math.log(3.3)), draws))
    h = torch.sqrt(area * aspect).clamp(max=height - 1).view(n, 1, 1)
    w = torch.sqrt(area / aspect).clamp(max=width - 1).view(n, 1, 1)
    top = draws.uniform(n, 1, 1) * (height - h)
    left = draws.uniform(n, 1, 1) * (width - w)
    y, x = torch.arange(height).view(1, -1, 1), torch.arange(width).view(1, 1, -1)
    inside = (y >= top) & (y < top + h) & (x >= left) & (x < left + w)
    chosen = draws.uniform(n, 1, 1) < config.erasing
    return images.masked_fill((inside & chosen).unsqueeze(1), 0.0)


def _uniform(n: int, bounds: tuple[float, float], draws: Draws) -> Tensor:
    low, high = bounds
    return low + (high - low) * draws.uniform(n)


def _flips(n: int, probability: float, draws: Draws) -> Tensor:
    return 1 - 2 * (draws.uniform(n) < probability).float()
