"""`python -m service`: load the settings and the models, and serve."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping

import uvicorn

from model.errors import LabnError
from service.app import compose, prepare_process
from service.http.listener import listen
from service.http.server import DrainingServer
from service.lifecycle import Lifecycle
from service.settings import Settings, load_settings


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal, then return 0; return 2 if the settings or the checkpoints do not allow a start."""
    description = "Serve predictions. Settings are environment variables with the prefix LABN_."
    argparse.ArgumentParser(prog="python -m service", description=description).parse_args(arguments)
    prepare_process()
    try:
        settings = load_settings(os.environ)
        serve(settings, os.environ)
    except LabnError as error:
        print(f"labn: {error}", file=sys.stderr)
        return 2
    return 0


def serve(settings: Settings, environment: Mapping[str, str]) -> None:
    """Load the models and serve them.

    Raises:
        SettingsError: the address, the device or the checkpoints are not available.
        CheckpointError: a file is not a valid checkpoint.
    """
    listener = listen(settings)
    lifecycle = Lifecycle()
    app = compose(settings, environment, lifecycle)
    config = uvicorn.Config(
        app, access_log=False, log_config=None, server_header=False, forwarded_allow_ips=settings.trusted_proxies
    )
    host, port = listener.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    print(
        f"{address}  (docs: {address}/docs)",
        f"curl -F image=@docs/images/retina.jpg '{address}/v1/predictions?include='",
        sep="\n",
        flush=True,
    )
    DrainingServer(config, lifecycle, grace_s=settings.grace_s).run(sockets=[listener])


if __name__ == "__main__":
    sys.exit(main())
