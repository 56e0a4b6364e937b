"""`python -m worker [--burst]`: run evaluation jobs from the queue."""

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
from worker.loop.heartbeat import Heartbeat
from worker.loop.worker import ResidentWorker
from worker.metrics import WorkerMetrics
from worker.queue.errors import AWAY, DeviceFailed, InvalidSettings
from worker.queue.job_queue import JobQueue
from worker.queue.settings import load_settings
from worker.queue.store.connection import connect
from worker.settings import WorkerSettings
from worker.work.context import JobContext
from worker.work.networks import ResidentNetworks

log = logging.getLogger("worker")


def main(arguments: list[str] | None = None) -> int:
    """Work until a signal.

    Returns:
        0 on success; 1 if only a new process can continue, which a supervisor should start; 2 for invalid settings.
    """
    keep_memory()
    disable_created_metrics()  # type: ignore[no-untyped-call]  # no types there; _created series are of no use here
    options = _parser().parse_args(arguments)
    logging.getLogger("rq.worker").setLevel(logging.WARNING)  # this worker logs one line per job itself
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
    """Compose a worker and run it.

    Raises:
        InvalidSettings: the device, the port or the checkpoints are not available.
        DeviceFailed: CUDA or oneDNN broke while a job ran.
        redis.exceptions.ConnectionError: Redis is unreachable.
    """
    if settings.threads:
        torch.set_num_threads(settings.threads)
    networks = ResidentNetworks(settings.checkpoints, device=_device(settings))
    if not list(networks.files()):
        raise InvalidSettings(f"LABN_CHECKPOINTS: no checkpoint in {', '.join(map(str, settings.checkpoints))}")
    with connect(settings, patient=True) as redis:
        queue = JobQueue.on(redis, settings)
        context = JobContext(
            networks=networks,
            blobs=queue.store.blobs,
            results=queue.store.results,
            tables=queue.tables,
            max_pixels=settings.max_pixels,
        )
        metrics, heartbeat = WorkerMetrics(device=networks.device), Heartbeat()
        worker = ResidentWorker(queue, context, settings, metrics, heartbeat, tracing)
        health = HealthServer.at(
            settings.host, settings.worker_port, registry=metrics.registry, heartbeat=heartbeat
        )
        health.start()
        log.info("%s on %s, %s/healthz", worker.name, networks.device, health.url)
        worker.run(burst=burst)


def _device(settings: WorkerSettings) -> str:
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise InvalidSettings("LABN_DEVICE: there is no CUDA device; use cpu or auto")
    return "cuda" if settings.device != "cpu" and torch.cuda.is_available() else "cpu"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    parser.add_argument("--burst", action="store_true", help="exit when no job waits")
    return parser


if __name__ == "__main__":
    sys.exit(main())
