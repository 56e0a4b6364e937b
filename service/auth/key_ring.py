"""The keys of a running service: found in constant time, and read anew when their file changes."""

from __future__ import annotations

import hmac
import logging
from pathlib import Path

from service.auth.key import SCOPES, ApiKey, digest_of
from service.auth.key_file import read_keys
from service.errors import SettingsError, WrongKey
from service.http.listener import is_loopback
from service.settings import Settings

OF_THE_ENVIRONMENT = "LABN_API_KEY"  # the name of the one key that has every scope
NEEDED = (
    "LABN_HOST: {host} can be reached from other machines, so API keys are needed: make one with `python -m "
    "service.keys new NAME --file FILE` and name the file in LABN_API_KEYS_FILE, or set LABN_API_KEY; "
    "LABN_OPEN_TO_ALL=true serves without"
)

logger = logging.getLogger("labn.keys")


class KeyRing:
    """LABN_API_KEY and the keys of a file; belongs to the event loop's thread."""

    def __init__(self, own: ApiKey | None, file: Path | None) -> None:
        """Read the file.

        Raises:
            SettingsError: it cannot be used.
        """
        self._own = [own] if own else []
        self._file = file
        self._seen = _mark(file)
        self._keys = [*self._own, *(read_keys(file) if file else [])]

    def find(self, secret: str | None) -> ApiKey:
        """Return the key that somebody has sent.

        Raises:
            WrongKey: there is none like that.
        """
        self._look_again()
        digest = digest_of(secret or "")
        matches = [key for key in self._keys if hmac.compare_digest(key.digest, digest)]  # always all of them
        if not matches:
            raise WrongKey("send the key in X-API-Key")
        return matches[0]

    def _look_again(self) -> None:
        """Take a changed file; one that cannot be used changes nothing, so that a slip locks nobody out."""
        mark = _mark(self._file)
        if self._file is None or mark == self._seen:
            return
        self._seen = mark
        try:
            self._keys = [*self._own, *read_keys(self._file)]
        except SettingsError as error:
            logger.error("the keys stay as they were: %s", error)
        else:
            logger.info("keys read again: %s", ", ".join(key.name for key in self._keys) or "none")


def open_key_ring(settings: Settings) -> KeyRing | None:
    """Return the keys, None where anybody is let in.

    Raises:
        SettingsError: there are none and the address can be reached from elsewhere, or their file cannot be used.
    """
    secret = settings.api_key
    if secret is None and settings.api_keys_file is None:
        if not (settings.open_to_all or is_loopback(settings.host)):
            raise SettingsError(NEEDED.format(host=settings.host))
        if settings.rate_limit is not None:
            raise SettingsError("LABN_RATE_LIMIT: it is a limit a key; name keys in LABN_API_KEYS_FILE")
        return None
    own = None
    if secret is not None:
        digest = digest_of(secret.get_secret_value())
        own = ApiKey(name=OF_THE_ENVIRONMENT, digest=digest, scopes=frozenset(SCOPES))
    return KeyRing(own, settings.api_keys_file)


def _mark(file: Path | None) -> tuple[int, ...]:
    """Return what changes with a file; () where there is none."""
    try:
        found = file.stat() if file else None
    except OSError:
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns) if found else ()
