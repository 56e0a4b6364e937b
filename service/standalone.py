"""`python -m service.standalone`: run Redis, one worker and the service on one machine, in one terminal."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

from model.errors import LabnError
from service.http.listener import listen
from service.jobs.connection import check_access
from service.local.child_process import start_child
from service.local.embedded_redis import EmbeddedRedis, default_folder
from service.local.supervisor import ManagedProcess, Supervisor
from service.settings import load_settings, usable_cores
from telemetry.logs import configure_logs

WORKER_NICENESS = 10  # predictions get the core first; the worker still gets a tenth of a busy core
MARGIN_S = 5.0  # beyond LABN_GRACE_S, before a process is killed


def main(arguments: list[str] | None = None) -> int:
    """Run all processes until a signal, then return 0; return 2 if one cannot start."""
    description = "Run Redis, one worker and the service. Settings are environment variables with the prefix LABN_."
    argparse.ArgumentParser(prog="python -m service.standalone", description=description).parse_args(arguments)
    try:
        return run(os.environ)
    except LabnError as error:
        print(f"labn: {error}", file=sys.stderr)
        return 2


def run(environment: Mapping[str, str]) -> int:
    """Run the processes, with the Redis of LABN_REDIS_URL if it is set, else with an embedded one.

    Raises:
        SettingsError: an invalid setting, a port or data folder in use, or a Redis that rejects the credentials or
            does not start.
    """
    settings = load_settings(environment)
    configure_logs(settings.log_format)
    patience_s = settings.grace_s + MARGIN_S
    if settings.has_queue:
        listen(settings).close()
        check_access(settings)
        return Supervisor([_service_and_worker(environment)], patience_s=patience_s).run()
    folder = environment.get("LABN_DATA_DIR") or default_folder(environment)
    with closing(EmbeddedRedis(Path(folder))) as embedded:
        listen(settings).close()  # reports a port in use before anything is started
        redis = ManagedProcess("redis", embedded.start, embedded.wait_until_ready)
        processes = _service_and_worker({**environment, "LABN_REDIS_URL": embedded.url})
        return Supervisor([[redis], processes], patience_s=patience_s).run()


def _service_and_worker(environment: Mapping[str, str]) -> list[ManagedProcess]:
    # Separate cores: an OpenMP team that shares a core with another process waits for it at every layer.
    one_thread = {**environment, "LABN_THREADS": "1"}
    other_cores = {"LABN_THREADS": str(max(1, usable_cores() - 1)), **environment}
    return [
        ManagedProcess("service", partial(_start, "service", other_cores)),
        ManagedProcess("worker", partial(_start, "worker", one_thread, niceness=WORKER_NICENESS)),
    ]


def _start(module: str, environment: Mapping[str, str], *, niceness: int = 0) -> subprocess.Popen[bytes]:
    return start_child([sys.executable, "-m", module], environment=environment, niceness=niceness)


if __name__ == "__main__":
    sys.exit(main())
