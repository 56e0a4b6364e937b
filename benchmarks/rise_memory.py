"""What RISE adds to a process: `python -m benchmarks.rise_memory MASKS` prints the bytes, and nothing off Linux."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import torch
from torch import Tensor

from model.explain.rise import Rise
from model.runtime.allocator import keep_memory

STATUS = Path("/proc/self/status")  # of Linux
SIDE = 224  # px
CHANNELS = 3


def rise_extra_bytes(masks: int) -> int | None:
    """Return the peak of a new process that runs RISE over what it had before; None where nothing tells it."""
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.rise_memory", str(masks)],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return int(finished.stdout) if finished.stdout.strip() else None


def main() -> None:
    """Explain one image by a function that takes no memory of its own, so that all that is added is RISE's."""
    keep_memory()  # as `python -m model` does: what was taken once is not given back
    image = torch.rand(CHANNELS, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    Rise(masks=1).estimate(_one_pixel, image)  # loads what torch loads at first use
    if not STATUS.exists():
        return
    before = _status_bytes("VmRSS")
    Rise(masks=int(sys.argv[1])).estimate(_one_pixel, image)
    print(_status_bytes("VmHWM") - before)


def _one_pixel(images: Tensor) -> Tensor:
    return images[:, 0, SIDE // 2, SIDE // 2]


def _status_bytes(key: str) -> int:
    """Read a size of this process."""
    found = re.search(rf"^{key}:\s+(\d+) kB$", STATUS.read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


if __name__ == "__main__":
    main()
