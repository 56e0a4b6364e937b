"""Listening socket of the service."""

from __future__ import annotations

import ipaddress
import socket

from service.errors import SettingsError
from service.settings import Settings

BACKLOG = 2048  # connections waiting to be accepted


def is_loopback(host: str) -> bool:
    """Return whether an address, or the name in LABN_HOST, is reachable from this machine only."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def listen(settings: Settings) -> socket.socket:
    """Open a socket on LABN_HOST and LABN_PORT.

    Raises:
        SettingsError: the address is in use or not this machine's.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise SettingsError(
            f"LABN_HOST, LABN_PORT: cannot listen on {settings.host}:{settings.port}: {error}"
        ) from error
