"""The arrows between the rooms run one way: who may import whom is read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("model", "training", "worker", "service", "benchmarks", "tests")
MAY_IMPORT = {
    "model": ("model",),
    "training": ("training", "model"),
    "worker": ("worker", "model"),
    "service": (
        "service", "model",
        "worker.contracts", "worker.queue", "worker.settings", "worker.queue.blobs", "worker.queue.errors",
    ),
}  # fmt: skip
WEB_AND_QUEUE = ("fastapi", "starlette", "uvicorn", "redis", "rq", "prometheus_client")


def imported_names(tree: ast.Module) -> Iterator[str]:
    """Name all that is imported anywhere in a module, dotted; relative imports begin with a dot."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            yield from (f"{source}.{alias.name}" for alias in node.names)


def violations(room: str, source: str) -> list[str]:
    """List the imports of a module that its room must not have."""
    return [name for name in imported_names(ast.parse(source)) if not is_allowed(room, name)]


def is_allowed(room: str, name: str) -> bool:
    """Tell whether a module of that room may import that name."""
    package = name.partition(".")[0]
    if not package:  # relative
        return False
    if package in ROOMS:
        return any(name == allowed or name.startswith(f"{allowed}.") for allowed in MAY_IMPORT[room])
    return room != "model" or package not in WEB_AND_QUEUE


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    wrong = {
        str(path.relative_to(ROOT)): found
        for path in sorted((ROOT / room).rglob("*.py"))
        if (found := violations(room, path.read_text(encoding="utf-8")))
    }
    assert wrong == {}


@pytest.mark.parametrize("room", ["model", "training", "worker", "service"])
def test_there_is_something_to_check(room: str) -> None:
    assert list((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("model", "import training"), ("model", "from service.app import create_app"),
        ("model", "import worker.work.jobs"),
        ("model", "import fastapi"), ("model", "from redis.asyncio import Redis"), ("model", "import rq, json"),
        ("model", "def f():\n    import uvicorn"), ("model", "from prometheus_client import Counter"),
        ("model", "from . import errors"), ("model", "from .errors import LabnError"),
        ("model", "from .. import x"),
        ("model", "if True:\n    from tests import networks"), ("training", "import worker.queue"),
        ("training", "from service import app"), ("worker", "from service.settings import Settings"),
        ("worker", "import training.loop"), ("service", "from worker.work.jobs import run"),
        ("service", "import worker"),
        ("service", "from worker import jobs"), ("service", "from worker.queues import x"),
        ("service", "import training"), ("service", "from benchmarks import network"),
    ],
)  # fmt: skip
def test_the_check_finds_what_is_forbidden(room: str, source: str) -> None:
    assert violations(room, source)


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("model", "import torch\nfrom model.config import NetworkConfig"), ("model", "import redistribution"),
        ("training", "from model.network import LambdaAbn\nimport training.loop"),
        ("worker", "import rq\nfrom worker import queue\nfrom model.predictor import Predictor"),
        ("service", "from worker import contracts\nfrom worker.queue import add\nimport worker.errors, fastapi"),
    ],
)  # fmt: skip
def test_the_check_lets_the_rest_pass(room: str, source: str) -> None:
    assert violations(room, source) == []
