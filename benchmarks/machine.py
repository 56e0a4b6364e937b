"""The machine that the figures were taken on, and whether it had other work."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.figures import Figure, measured
from service.settings import usable_cores

CPU_INFO = Path("/proc/cpuinfo")  # of Linux
BUSY_SHARE = 0.25  # of the cores taken by others: timings are then no longer ours alone


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What the figures depend on besides the code."""

    cpu: str
    cores: int  # that this process may use
    torch_version: str
    threads: int  # of one forward pass
    load: float  # processes that wanted a core, mean of the last minute

    @property
    def busy(self) -> bool:
        """Whether other work disturbs: then only ratios of paired runs mean something."""
        return self.load > BUSY_SHARE * self.cores

    def __str__(self) -> str:
        """One line for the head of the table."""
        system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
        return (
            f"{self.cpu}, {self.cores} cores, {system}, torch {self.torch_version}, "
            f"{self.threads} threads, load {self.load:.2f}"
        )

    def figure(self) -> Figure:
        """Return the load as a figure; how it was measured names the machine."""
        return measured("machine load at the start", self.load, "processes", how=str(self))


def this_machine() -> Machine:
    """Return the machine as it is now."""
    return Machine(
        cpu=_cpu_model(),
        cores=usable_cores(),
        torch_version=torch.__version__,
        threads=torch.get_num_threads(),
        load=os.getloadavg()[0],
    )


def _cpu_model() -> str:
    if CPU_INFO.exists():
        for line in CPU_INFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
