"""Evaluation or set on the service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from model.runtime.atomic_file import write_whole
from service.client.connection import Connection
from service.client.errors import JobFailed
from service.client.watch import State, Watch

Kind = Literal["evaluations", "evaluation-sets"]


@dataclass(frozen=True)
class Job:
    """Submitted job."""

    connection: Connection
    kind: Kind
    id: str

    @property
    def path(self) -> str:
        """Path in the API."""
        return f"v1/{self.kind}/{self.id}"

    def state(self) -> State:
        """Get status, progress and result.

        Raises:
            Refused: there is no such job, or no longer.
            Unreachable: no answer.
        """
        state: State = self.connection.request("GET", self.path).json()
        return state

    def watch(self) -> Iterator[State]:
        """Yield states as they change, the final one last; see `Watch`."""
        return iter(Watch(self.connection, self.path))

    def result(self) -> dict[str, Any]:
        """Wait for the result.

        Raises:
            JobFailed: it failed or was cancelled.
            Refused: there is no such job, or no longer.
            Unreachable: no answer within the time limit.
        """
        *_, state = self.watch()
        _check(state)
        result: dict[str, Any] = state["result"]
        return result

    def cancel(self) -> None:
        """Cancel the job and erase its upload.

        Raises:
            Refused: there is no such job, or no longer.
            Unreachable: no answer.
        """
        self.connection.request("DELETE", self.path)

    def fetch(self, folder: Path) -> list[Path]:
        """Write all files of a finished job into a folder, created if needed; return their paths.

        Of an evaluation state.json, curves.csv, curves.png and maps/METHOD.png; of a set state.json, table.csv and
        items.json.

        Raises:
            JobFailed: it failed or was cancelled.
            Refused: it is not finished yet, or no longer there.
            Unreachable: no answer.
            OSError: the folder cannot be written.
        """
        state = self.state()
        if self.kind == "evaluations":
            _check(state)
            files = {name: self._download(name) for name in ("curves.csv", "curves.png")}
            files |= {
                name: self._download(name)
                for name in (f"maps/{method}.png" for method in state["result"]["methods"])
            }
        else:
            files = {"table.csv": self._download("table.csv"), "items.json": _to_json(list(self.items()))}
        return [
            _write(folder / name, content) for name, content in {"state.json": _to_json(state), **files}.items()
        ]

    def items(self) -> Iterator[State]:
        """Yield the states of a set's evaluations, page after page.

        Raises:
            Refused: there is no such set, or no longer.
            Unreachable: no answer.
        """
        cursor: str | None = None
        while True:
            page = self.connection.request(
                "GET", f"{self.path}/items", params={"cursor": cursor} if cursor else {}
            ).json()
            yield from page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return

    def _download(self, name: str) -> bytes:
        return self.connection.request("GET", f"{self.path}/{name}").content


def _check(state: State) -> None:
    if state["status"] in {"failed", "cancelled"}:
        raise JobFailed(state)


def _to_json(document: object) -> bytes:
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
    return path
