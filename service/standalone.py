"""`python -m service.standalone`: Redis, one worker and the service on one machine, in one terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

from model.errors import LabnError
from service.http.listener import listen
from service.local.child_process import start_child
from service.local.embedded_redis import EmbeddedRedis, default_folder
from service.local.supervisor import Part, Supervisor
from service.redis_access import check_access
from service.settings import load_settings, usable_cores
from telemetry.logs import configure_logs

WORKER_NICENESS = 10  # a prediction takes the core at once; the worker still gets a tenth of a busy one
MARGIN_S = 5.0  # beyond the grace that a process gives its own work


def main() -> int:
    """Run all until a signal; 0 afterwards, 2 where something cannot start."""
    try:
        return run(os.environ)
    except LabnError as error:
        print(f"labn: {error}", file=sys.stderr)
        return 2


def run(environment: Mapping[str, str]) -> int:
    """Run the parts: on the Redis that LABN_REDIS_URL names, else on one of their own.

    Raises:
        SettingsError: a setting that cannot be used, a port or a data folder in use, a Redis that does not let us
            in or does not start.
    """
    settings = load_settings(environment)
    configure_logs(settings.log_format)
    patience_s = settings.grace_s + MARGIN_S
    if settings.has_queue:
        listen(settings).close()
        check_access(settings)
        return Supervisor([_consumers(environment)], patience_s=patience_s).run()
    folder = environment.get("LABN_DATA_DIR") or default_folder(environment)
    with closing(EmbeddedRedis(Path(folder))) as embedded:
        listen(settings).close()  # a port in use is known before anything is started
        redis = Part("redis", embedded.start, embedded.wait_until_ready)
        consumers = _consumers({**environment, "LABN_REDIS_URL": embedded.url})
        return Supervisor([[redis], consumers], patience_s=patience_s).run()


def _consumers(environment: Mapping[str, str]) -> list[Part]:
    # A team of threads that shares a core with another process waits for it at every layer: each has its cores.
    one_thread = {**environment, "LABN_THREADS": "1"}
    the_others = {"LABN_THREADS": str(max(1, usable_cores() - 1)), **environment}
    return [
        Part("service", partial(_start, "service", the_others)),
        Part("worker", partial(_start, "worker", one_thread, niceness=WORKER_NICENESS)),
    ]


def _start(module: str, environment: Mapping[str, str], *, niceness: int = 0) -> subprocess.Popen[bytes]:
    return start_child([sys.executable, "-m", module], environment=environment, niceness=niceness)


if __name__ == "__main__":
    sys.exit(main())
