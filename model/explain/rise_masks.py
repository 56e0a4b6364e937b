"""RISE's masks (section 3.2): coarse random grids, upsampled bilinearly and cropped at a random offset.

Enlarging is separable, so a mask is rows · G · columns, with bilinear weights for rows and columns cut out at the
mask's shift: two small matrix products instead of one enlarged image each; the same values to rounding.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


class RiseMasks:
    """N random masks, made on demand in chunks; the chunk size does not change them."""

    def __init__(self, count: int, *, grid: int, keep: float, seed: int, height: int, width: int) -> None:
        """Draw grids and shifts.

        Args:
            count: N.
            grid: cells a side, s.
            keep: probability that a cell is 1.
            seed: of all that is random.
            height: of a mask, px.
            width: of a mask, px.
        """
        generator = torch.Generator().manual_seed(seed)
        self.grids = (torch.rand(count, grid, grid, generator=generator) < keep).float()  # (N, s, s)
        self.rows = _windows(height, grid)  # (shifts, H, s)
        self.columns = _windows(width, grid)  # (shifts, W, s)
        self.down = torch.randint(len(self.rows), (count,), generator=generator)
        self.right = torch.randint(len(self.columns), (count,), generator=generator)

    def make(self, part: slice, *, device: torch.device | str = "cpu") -> Tensor:
        """Return some of the masks, values 0..1: (n, H, W)."""
        rows = self.rows[self.down[part]].to(device)  # (n, H, s)
        columns = self.columns[self.right[part]].to(device)  # (n, W, s)
        return torch.bmm(torch.bmm(rows, self.grids[part].to(device)), columns.transpose(1, 2))


def _windows(length: int, grid: int) -> Tensor:
    """Bilinear weights from grid cells to pixels, for each shift of a window over the enlarged grid.

    A cell is ceil(length / grid) px and the grid is enlarged to one cell more than the window needs, so that
    there is a cell's length of shifts: (shifts, length, grid), a view.
    """
    cell = math.ceil(length / grid)
    enlarged = F.interpolate(torch.eye(grid)[None], size=(grid + 1) * cell, mode="linear")[0]  # (s, px)
    return enlarged.unfold(1, length, 1)[:, :cell].permute(1, 2, 0)
