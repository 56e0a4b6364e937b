"""Settings that service and worker share, and the loader of both: environment in, frozen model out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from telemetry.logs import LogFormat
from worker.queue.errors import InvalidSettings

PREFIX = "LABN_"
DAY_S = 86_400
WholeSeconds = Annotated[int, Field(ge=1)]


class QueueSettings(BaseModel):
    """Settings on which all processes at one Redis must agree; each field is `LABN_` + its name in capitals."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    redis_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")  # redis://, rediss://, unix://
    queue: Annotated[str, Field(pattern=r"^[\w-]{1,64}$")] = "labn"  # several may share a Redis
    queue_limit: Annotated[int, Field(ge=1)] = 256  # most evaluations that wait; more are refused
    set_queue_limit: Annotated[int, Field(ge=1)] = 20_000  # most images of sets that wait
    job_timeout_s: WholeSeconds = DAY_S  # a default evaluation takes hours on a slow CPU
    lease_s: Annotated[int, Field(ge=1)] = 30  # a worker that is silent for longer loses its job
    retries: Annotated[int, Field(ge=0, le=10)] = 2  # of a job whose worker vanished
    upload_ttl_s: WholeSeconds = DAY_S
    result_ttl_s: WholeSeconds = 7 * DAY_S  # also of failures


class ProcessSettings(QueueSettings):
    """Settings of any process that runs networks, service or worker."""

    host: str = "127.0.0.1"  # address to listen on; a worker serves only /healthz and /metrics there
    checkpoints: tuple[Path, ...] = (Path("checkpoints"),)  # folders or files, separated by ":"
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    max_pixels: Annotated[int, Field(ge=1)] = 40_000_000  # largest upload (height x width), checked before decoding
    grace_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 20.0  # to finish running work after SIGTERM
    log_format: LogFormat = "text"  # of standard error; json for log collectors

    @field_validator("checkpoints", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        return tuple(filter(None, value.split(os.pathsep))) if isinstance(value, str) else value


# Service, worker, launcher and client share one environment, so each must accept the variables of the others.
KNOWN = frozenset(
    PREFIX + name.upper()
    for name in (
        *ProcessSettings.model_fields,
        "threads", "worker_port",
        "port", "default_model", "max_batch", "max_waiting", "max_body_bytes", "max_set_bytes", "datasets",
        "upload_s", "api_key", "api_keys_file", "open_to_all", "rate_limit", "shadow_model", "shadow_share",
        "trusted_proxies",
        "data_dir", "url",
    )
)  # fmt: skip

AnySettings = TypeVar("AnySettings", bound=QueueSettings)


def load_settings(kind: type[AnySettings], environment: Mapping[str, str]) -> AnySettings:
    """Build settings from an environment alone; an empty variable counts as unset.

    Raises:
        InvalidSettings: an unknown LABN_ variable or a value out of range; the message names it.
    """
    if unknown := sorted(key for key in environment if key.startswith(PREFIX) and key not in KNOWN):
        hints = [f"{key}{_suggestion(key)}" for key in unknown]
        raise InvalidSettings(f"unknown settings: {', '.join(hints)}. Known settings: {', '.join(sorted(KNOWN))}")
    values = {name: value for name in kind.model_fields if (value := environment.get(PREFIX + name.upper()))}
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        lines = [f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']} (got {e['input']!r})" for e in error.errors()]
        raise InvalidSettings("; ".join(lines)) from error


def _suggestion(key: str) -> str:
    close = get_close_matches(key, KNOWN, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
