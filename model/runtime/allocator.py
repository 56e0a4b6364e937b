"""Make the C allocator keep freed memory, since each forward needs the same large buffers."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of glibc's mallopt(3)
NEVER_TRIM = 2**31 - 1


def keep_memory() -> None:
    """Allocate large buffers on the heap and do not return the heap to the system between forwards.

    glibc maps each large buffer anew, and the kernel clears its pages at first touch: up to half the time of a
    forward on a CPU. The process stays as large as its largest moment. Called once, where a process begins;
    without glibc nothing is changed.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, NEVER_TRIM)
