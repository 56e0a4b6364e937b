"""Examples of the API: answers of the shipped model for docs/images/retina.jpg, as JSON files in `examples/`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("examples")


def load_example(name: str) -> dict[str, Any]:
    """Read `examples/NAME.json`."""
    example: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_bytes())
    return example
