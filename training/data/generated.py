"""Generated photographs in memory, made by all cores."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from training.config import TrainingConfig
from training.data.fundus_generator import generate_cropped
from training.data.images import LabelledImages

Bytes = npt.NDArray[np.uint8]


def generated_images(first_seed: int, count: int, config: TrainingConfig) -> LabelledImages:
    """Generate `count` photographs at the network's input size; odd seeds have lesions."""
    size = config.preprocessing.height
    seeds = range(first_seed, first_seed + count)
    context = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        made = pool.map(partial(_generate, size=size), seeds, chunksize=16)
        pairs = list(tqdm(made, total=count, desc="generating", unit="img", leave=False))
    images = torch.from_numpy(np.stack([pixels for pixels, _ in pairs])).permute(0, 3, 1, 2).contiguous()
    masks = torch.from_numpy(np.stack([mask for _, mask in pairs])).unsqueeze(1)
    labels = torch.tensor([seed % 2 for seed in seeds])
    return LabelledImages(images, labels, masks)


def _generate(seed: int, *, size: int) -> tuple[Bytes, Bytes]:
    fundus = generate_cropped(seed, label=seed % 2, size=size)
    return fundus.pixels, fundus.mask.astype(np.uint8)
