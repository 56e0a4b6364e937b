"""Uploads that are read one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping


class OneByOne(Mapping[str, bytes]):
    """Uploads that are read at look-up, like those of an archive."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files, self.read = files, list[str]()

    def __getitem__(self, digest: str) -> bytes:
        self.read.append(digest)
        return self._files[digest]

    def __contains__(self, digest: object) -> bool:
        return digest in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


class Interrupted(OneByOne):
    """Uploads that call a function before a given look-up."""

    def __init__(self, files: Mapping[str, bytes], *, before: int, does: Callable[[], None]) -> None:
        super().__init__(files)
        self._before, self._does = before, does

    def __getitem__(self, digest: str) -> bytes:
        if len(self.read) == self._before:
            self._does()
        return super().__getitem__(digest)
