"""Lesion masks of IDRiD's segmentation task, found for the photographs of its grading task.

Both tasks number their photographs on their own, and the segmented ones are all diseased. So they are no data set
here, but masks of grading images, which are recognised by what they show: an image that is held out for validation
or test keeps its mask to itself, whatever split its copy is in.
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
LESIONS = ("MA", "HE", "EX", "SE")  # microaneurysms, haemorrhages, hard and soft exudates; the optic disc is none
HEIGHT, WIDTH, WINDOW = 64, 96, 9  # px, of a fingerprint and of what is local in it
CLIP = 6.0  # levels: else the field of view's edge outweighs the vessels
ALIKE = 0.75  # the same photograph scaled and recompressed has 0.92 or more, other eyes at most 0.5
TWINS = 0.02  # copies of one photograph differ by less; the same eye photographed twice by more


def segmentation_masks(root: Path, images: Sequence[Path]) -> dict[Path, tuple[Path, ...]]:
    """Return the masks of those images that the segmentation task shows too; none where its folder is missing.

    Args:
        root: the folder that holds "A. Segmentation".
        images: of the grading task.

    Raises:
        DatasetError: an image does not decode, or a mask's photograph is missing.
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
    """Return the lesion masks of each photograph of both splits, where there are some."""
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
    """Return the middle of a photograph as a unit vector of what stands out from its surroundings."""
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
