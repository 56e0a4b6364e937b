"""Lesion masks of IDRiD's segmentation task, found for the photographs of its grading task.

The two tasks number their photographs independently, and all segmented photographs are diseased. They are therefore
not a data set of their own: their masks are assigned to the grading images that show the same photograph. A mask
follows the grading image's split, whichever split its copy is in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from model.errors import ImageError
from model.images.preprocessing import read_image
from training.errors import DatasetError

FOLDER = "A. Segmentation"
LESIONS = ("MA", "HE", "EX", "SE")  # microaneurysms, haemorrhages, hard and soft exudates; not the optic disc
HEIGHT, WIDTH, WINDOW = 64, 96, 9  # px: size of a fingerprint, window of its local mean
CLIP = 6.0  # grey levels; without it the edge of the field of view outweighs the vessels
ALIKE = 0.75  # the same photograph scaled and recompressed has 0.92 or more, other eyes at most 0.5
TWINS = 0.02  # copies of a photograph differ by less, two photographs of the same eye by more


def segmentation_masks(root: Path, images: Sequence[Path]) -> dict[Path, tuple[Path, ...]]:
    """Return the masks of the images that are also in the segmentation task; empty if its folder is missing.

    Args:
        root: the folder that holds "A. Segmentation".
        images: of the grading task.

    Raises:
        DatasetError: an image cannot be decoded, or a mask's photograph is missing.
    """
    segmented = _masks_by_photograph(root / FOLDER)
    if not segmented or not images:
        return {}
    with ThreadPoolExecutor(cpu_count()) as pool:
        wanted = torch.stack(list(pool.map(_fingerprint, images)))
        given = torch.stack(list(pool.map(_fingerprint, segmented)))
    found: dict[Path, tuple[Path, ...]] = {}
    for row, masks in zip(given @ wanted.T, segmented.values(), strict=True):
        places = torch.nonzero((row > ALIKE) & (row > row.max() - TWINS)).flatten()
        found |= {images[place]: masks for place in places.tolist()}
    return found


def _masks_by_photograph(folder: Path) -> dict[Path, tuple[Path, ...]]:
    """Return the lesion masks of both splits by photograph."""
    masks: defaultdict[tuple[str, str], list[Path]] = defaultdict(list)
    for path in sorted(folder.glob("2. All Segmentation Groundtruths/*/*/*.tif")):
        name, _, lesion = path.stem.rpartition("_")
        if lesion in LESIONS:
            masks[path.parts[-3], name].append(path)
    photographs = {key: folder / "1. Original Images" / key[0] / f"{key[1]}.jpg" for key in masks}
    if missing := [path for path in photographs.values() if not path.is_file()]:
        raise DatasetError(f"{len(missing)} photographs of masks are missing, the first: {missing[0]}")
    return {photographs[key]: tuple(paths) for key, paths in masks.items()}


def _fingerprint(path: Path) -> Tensor:
    """Return the local detail in the middle of a photograph as a unit vector."""
    try:
        small = read_image(path, "grey", at_least=(HEIGHT, WIDTH)).pixels.resize(
            (WIDTH, HEIGHT), Image.Resampling.BOX
        )
    except ImageError as error:
        raise DatasetError(str(error)) from error
    levels = torch.from_numpy(np.array(small)).float()[None]  # (1, H, W)
    detail = levels - F.avg_pool2d(levels, WINDOW, 1, WINDOW // 2, count_include_pad=False)
    middle = detail[0, HEIGHT // 8 : -HEIGHT // 8, WIDTH // 4 : -WIDTH // 4].clamp(-CLIP, CLIP).flatten()
    return F.normalize(middle - middle.mean(), dim=0)
