"""From settings to an application, whoever serves it."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import torch
from fastapi import FastAPI
from prometheus_client import disable_created_metrics

from model.runtime.allocator import keep_memory
from service.app import create_app
from service.errors import SettingsError
from service.lifecycle import Lifecycle
from service.models.registry import load_registry
from service.settings import Settings
from telemetry.logs import configure_logs
from telemetry.tracing import start_tracing


def prepare_process() -> None:
    """Set what belongs to the whole process; to be called before anything is loaded."""
    keep_memory()
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of bodies that are answered 400 anyway
    disable_created_metrics()  # type: ignore[no-untyped-call]  # no types there; nothing asks when a counter began


def compose(settings: Settings, environment: Mapping[str, str], lifecycle: Lifecycle) -> FastAPI:
    """Load the models and return the application.

    Args:
        settings: ours.
        environment: where OpenTelemetry's own variables are.
        lifecycle: of the process.

    Raises:
        SettingsError: the device or the checkpoints cannot be had.
        CheckpointError: a file that is no checkpoint.
    """
    configure_logs(settings.log_format)
    # Only the inference thread may open a team of threads: with two teams on the same cores OpenMP waits asleep
    # instead of spinning, and a forward pass takes twice as long.
    torch.set_num_threads(1)
    registry = load_registry(settings.checkpoints, default=settings.default_model, device=_device(settings))
    return create_app(settings, registry, lifecycle, start_tracing("labn-service", environment))


def _device(settings: Settings) -> str:
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise SettingsError("LABN_DEVICE: there is no CUDA device; use cpu or auto")
    return "cuda" if settings.device != "cpu" and torch.cuda.is_available() else "cpu"
