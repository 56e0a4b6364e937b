"""A network that does not fit with a whole batch is asked for less at a time. The limit is the kernel's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from model.runtime.out_of_memory import halving, is_out_of_memory

UNDER_A_LIMIT = """
import resource, sys
import torch
from model.runtime.out_of_memory import halving, is_out_of_memory

SIZE, MARGIN = 1 << 22, {margin}  # bytes an image; images that fit
calls = []

def doubled(images):
    calls.append(len(images))
    return (images * 2).sum(dim=1)  # which needs as much again as the images

images = torch.ones(32, SIZE // 4)
doubled(images[:1])
calls.clear()
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(MARGIN * SIZE),) * 2)
within_memory = halving(doubled)
try:
    sums = within_memory(images)
except (RuntimeError, MemoryError) as error:
    print("out" if is_out_of_memory(error) else error, calls)
else:
    again = within_memory(images[:3])
    print(sums.tolist() == [2 * SIZE / 4] * 32, len(again), calls)
"""


def run_under_a_limit(margin: float) -> str:
    """Run that with memory for so many images beyond the batch itself."""
    process = subprocess.run(
        [sys.executable, "-c", UNDER_A_LIMIT.format(margin=margin)],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    return process.stdout.strip()


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
class TestUnderALimit:
    def test_batches_halve_until_they_fit(self) -> None:
        assert run_under_a_limit(10) == f"True 3 {[32, 16, *[8] * 4, 3]}"

    def test_what_does_not_fit_alone_is_an_error(self) -> None:
        assert run_under_a_limit(0.5) == f"out {[32, 16, 8, 4, 2, 1]}"


def test_other_errors_pass() -> None:
    calls = []

    def broken(images: torch.Tensor) -> torch.Tensor:
        calls.append(len(images))
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes") as raised:
        halving(broken)(torch.ones(8, 2))
    assert calls == [8]
    assert not is_out_of_memory(raised.value)


def test_enough_memory_is_one_batch() -> None:
    sums = halving(lambda images: images.sum(dim=1))(torch.arange(6.0).view(3, 2))
    assert sums.tolist() == [1, 5, 9]
