"""Figures of several processes as one: each writes its own to files of a folder, and any of them answers for all.

prometheus_client goes by the variable PROMETHEUS_MULTIPROC_DIR from its import on, so it is read here as well and
is no setting of ours.
"""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from service.errors import SettingsError

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
LIVE_GAUGES = "gauge_live*_*.db"


def shared_registry() -> CollectorRegistry | None:
    """Return what collects the figures of all processes; None where there is but this one."""
    if not (folder := os.environ.get(FOLDER)):
        return None
    Path(folder).mkdir(parents=True, exist_ok=True)
    _forget_the_dead(Path(folder))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]  # no types there
    return registry


def require_shared_metrics() -> None:
    """Make sure that a process which has siblings counts together with them.

    Raises:
        SettingsError: each scrape would be answered by one of them, with its own figures alone.
    """
    if multiprocessing.parent_process() is not None and not os.environ.get(FOLDER):
        raise SettingsError(f"{FOLDER}: several processes need a folder here, empty at first, to count together")


def _forget_the_dead(folder: Path) -> None:
    """Drop the requests under way of processes that were killed; what they have counted stays."""
    for file in folder.glob(LIVE_GAUGES):
        pid = int(file.stem.rpartition("_")[2])
        if not _is_alive(pid):
            mark_process_dead(pid, path=str(folder))  # type: ignore[no-untyped-call]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
