from __future__ import annotations

from pathlib import Path

import pytest

from service.settings import Settings
from worker.queue.errors import InvalidSettings
from worker.queue.settings import KNOWN, PREFIX, load_settings
from worker.settings import WorkerSettings


def test_defaults() -> None:
    settings = load_settings(WorkerSettings, {})
    assert settings == WorkerSettings()
    assert (settings.lease_s, settings.retries, settings.queue_limit, settings.worker_port) == (30, 2, 256, None)
    assert settings.checkpoints == (Path("checkpoints"),)
    assert settings.job_timeout_s == 24 * 3600  # more than the default request needs on a slow CPU


def test_are_made_from_the_argument_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABN_LEASE_S", "1")
    given = {"LABN_CHECKPOINTS": "a:b/c.safetensors", "LABN_THREADS": "2", "LABN_DEVICE": "", "PATH": "/bin"}
    settings = load_settings(WorkerSettings, given)
    assert settings.checkpoints == (Path("a"), Path("b/c.safetensors"))
    assert (settings.threads, settings.device, settings.lease_s) == (2, "cpu", 30)


def test_share_an_environment_with_the_service() -> None:
    fields = {*WorkerSettings.model_fields, *Settings.model_fields, "data_dir", "url"}  # launcher, client
    assert {PREFIX + name.upper() for name in fields} == KNOWN


def test_unknown_key_is_refused_by_name() -> None:
    with pytest.raises(InvalidSettings, match=r"LABN_LEASE \(did you mean LABN_LEASE_S\?\)"):
        load_settings(WorkerSettings, {"LABN_LEASE": "1"})


def test_bad_value_is_refused_by_name() -> None:
    with pytest.raises(InvalidSettings, match="LABN_RETRIES"):
        load_settings(WorkerSettings, {"LABN_RETRIES": "many"})


def test_the_password_is_not_printed() -> None:
    settings = load_settings(WorkerSettings, {"LABN_REDIS_URL": "redis://:swordfish@127.0.0.1"})
    assert "swordfish" not in repr(settings)
    assert "swordfish" in settings.redis_url.get_secret_value()
