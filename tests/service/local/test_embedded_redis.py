"""The embedded Redis: private, durable, and gone with its parent."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from service.errors import SettingsError
from service.local.child_process import start_child
from service.local.embedded_redis import EmbeddedRedis, default_folder, find_binary
from tests.redis_server import RedisServer
from tests.service.live import ROOT, wait_until

PARENT = """
import sys, time
from pathlib import Path
from service.local.embedded_redis import EmbeddedRedis
embedded = EmbeddedRedis(Path(sys.argv[1]))
process = embedded.start()
embedded.wait_until_ready(process)
print(process.pid, flush=True)
time.sleep(600)
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_was_answered_survives_a_kill(own_redis: RedisServer) -> None:
    with own_redis.client() as client:
        for number in range(1000):
            client.rpush("accepted", number)
    own_redis.kill()
    own_redis.start()
    with own_redis.client() as client:
        assert client.llen("accepted") == 1000


def test_only_its_user_reaches_it(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "for it"
    server = RedisServer(folder)
    try:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "redis.sock").stat().st_mode) == 0o700
        with server.client() as client:
            assert client.config_get("port") == {"port": "0"}
    finally:
        server.stop()


def test_a_folder_has_one_at_a_time(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    with pytest.raises(SettingsError, match=rf"another labn is running on {tmp_path}; stop it"):
        EmbeddedRedis(tmp_path)
    server.stop()
    RedisServer(tmp_path).stop()


def test_a_path_too_long_for_a_socket(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / ("long" * 40))
    with server.client() as client:
        assert client.ping()
    socket = Path(server.url.removeprefix("unix://"))
    assert socket.exists()
    server.stop()
    assert not socket.parent.exists()


def test_it_dies_with_its_parent_and_frees_the_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()
        wait_until(lambda: not is_alive(pid))
    RedisServer(tmp_path).stop()


def test_a_child_is_sent_the_signal_asked_for_and_its_niceness() -> None:
    script = "import os; print(os.nice(0), os.getpgrp() == os.getpid(), flush=True); os.kill(os.getpid(), 19)"
    read, write = os.pipe()
    with os.fdopen(read) as reader, os.fdopen(write, "wb") as writer:
        child = start_child([sys.executable, "-c", script], output=writer, niceness=3)
        assert reader.readline().split() == [str(os.nice(0) + 3), "True"]
        child.kill()
        assert child.wait() == -signal.SIGKILL


def test_data_that_it_cannot_read_is_said_so(tmp_path: Path) -> None:
    RedisServer(tmp_path).stop()
    for file in (tmp_path / "appendonlydir").iterdir():
        if file.suffix == ".manifest":
            file.write_text("nonsense\n")
    with pytest.raises(SettingsError, match=f"Redis does not start in {tmp_path}: .+"):
        RedisServer(tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="LABN_DATA_DIR"):
        EmbeddedRedis(tmp_path / "file" / "folder")


def test_the_machines_own_server_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "redis-server"
    own.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_binary() == own
    own.unlink()
    assert find_binary().name == "valkey-server"


def test_the_default_folder_is_the_users(tmp_path: Path) -> None:
    assert default_folder({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "labn"
    assert default_folder({}) == Path.home() / ".local" / "state" / "labn"


def test_the_shared_one_is_empty_for_each_test(redis: Redis, redis_url: str) -> None:
    assert redis.dbsize() == 0
    redis.set("left", "behind")
    with Redis.from_url(redis_url) as other:
        assert other.get("left") == b"behind"


def test_the_shared_one_is_empty_again(redis: Redis) -> None:
    assert redis.dbsize() == 0
