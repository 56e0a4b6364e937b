"""No secret is told: of a real service with keys and a Redis with a password, all output and every command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from redis import Redis

from service.__main__ import main
from tests.conftest import Encode
from tests.redis_server import RedisServer
from tests.service.keys import new_key
from tests.service.launcher import Launcher
from tests.service.live import ROOT, clean_environment, wait_until

PASSWORD, OWN_KEY, WRONG_KEY = "perch-and-pike", "swordfish", "sturgeon-roe"


@pytest.fixture
def locked_redis(own_redis: RedisServer) -> Iterator[str]:
    """The address of a Redis that asks for a password."""
    with own_redis.client() as client:
        client.config_set("requirepass", PASSWORD)
        yield own_redis.url.replace("unix://", f"unix://:{PASSWORD}@")


def test_neither_logs_nor_command_lines_tell_a_secret(
    tmp_path: Path, locked_redis: str, tiny_checkpoint: Path, encode: Encode, capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    file = tmp_path / "keys"
    key = new_key(file, "camera-3", capsys)
    launcher = Launcher(
        tmp_path / "state", tiny_checkpoint, redis_url=locked_redis, api_key=OWN_KEY, api_keys_file=file,
        rate_limit=3, default_model="tiny",
    )  # fmt: skip
    request.addfinalizer(lambda: launcher.end() if launcher.process.poll() is None else None)
    wait_until(lambda: (answer := launcher.readiness()) is not None and answer.status_code == 200)
    with httpx.Client(base_url=launcher.url) as client:
        for sent, status in ((key, 200), (WRONG_KEY, 401), (OWN_KEY, 200)):
            answer = client.post("/v1/predictions", content=encode(), headers={"X-API-Key": sent})
            assert answer.status_code == status
        submitted = client.post("/v1/evaluations", files={"image": encode()}, headers={"X-API-Key": key})
        assert submitted.status_code == 202
        public = [client.get(path).text for path in ("/metrics", "/readyz", "/openapi.json", "/healthz")]
    with Redis.from_url(locked_redis) as admin:  # another password: who has the old one is refused from now on
        admin.config_set("requirepass", "another")
        admin.client_kill_filter(_type="normal", skipme=True)
    wait_until(lambda: "Redis is away" in launcher.log())
    commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in (launcher.process.pid, *launcher.pids())]
    launcher.end()
    log = launcher.log()
    assert len(commands) >= 3
    assert " 200 " in log
    assert "by camera-3" in log
    for secret in (key, OWN_KEY, WRONG_KEY, PASSWORD):
        assert secret not in log
        assert all(secret not in text for text in (*commands, *public))


@pytest.mark.parametrize("other", [{"LABN_PORT": "eighty"}, {"LABN_HOST": "192.0.2.7"}, {"LABN_NO": "1"}])
def test_a_refused_start_tells_none(
    other: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = {"LABN_API_KEY": OWN_KEY, "LABN_REDIS_URL": f"redis://:{PASSWORD}@127.0.0.1:1/0"}
    for name, value in (secrets | other).items():
        monkeypatch.setenv(name, value)
    assert main() == 2
    said = capsys.readouterr().err
    assert said.startswith("labn: ")
    assert OWN_KEY not in said
    assert PASSWORD not in said


def test_a_service_that_others_reach_does_not_start_without_keys() -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "service"],
        cwd=ROOT,
        env=clean_environment() | {"LABN_HOST": "0.0.0.0", "LABN_PORT": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert refused.returncode == 2
    assert "API keys are needed" in refused.stderr
    assert "Traceback" not in refused.stderr
