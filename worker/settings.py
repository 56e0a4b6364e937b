"""Settings: what all at one Redis agree on, what any process with networks is told, and what a worker alone is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from telemetry.logs import LogFormat
from worker.queue.errors import WorkerSettingsError

PREFIX = "LABN_"
OF_THE_SERVICE = frozenset(  # its launcher and its client: they share the environment
    f"{PREFIX}{name}"
    for name in (
        "PORT", "DEFAULT_MODEL", "MAX_BATCH", "MAX_WAITING", "MAX_BODY_BYTES", "UPLOAD_S", "API_KEY",
        "API_KEYS_FILE", "OPEN_TO_ALL", "RATE_LIMIT", "TRUSTED_PROXIES", "SHADOW_MODEL", "SHADOW_SHARE",
        "MAX_SET_BYTES", "DATA_DIR", "DATASETS", "URL",
    )
)  # fmt: skip
DAY_S = 86_400
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
WholeSeconds = Annotated[int, Field(ge=1)]


class QueueSettings(BaseModel):
    """What every process at one Redis must agree on; each field is `LABN_` + its name in capitals."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    redis_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")  # redis://, rediss://, unix://
    queue: Annotated[str, Field(pattern=r"^[\w-]{1,64}$")] = "labn"  # several may share a Redis
    queue_limit: Annotated[int, Field(ge=1)] = 256  # evaluations that wait; one more is refused
    set_queue_limit: Annotated[int, Field(ge=1)] = 20_000  # images of sets that wait
    job_timeout_s: WholeSeconds = DAY_S  # the defaults take a slow CPU hours; a dead worker's lease ends first
    lease_s: Annotated[int, Field(ge=1)] = 30  # a worker that is silent for so long has lost its job
    retries: Annotated[int, Field(ge=0, le=10)] = 2  # of a job whose worker vanished
    upload_ttl_s: WholeSeconds = DAY_S
    result_ttl_s: WholeSeconds = 7 * DAY_S  # also of failures


class ProcessSettings(QueueSettings):
    """What a process that has networks is started with, be it the service or a worker."""

    host: str = "127.0.0.1"  # where it answers; a worker /healthz and /metrics alone
    checkpoints: tuple[Path, ...] = (Path("checkpoints"),)  # folders or files, ":" between
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    max_pixels: Annotated[int, Field(ge=1)] = 40_000_000  # height x width that an upload may declare
    grace_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 20.0  # for what is under way after SIGTERM
    log_format: LogFormat = "text"  # of standard error: for people, or JSON for what collects it

    @field_validator("checkpoints", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        return tuple(filter(None, value.split(os.pathsep))) if isinstance(value, str) else value


class WorkerSettings(ProcessSettings):
    """What a worker is told beside that."""

    worker_port: Annotated[int, Field(ge=0, le=65535)] | None = None  # 0: any free one; None: PORT, or a free one
    threads: Annotated[int, Field(ge=1)] | None = None  # of one forward pass; None: torch's own choice


def load_worker_settings(environment: Mapping[str, str]) -> WorkerSettings:
    """Build the settings from an environment and nothing else; an empty value is none.

    Raises:
        WorkerSettingsError: an unknown LABN_ key or a value out of range; the message names it.
    """
    known = {PREFIX + name.upper() for name in WorkerSettings.model_fields}
    given = {key for key in environment if key.startswith(PREFIX)}
    if unknown := sorted(given - known - OF_THE_SERVICE):
        close = get_close_matches(unknown[0], known, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise WorkerSettingsError(f"unknown setting {unknown[0]}{hint}. Known are {', '.join(sorted(known))}")
    values = {key.removeprefix(PREFIX).lower(): environment[key] for key in known if environment.get(key)}
    try:
        return WorkerSettings.model_validate(values)
    except ValidationError as error:
        lines = [f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors()]
        raise WorkerSettingsError("; ".join(lines)) from error
