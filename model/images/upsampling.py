"""Upsampling of maps to the image's size."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def enlarge(maps: Tensor, height: int, width: int) -> Tensor:
    """Upsample maps (N, h, w) to (N, H, W): bilinear, align_corners=False.

    In double precision between: pixels beyond the outermost cells' centres equal these, and rounding must not
    put them in an order.
    """
    enlarged = F.interpolate(maps.double().unsqueeze(1), [height, width], mode="bilinear", align_corners=False)
    return enlarged.squeeze(1).to(maps.dtype)
