"""Metadata of the shipped checkpoints survives a round trip unchanged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors import safe_open

from model.config import Document, NetworkConfig, Preprocessing

SHIPPED = sorted((Path(__file__).parents[2] / "checkpoints").glob("*.safetensors"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
@pytest.mark.parametrize(("key", "kind"), [("network", NetworkConfig), ("preprocessing", Preprocessing)])
def test_the_configuration_is_written_as_it_was_read(path: Path, key: str, kind: type[Document]) -> None:
    with safe_open(path, framework="pt") as file:
        stored = json.loads(file.metadata()["labn"])[key]
    assert json.dumps(kind.from_dict(stored).to_dict(), sort_keys=True) == json.dumps(stored, sort_keys=True)
