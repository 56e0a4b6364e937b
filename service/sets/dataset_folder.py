"""Set on the service's machine: a named folder under LABN_DATASETS."""

from __future__ import annotations

import re
from pathlib import Path

from service.errors import BadSet
from service.sets.archive import Bounds
from service.sets.table import TABLE, check_name

NAME = re.compile(r"\w[\w. -]{0,127}")


class DatasetFolder:
    """Files beside one labels.csv. Links are followed: they are the operator's, a request only names the folder."""

    def __init__(self, folder: Path, bounds: Bounds) -> None:
        self._folder = folder
        self._bounds = bounds

    @classmethod
    def find(cls, datasets: Path | None, name: str, bounds: Bounds) -> DatasetFolder:
        """Return the folder of that name.

        Raises:
            BadSet: no such folder.
        """
        if datasets is None:
            raise BadSet("name: there are no named sets here: LABN_DATASETS is not set")
        folder = datasets / name
        if not NAME.fullmatch(name) or not (folder / TABLE).is_file():
            raise BadSet(f"name: no set {name!r}: a folder under LABN_DATASETS with {TABLE} in it")
        return cls(folder, bounds)

    def read(self, name: str) -> bytes:
        """Return the content of a file.

        Raises:
            BadSet: no such file, or it is too large.
        """
        check_name(name)
        path = self._folder / name
        try:
            if not path.is_file():
                raise BadSet(f"{name}: not in the folder")
            with path.open("rb") as file:
                data = file.read(self._bounds.file_bytes + 1)
        except OSError as error:
            raise BadSet(f"{name}: cannot be read: {error.strerror}") from error
        if len(data) > self._bounds.file_bytes:
            raise BadSet(f"{name}: more than {self._bounds.file_bytes} bytes")
        return data
