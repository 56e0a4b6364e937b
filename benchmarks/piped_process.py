"""A module of this package in a process of its own, asked through its input: a line of JSON for a line of JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

READY = "ready"


class PipedProcess:
    """`python -m MODULE ARGUMENTS…`, ready once the context is entered; leaving it ends the process."""

    def __init__(self, module: str, *arguments: object) -> None:
        self._module = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        """Wait until it is ready.

        Raises:
            RuntimeError: it has ended.
        """
        try:
            self._answer(READY)
        except RuntimeError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Close the pipe, at whose end the process ends."""
        self._process.communicate()

    def ask(self, order: object) -> Any:
        """Return the answer to an order.

        Raises:
            RuntimeError: the process has ended, over an error that it wrote.
        """
        assert self._process.stdin
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return self._answer(order)

    def _answer(self, what: object) -> Any:
        assert self._process.stdout
        if not (line := self._process.stdout.readline()):
            raise RuntimeError(f"{self._module} ended instead of answering {what}")
        return json.loads(line)


def answer_orders(answer: Callable[[Any], object]) -> None:
    """Be the other end: say that all is ready, then answer until the input ends."""
    print(json.dumps(READY), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
