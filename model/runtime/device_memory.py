"""Memory of a device in bytes: used by this process, free and total."""

from __future__ import annotations

import os
from pathlib import Path

import torch

PROCESS = Path("/proc/self/statm")
MACHINE = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")  # version 2, as seen in a container


def device_memory(device: str) -> dict[str, int]:
    """Return bytes by kind.

    `allocated`: by this process: its tensors on a CUDA device, its resident set on a CPU. `reserved` (CUDA): what
    torch keeps of the device for this process. `free`: what is left to any process. `total`: what there is, of a
    CPU in a container its bound. Empty for a CPU on a system without /proc.
    """
    return _of_cuda() if device.startswith("cuda") else _of_cpu()


def _of_cuda() -> dict[str, int]:
    free, total = torch.cuda.mem_get_info()
    allocated, reserved = torch.cuda.memory_allocated(), torch.cuda.memory_reserved()
    return {"allocated": allocated, "reserved": reserved, "free": free, "total": total}


def _of_cpu() -> dict[str, int]:
    if not PROCESS.exists():
        return {}
    resident_pages = int(PROCESS.read_text().split()[1])
    free, total = _of_container() or _of_machine()
    return {"allocated": resident_pages * os.sysconf("SC_PAGE_SIZE"), "free": free, "total": total}


def _of_machine() -> tuple[int, int]:
    """Return free and total."""
    kibibytes = {name: int(rest.split()[0]) for name, rest in _pairs(MACHINE, ":")}
    return kibibytes["MemAvailable"] * 1024, kibibytes["MemTotal"] * 1024


def _of_container() -> tuple[int, int] | None:
    """Return free, droppable file caches included, and total; None where there is no bound of its own."""
    bound = CGROUP / "memory.max"
    total = bound.read_text().strip() if bound.exists() else "max"
    if total == "max":
        return None
    used = int((CGROUP / "memory.current").read_text())
    droppable = int(dict(_pairs(CGROUP / "memory.stat", " "))["inactive_file"])
    return max(0, int(total) - used + droppable), int(total)


def _pairs(file: Path, separator: str) -> list[tuple[str, str]]:
    lines = file.read_text().splitlines()
    return [(name, rest) for name, _, rest in (line.partition(separator) for line in lines)]
