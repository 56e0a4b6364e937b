"""The settings of the service: read once from the environment, frozen, unknown keys refused."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from service.errors import SettingsError

PREFIX = "LABN_"
OF_OTHERS = {"LABN_REDIS_URL", "LABN_DATA_DIR", "LABN_DATASETS", "LABN_MAX_SET_BYTES"}  # shared environment
CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores() -> int:
    """Return the cores this process may use: its affinity, cut to a container's CPU quota (cgroup v2)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = CGROUP_QUOTA.read_text().split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, round(int(quota) / int(period))))


class Settings(BaseSettings):
    """One object a process; each field is `LABN_` + its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000  # 0: any free one
    checkpoints: Annotated[tuple[Path, ...], NoDecode] = (Path("checkpoints"),)  # folders or files, ":" between
    default_model: str = "labn-idrid"
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    threads: Annotated[int, Field(ge=1)] = Field(default_factory=usable_cores)  # of one forward pass
    max_batch: Annotated[int, Field(ge=1, le=256)] = 8  # images in one forward pass
    max_waiting: Annotated[int, Field(ge=1)] = 64  # predictions under way; one more is answered 429
    max_body_bytes: Annotated[int, Field(ge=1)] = 33_554_432
    max_pixels: Annotated[int, Field(ge=1)] = 40_000_000  # height x width that an upload may declare
    grace_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 20.0  # for requests under way after SIGTERM
    api_key: SecretStr | None = None  # asked for in X-API-Key on /v1 where set

    @field_validator("checkpoints", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        return tuple(filter(None, value.split(os.pathsep))) if isinstance(value, str) else value


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Build the settings of this process; `environment` is what unknown keys are looked for in.

    Raises:
        SettingsError: an unknown LABN_ key or a value out of range; the message names it.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    if unknown := sorted(key for key in environment if key.startswith(PREFIX) and key not in known | OF_OTHERS):
        hints = [f"{key}{_suggestion(key, known)}" for key in unknown]
        raise SettingsError(f"unknown settings: {', '.join(hints)}. Known are {', '.join(sorted(known))}")
    try:
        return Settings()
    except ValidationError as error:
        lines = [f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']} (is {e['input']!r})" for e in error.errors()]
        raise SettingsError("; ".join(lines)) from error


def _suggestion(key: str, known: set[str]) -> str:
    close = get_close_matches(key, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
