"""The settings of the service: made once from the environment, frozen, unknown keys refused."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from service.errors import SettingsError
from worker.queue import settings as queue_settings
from worker.queue.errors import InvalidSettings
from worker.queue.settings import ProcessSettings

CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores() -> int:
    """Return the cores this process may use: its affinity, cut to a container's CPU quota (cgroup v2)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = CGROUP_QUOTA.read_text().split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, round(int(quota) / int(period))))


class Settings(ProcessSettings):
    """One object a process; each field is `LABN_` + its name in capitals. Those of workers as well come first."""

    port: Annotated[int, Field(ge=0, le=65535)] = 8000  # 0: any free one
    default_model: str | None = None  # the only one, or labn-idrid where several are served
    threads: Annotated[int, Field(ge=1)] = Field(default_factory=usable_cores)  # of one forward pass
    max_batch: Annotated[int, Field(ge=1, le=256)] = 8  # images in one forward pass
    max_waiting: Annotated[int, Field(ge=1)] = 64  # predictions under way; one more is answered 429
    max_body_bytes: Annotated[int, Field(ge=1)] = 33_554_432
    max_set_bytes: Annotated[int, Field(ge=1)] = 2 << 30  # of a zip of images, and of what it expands to
    datasets: Path | None = None  # a folder of folders of images with labels.csv, known by their names
    upload_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 30.0  # for the body of a request to arrive
    api_key: SecretStr | None = None  # asked for in X-API-Key on /v1 where set; it may do everything
    api_keys_file: Path | None = None  # more keys, hashed, with scopes
    open_to_all: bool = False  # serve without keys where other machines reach us
    rate_limit: Annotated[int, Field(ge=1)] | None = None  # requests a minute with one key
    shadow_model: str | None = None  # name@version that is asked as well, behind the answer, and compared
    shadow_share: Annotated[float, Field(gt=0, le=1)] = 0.1  # of the predictions of that name
    trusted_proxies: str = "127.0.0.1,::1"  # whose X-Forwarded headers are believed: addresses, networks or *

    @property
    def has_queue(self) -> bool:
        """Whether a Redis was named; without one only predictions are served."""
        return "redis_url" in self.model_fields_set


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Build the service's settings from an environment alone.

    Raises:
        SettingsError: an unknown LABN_ variable or a value out of range; the message names it.
    """
    try:
        return queue_settings.load_settings(Settings, environment)
    except InvalidSettings as error:
        raise SettingsError(str(error)) from error
