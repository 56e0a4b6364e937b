from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from service import settings as settings_module
from service.errors import SettingsError
from service.settings import Settings, load_settings, usable_cores


def test_defaults() -> None:
    settings = load_settings({})
    assert (settings.host, settings.port, settings.default_model) == ("127.0.0.1", 8000, None)
    assert settings.checkpoints == (Path("checkpoints"),)
    assert (settings.max_body_bytes, settings.max_pixels, settings.max_batch) == (33_554_432, 40_000_000, 8)
    assert (settings.upload_s, settings.grace_s) == (30, 20)


def test_are_frozen() -> None:
    with pytest.raises(ValidationError):
        load_settings({}).port = 1


def test_are_made_from_the_argument_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABN_PORT", "1")
    assert load_settings({"LABN_HOST": "::1", "labn_port": "2", "LABN_API_KEY": ""}) == Settings(host="::1")


def test_checkpoints_are_split() -> None:
    assert load_settings({"LABN_CHECKPOINTS": "a:b/c.safetensors"}).checkpoints == (
        Path("a"),
        Path("b/c.safetensors"),
    )


def test_unknown_key_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"LABN_PROT \(did you mean LABN_PORT\?\)"):
        load_settings({"LABN_PROT": "1", "PATH": "/bin"})


def test_every_setting_is_told_to_who_misspells_one() -> None:
    with pytest.raises(SettingsError, match=r"LABN_DATADIR \(did you mean LABN_DATA_DIR\?\)") as refused:
        load_settings({"LABN_DATADIR": "d"})
    listed = str(refused.value).partition("Known settings: ")[2].split(", ")
    table = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert set(listed) == set(re.findall(r"`(LABN_[A-Z_]+)`", table))


def test_bad_value_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"LABN_PORT: .*eighty"):
        load_settings({"LABN_PORT": "eighty"})


def test_the_key_is_not_printed() -> None:
    assert "swordfish" not in repr(load_settings({"LABN_API_KEY": "swordfish"}))


@pytest.mark.parametrize(("quota", "cores"), [("max 100000", 4), ("200000 100000", 2), ("50000 100000", 1)])
def test_cores_respect_a_containers_quota(
    quota: str, cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(quota)
    monkeypatch.setattr(settings_module, "CGROUP_QUOTA", file)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(4)))
    assert usable_cores() == cores


def test_a_queue_is_one_that_was_named() -> None:
    assert not load_settings({}).has_queue
    assert not load_settings({"LABN_REDIS_URL": ""}).has_queue
    named = load_settings({"LABN_REDIS_URL": "redis://:swordfish@127.0.0.1/1", "LABN_QUEUE_LIMIT": "3"})
    assert (named.has_queue, named.queue_limit) == (True, 3)
    assert named.redis_url.get_secret_value().endswith("@127.0.0.1/1")
    assert "swordfish" not in repr(named)


def test_settings_of_the_others_are_known() -> None:
    others = {"LABN_WORKER_PORT": "9", "LABN_DATA_DIR": "d", "LABN_URL": "http://a"}
    assert load_settings(others) == load_settings({})
