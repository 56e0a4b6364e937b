"""Check of device names."""

from __future__ import annotations

import torch

from model.errors import ConfigurationError


def usable_device(name: str) -> str:
    """Return the name of a device if it can be used.

    Raises:
        ConfigurationError: it cannot be used.
    """
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:  # AssertionError: torch was built without it
        raise ConfigurationError(f"device {name!r} cannot be used: {str(error).splitlines()[0]}") from error
    return name
