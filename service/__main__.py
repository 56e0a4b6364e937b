"""`python -m service`: settings -> models -> application -> server."""

from __future__ import annotations

import logging
import os
import sys

import torch
import uvicorn
from prometheus_client import disable_created_metrics

from model.allocator import keep_memory
from model.errors import LabnError
from service.app import create_app
from service.errors import SettingsError
from service.lifecycle import Lifecycle
from service.listening import listen
from service.registry import load_registry
from service.server import DrainingServer
from service.settings import Settings, load_settings


def main() -> int:
    """Serve until a signal; 0 afterwards, 2 where the settings or the checkpoints do not allow a start."""
    keep_memory()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of bodies that are answered 400 anyway
    disable_created_metrics()  # type: ignore[no-untyped-call]  # no types there; nothing asks when a counter began
    try:
        settings = load_settings(os.environ)
        serve(settings)
    except LabnError as error:
        print(f"labn: {error}", file=sys.stderr)
        return 2
    return 0


def serve(settings: Settings) -> None:
    """Load the models and serve them.

    Raises:
        SettingsError: the address, the device or the checkpoints cannot be had.
        CheckpointError: a file that is no checkpoint.
    """
    listener = listen(settings)
    # Only the inference thread may open a team of threads: with two teams on the same cores OpenMP waits asleep
    # instead of spinning, and a forward pass takes twice as long.
    torch.set_num_threads(1)
    registry = load_registry(settings.checkpoints, default=settings.default_model, device=_device(settings))
    lifecycle = Lifecycle()
    app = create_app(settings, registry, lifecycle)
    config = uvicorn.Config(app, access_log=False, log_config=None, server_header=False)
    host, port = listener.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    print(
        f"{address}  (docs: {address}/docs)",
        f"curl -F image=@docs/images/retina.jpg '{address}/v1/predictions?include='",
        sep="\n",
        flush=True,
    )
    DrainingServer(config, lifecycle, grace_s=settings.grace_s).run(sockets=[listener])


def _device(settings: Settings) -> str:
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise SettingsError("LABN_DEVICE: there is no CUDA device; use cpu or auto")
    return "cuda" if settings.device != "cpu" and torch.cuda.is_available() else "cpu"


if __name__ == "__main__":
    sys.exit(main())
