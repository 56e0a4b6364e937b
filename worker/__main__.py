"""`python -m worker [--burst]`: settings -> Redis, networks, metrics -> work."""

from __future__ import annotations

import argparse
import logging
import os
import sys

import torch
from prometheus_client import disable_created_metrics

from model.errors import LabnError
from model.runtime.allocator import keep_memory
from telemetry.logs import configure_logs
from telemetry.spans import Tracing
from telemetry.tracing import start_tracing
from worker.health import HealthServer
from worker.loop.heartbeat import Pulse
from worker.loop.process import ResidentWorker
from worker.metrics import WorkerMetrics
from worker.queue.connection import connect
from worker.queue.errors import AWAY, DeviceFailed, InvalidSettings
from worker.queue.evaluations import JobQueue
from worker.queue.settings import load_settings
from worker.settings import WorkerSettings
from worker.work.jobs import Workshop
from worker.work.networks import ResidentNetworks

log = logging.getLogger("worker")


def main(arguments: list[str] | None = None) -> int:
    """Work until a signal.

    Returns:
        0; 1 where only a new process can go on, which is its supervisor's to start; 2 where the settings are wrong.
    """
    keep_memory()
    disable_created_metrics()  # type: ignore[no-untyped-call]  # no types there; nothing asks when a counter began
    options = _parser().parse_args(arguments)
    logging.getLogger("rq.worker").setLevel(logging.WARNING)  # a line a job is enough
    try:
        settings = load_settings(WorkerSettings, os.environ)
        configure_logs(settings.log_format)
        _work(settings, start_tracing("labn-worker", os.environ), burst=options.burst)
    except DeviceFailed as error:
        log.error("%s", error)
        return 1
    except AWAY as error:
        log.error("Redis does not answer: %s", error)
        return 1
    except LabnError as error:
        print(f"labn worker: {error}", file=sys.stderr)
        return 2
    return 0


def _work(settings: WorkerSettings, tracing: Tracing, *, burst: bool) -> None:
    """Put a worker together and let it work.

    Raises:
        InvalidSettings: device, port or checkpoints cannot be had.
        DeviceFailed: CUDA or oneDNN broke on the way.
        redis.exceptions.ConnectionError: Redis is away.
    """
    if settings.threads:
        torch.set_num_threads(settings.threads)
    networks = ResidentNetworks(settings.checkpoints, device=_device(settings))
    if not list(networks.files()):
        raise InvalidSettings(f"LABN_CHECKPOINTS: no checkpoint at {', '.join(map(str, settings.checkpoints))}")
    with connect(settings, patient=True) as redis:
        jobs = JobQueue(redis, settings)
        workshop = Workshop(
            networks=networks,
            blobs=jobs.blobs,
            results=jobs.results,
            sets=jobs.sets,
            max_pixels=settings.max_pixels,
        )
        metrics, pulse = WorkerMetrics(device=networks.device), Pulse()
        worker = ResidentWorker(jobs, workshop, settings, metrics, pulse, tracing)
        health = HealthServer.at(settings.host, settings.worker_port, registry=metrics.registry, pulse=pulse)
        health.start()
        log.info("%s on %s, %s/healthz", worker.name, networks.device, health.url)
        worker.run(burst=burst)


def _device(settings: WorkerSettings) -> str:
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise InvalidSettings("LABN_DEVICE: there is no CUDA device; use cpu or auto")
    return "cuda" if settings.device != "cpu" and torch.cuda.is_available() else "cpu"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    parser.add_argument("--burst", action="store_true", help="end when nothing waits")
    return parser


if __name__ == "__main__":
    sys.exit(main())
