"""The application for a server of one's own: `uvicorn --factory service.asgi:application --workers 2`."""

from __future__ import annotations

import os

from fastapi import FastAPI

from service.composition import compose, prepare_process
from service.lifecycle import Lifecycle
from service.monitoring.multiprocess import require_shared_metrics
from service.settings import load_settings


def application() -> FastAPI:
    """Return the application of this process; LABN_HOST and LABN_PORT are the server's concern.

    Without keys a request is let in by the address that it comes to: nobody tells us where the server listens.

    Raises:
        SettingsError: a setting, a device or a checkpoint that cannot be used, or processes that count apart.
        CheckpointError: a file that is no checkpoint.
    """
    prepare_process()
    require_shared_metrics()
    return compose(load_settings(os.environ), os.environ, Lifecycle())
