"""Smaller batches when memory runs out."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

ONEDNN_FAILED = "could not create a primitive"  # for which it found no memory, now or earlier in this thread
OF_THE_CPU = ("DefaultCPUAllocator", "std::bad_alloc", ONEDNN_FAILED)  # as torch's allocator and C++ say it


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that the device or the machine is out of memory."""
    is_of_the_cpu = isinstance(error, RuntimeError) and any(words in str(error) for words in OF_THE_CPU)
    return is_of_the_cpu or isinstance(error, torch.OutOfMemoryError | MemoryError)


def halving(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Wrap a function of batches (N, …) -> (N, …) so that it halves them until they fit into memory.

    The wrapper keeps the size that fitted.
    """
    largest: int | None = None  # images at a time; None: as many as come

    def within_memory(images: Tensor) -> Tensor:
        nonlocal largest
        while True:
            at_once = min(largest or len(images), len(images))
            try:
                return torch.cat([function(part) for part in images.split(at_once)])
            except (RuntimeError, MemoryError) as error:
                if at_once == 1 or not is_out_of_memory(error):
                    raise
            largest = at_once // 2
            if images.is_cuda:
                torch.cuda.empty_cache()

    return within_memory
