"""Metrics of several processes: each writes to files in one folder, and any of them answers with the sum.

prometheus_client reads PROMETHEUS_MULTIPROC_DIR at its import, so it is read here too, not as a setting.
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
    """Return a registry that sums the metrics of all processes; None for a single process."""
    if not (folder := os.environ.get(FOLDER)):
        return None
    Path(folder).mkdir(parents=True, exist_ok=True)
    _drop_dead_processes(Path(folder))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]  # no types there
    return registry


def require_shared_metrics() -> None:
    """Check that a process with siblings shares its metrics with them.

    Raises:
        SettingsError: it does not, so each scrape would see the metrics of one process only.
    """
    if multiprocessing.parent_process() is not None and not os.environ.get(FOLDER):
        raise SettingsError(
            f"{FOLDER}: several processes need it to share metrics: set it to a folder that is empty at the start"
        )


def _drop_dead_processes(folder: Path) -> None:
    """Remove the requests in flight of killed processes; their counters stay."""
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
