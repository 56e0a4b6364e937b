"""Application for another ASGI server: `uvicorn --factory service.asgi:application --workers 2`."""

from __future__ import annotations

import os

from fastapi import FastAPI

from service.app import compose, prepare_process
from service.lifecycle import Lifecycle
from service.metrics.multiprocess import require_shared_metrics
from service.settings import load_settings


def application() -> FastAPI:
    """Return the application. LABN_HOST and LABN_PORT do not apply: the server decides where it listens.

    So without API keys, requests are accepted by the address that they come to.

    Raises:
        SettingsError: an invalid setting, an unavailable device or checkpoint, or processes without shared metrics.
        CheckpointError: a file is not a valid checkpoint.
    """
    prepare_process()
    require_shared_metrics()
    return compose(load_settings(os.environ), os.environ, Lifecycle())
