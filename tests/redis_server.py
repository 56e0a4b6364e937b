"""A real Redis that tests may kill."""

from __future__ import annotations

from pathlib import Path

from redis import Redis

from service.local.embedded_redis import EmbeddedRedis


class RedisServer:
    """The embedded Redis on a folder, with its data kept from one start to the next."""

    def __init__(self, folder: Path) -> None:
        self._embedded = EmbeddedRedis(folder)
        self.url = self._embedded.url
        self.start()

    def start(self) -> None:
        """Start it, and return when it answers."""
        self.process = self._embedded.start()
        self._embedded.wait_until_ready(self.process)

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()
        self._embedded.close()

    def client(self) -> Redis:
        """Connect; to be closed by who asked."""
        return Redis.from_url(self.url)
