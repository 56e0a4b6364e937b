"""Keys of a running service: compared in constant time, reloaded when their file changes."""

from __future__ import annotations

import hmac
import logging
from pathlib import Path

from service.auth.key import SCOPES, ApiKey, digest_of
from service.auth.key_file import read_keys
from service.errors import SettingsError, WrongKey
from service.http.listener import is_loopback
from service.settings import Settings

ENVIRONMENT_KEY = "LABN_API_KEY"  # name of the key from the environment, which has every scope
NEEDED = (
    "LABN_HOST: {host} can be reached from other machines, so API keys are needed: create one with `python -m "
    "service.keys new NAME --file FILE` and set LABN_API_KEYS_FILE to that file, or set LABN_API_KEY; "
    "LABN_OPEN_TO_ALL=true serves without keys"
)

logger = logging.getLogger("labn.auth")


class KeyRing:
    """LABN_API_KEY and the keys of a file. Used by the event loop's thread only."""

    def __init__(self, environment_key: ApiKey | None, file: Path | None) -> None:
        """Read the file.

        Raises:
            SettingsError: the file is unreadable or invalid.
        """
        self._fixed = [environment_key] if environment_key else []
        self._file = file
        self._loaded = _fingerprint(file)
        self._keys = [*self._fixed, *(read_keys(file) if file else [])]

    def find(self, secret: str | None) -> ApiKey:
        """Return the key with this secret.

        Raises:
            WrongKey: no such key.
        """
        self._reload_if_changed()
        digest = digest_of(secret or "")
        matches = [
            key for key in self._keys if hmac.compare_digest(key.digest, digest)
        ]  # compares all, in constant time
        if not matches:
            raise WrongKey("send the key in X-API-Key")
        return matches[0]

    def _reload_if_changed(self) -> None:
        """Reload a changed file. An invalid file changes nothing, so that a typo locks nobody out."""
        fingerprint = _fingerprint(self._file)
        if self._file is None or fingerprint == self._loaded:
            return
        self._loaded = fingerprint
        try:
            self._keys = [*self._fixed, *read_keys(self._file)]
        except SettingsError as error:
            logger.error("keys not reloaded: %s", error)
        else:
            logger.info("keys reloaded: %s", ", ".join(key.name for key in self._keys) or "none")


def open_key_ring(settings: Settings) -> KeyRing | None:
    """Return the keys, None if the service needs none.

    Raises:
        SettingsError: no keys although other machines can reach the address, or an invalid key file.
    """
    secret = settings.api_key
    if secret is None and settings.api_keys_file is None:
        if not (settings.open_to_all or is_loopback(settings.host)):
            raise SettingsError(NEEDED.format(host=settings.host))
        if settings.rate_limit is not None:
            raise SettingsError("LABN_RATE_LIMIT: the limit is per key; set LABN_API_KEYS_FILE or LABN_API_KEY")
        return None
    environment_key = None
    if secret is not None:
        digest = digest_of(secret.get_secret_value())
        environment_key = ApiKey(name=ENVIRONMENT_KEY, digest=digest, scopes=frozenset(SCOPES))
    return KeyRing(environment_key, settings.api_keys_file)


def _fingerprint(file: Path | None) -> tuple[int, ...]:
    """Return inode, size and modification time; () if there is no file."""
    try:
        found = file.stat() if file else None
    except OSError:
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns) if found else ()
