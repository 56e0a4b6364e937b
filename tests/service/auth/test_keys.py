from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI

from service.auth.key import digest_of
from service.auth.key_file import read_keys
from service.auth.key_ring import open_key_ring
from service.errors import SettingsError
from service.keys import main
from service.settings import Settings
from tests.conftest import Encode
from tests.service.api import running
from tests.service.keys import new_key

Capture = pytest.CaptureFixture[str]
DIGEST = "0" * 64


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def test_a_new_key_is_told_once_and_kept_as_a_digest(file: Path, capsys: Capture) -> None:
    first = new_key(file, "camera-3", capsys, scopes="predict")
    second = new_key(file, "team@eyes", capsys)
    assert first != second
    assert first.startswith("labn_")
    assert first not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    keys = read_keys(file)
    assert [(key.name, sorted(key.scopes)) for key in keys] == [
        ("camera-3", ["predict"]),
        ("team@eyes", ["evaluate", "predict"]),
    ]
    assert keys[0].digest == digest_of(first)


def test_a_key_goes_behind_a_line_without_an_end(file: Path, capsys: Capture) -> None:
    file.write_text(f"# ours\n\na {DIGEST} admin")
    new_key(file, "b", capsys)
    assert [key.name for key in read_keys(file)] == ["a", "b"]


def test_a_name_has_one_key(file: Path, capsys: Capture) -> None:
    new_key(file, "a", capsys)
    assert main(["new", "a", "--file", str(file)]) == 2
    assert "already has a key named a" in capsys.readouterr().err
    assert len(read_keys(file)) == 1


@pytest.mark.parametrize("arguments", [["a b"], ["a", "--scopes", "root"], ["a", "--scopes", ""], ["a#", "--x"]])
def test_names_and_scopes_are_checked(arguments: list[str], file: Path) -> None:
    with pytest.raises(SystemExit):
        main(["new", *arguments, "--file", str(file)])
    assert not file.exists()


@pytest.mark.parametrize(
    "line",
    [
        "a",
        f"a {DIGEST}",
        f"a {DIGEST[1:]} admin",
        f"a {DIGEST[2:]} admin",
        f"a {DIGEST} root",
        f"a/b {DIGEST} admin",
    ],
)
def test_a_bad_line_is_named_and_not_shown(line: str, file: Path) -> None:
    file.write_text(f"# ours\n{line}\n")
    with pytest.raises(SettingsError, match=r"line 2: not NAME SHA256 SCOPE,SCOPE") as refused:
        read_keys(file)
    assert DIGEST[2:] not in str(refused.value)


def test_two_keys_of_a_name_and_no_file_are_refused(file: Path) -> None:
    with pytest.raises(SettingsError, match="LABN_API_KEYS_FILE: cannot read"):
        open_key_ring(Settings(api_keys_file=file))
    file.write_text(f"a {DIGEST} admin\na {DIGEST} predict\n")
    with pytest.raises(SettingsError, match="line 2: the name a is used twice"):
        open_key_ring(Settings(api_keys_file=file))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "labn.example"])
def test_beyond_loopback_keys_are_needed(host: str, file: Path) -> None:
    with pytest.raises(SettingsError, match=r"API keys are needed: .*service\.keys new.*LABN_OPEN_TO_ALL"):
        open_key_ring(Settings(host=host))
    file.touch()
    assert open_key_ring(Settings(host=host, api_keys_file=file))
    assert open_key_ring(Settings(host=host, api_key="swordfish"))
    assert open_key_ring(Settings(host=host, open_to_all=True)) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_on_loopback_they_are_not(host: str) -> None:
    assert open_key_ring(Settings(host=host)) is None


def test_a_key_does_what_its_scopes_say(
    make_app: Callable[..., FastAPI], file: Path, redis_url: str, encode: Encode, capsys: Capture
) -> None:
    secrets = {
        scope: {"X-API-Key": new_key(file, scope, capsys, scopes=scope)} for scope in ("predict", "evaluate")
    }
    admin = {"X-API-Key": new_key(file, "boss", capsys, scopes="admin")}
    with running(make_app(api_keys_file=file, api_key="swordfish", redis_url=redis_url)) as client:
        for headers in ({}, {"X-API-Key": "guess"}, {"X-API-Key": read_keys(file)[0].digest.hex()}):
            assert client.predict(encode(), headers=headers).status_code == 401
        assert client.predict(encode(), headers=secrets["predict"]).status_code == 200
        refused = client.submit(encode(), headers=secrets["predict"])
        assert refused.status_code == 403
        assert refused.json()["type"] == "urn:labn:problem:missing-scope"
        assert refused.headers["www-authenticate"] == 'APIKey error="insufficient_scope", scope="evaluate"'
        assert client.predict(encode(), headers=secrets["evaluate"]).status_code == 403
        job = client.submit(encode(), headers=secrets["evaluate"])
        assert job.status_code == 202
        assert client.get(job.headers["location"], headers=secrets["evaluate"]).status_code == 200
        for path in ("/v1/evaluations", "/v1/evaluation-sets"):
            assert client.get(path, headers=secrets["evaluate"]).status_code == 403
            assert client.get(path, headers=admin).status_code == 200
        for headers in (admin, {"X-API-Key": "swordfish"}):
            assert client.predict(encode(), headers=headers).status_code == 200
            assert client.get(job.headers["location"], headers=headers).status_code == 200
        for name, headers in secrets.items():
            assert client.get("/v1/models", headers=headers).status_code == 200
            assert client.get("/v1/status", headers=headers).json()["key"] == {"name": name, "scopes": [name]}
        everything = {"name": "boss", "scopes": ["predict", "evaluate", "admin"]}
        assert client.get("/v1/status", headers=admin).json()["key"] == everything
        assert client.metric("labn_requests_rejected_total", reason="missing-scope") == 4


def test_a_changed_file_is_taken_without_a_restart(
    make_app: Callable[..., FastAPI], file: Path, capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    old = {"X-API-Key": new_key(file, "old", capsys)}
    with running(make_app(api_keys_file=file)) as client:
        assert client.get("/v1/models", headers=old).status_code == 200
        new = {"X-API-Key": new_key(file, "new", capsys)}
        assert client.get("/v1/models", headers=new).status_code == 200
        file.write_text("not a key\n")
        assert client.get("/v1/models", headers=old).status_code == 200
        assert "keys not reloaded" in caplog.text
        file.write_text("# all revoked\n")
        assert client.get("/v1/models", headers=old).status_code == 401
