"""A pickle that does harm when it is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)
