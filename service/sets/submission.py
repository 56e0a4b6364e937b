"""From a form to a set of evaluations: every file is there before the set is accepted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from fastapi import Request

from service.errors import BadParameter, BadSet
from service.evaluations.form import (
    MODEL,
    MOST_PARTS,
    PARAMETERS,
    check_for_model,
    model_name_of,
    parameters_of,
    refuse_query,
)
from service.evaluations.submission import version_of
from service.http.multipart import Form
from service.http.uploads import read_form
from service.models.registry import ModelRegistry
from service.sets.archive import Archive, Bounds
from service.sets.dataset_folder import DatasetFolder
from service.sets.table import TABLE, Row, read_table
from worker.queue.contracts.sets import SetItem, SetPayload
from worker.queue.store.blobs import sha256

ARCHIVE, NAME = "archive", "name"
MOST_ITEMS = 10_000
MOST_FIELD_BYTES = 1 << 16  # all of the form but the zip
SLOWEST_BYTES_S = 1 << 20  # an upload slower than this is given up


class SetFiles(Protocol):
    """A labels.csv and the files beside it."""

    def read(self, name: str) -> bytes:
        """Return one file.

        Raises:
            BadSet: there is none, or it cannot be used.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class SetSubmission:
    """A set and the uploads that it needs."""

    payload: SetPayload
    uploads: Mapping[str, bytes]  # by sha256


async def read_set_form(request: Request, file: BinaryIO, *, within_s: float, max_bytes: int) -> Form:
    """Read the request's body; a zip goes to the file.

    Raises:
        RequestError: it is no such form.
    """
    refuse_query(request)
    form = Form(
        request.headers.get("content-type"),
        most_parts=MOST_PARTS,
        most_bytes=MOST_FIELD_BYTES,
        files={ARCHIVE: file},
    )
    names = {ARCHIVE, NAME, MODEL, *PARAMETERS}
    await read_form(request, form, names, within_s=within_s + max_bytes / SLOWEST_BYTES_S)
    return form


def files_of(form: Form, *, datasets: Path | None, bounds: Bounds) -> SetFiles:
    """Open the zip or the folder that was asked for.

    Raises:
        BadParameter: neither of them, or both.
        BadSet: it cannot be used.
    """
    archive, names = form.file(ARCHIVE), form.texts(NAME)
    if len(names) + (archive is not None) != 1:
        raise BadParameter(f"{ARCHIVE}, {NAME}: a set is either a zip in {ARCHIVE!r} or a folder's {NAME!r}")
    return Archive(archive, bounds) if archive else DatasetFolder.find(datasets, names[0], bounds)


def set_submission_of(form: Form, files: SetFiles, registry: ModelRegistry, *, bounds: Bounds) -> SetSubmission:
    """Read a form and the files it needs.

    Images are not decoded here: one of a thousand that is broken fails alone, in its turn, and says why.

    Raises:
        RequestValidationError: names the parameters that cannot be used.
        UnknownModel: no such model.
        BadSet: names the file or the line that cannot be used.
    """
    model = registry.find(model_name_of(form))
    parameters = parameters_of(form)
    check_for_model(parameters, model)
    rows = read_table(files.read(TABLE), most_rows=bounds.items)
    look = _Look(files, bounds.total_bytes)
    items = [look.item(row, model.predictor.loaded.labels) for row in rows]
    payload = SetPayload(model=version_of(model), parameters=parameters, items=tuple(items))
    return SetSubmission(payload=payload, uploads=_Uploads(files, look.names))


class _Look:
    """One pass over the files of a set."""

    def __init__(self, files: SetFiles, left_bytes: int) -> None:
        self.names: dict[str, str] = {}  # by sha256
        self._files = files
        self._left_bytes = left_bytes

    def item(self, row: Row, labels: tuple[str, ...]) -> SetItem:
        return SetItem(
            file=row.file,
            label=_label(row, labels),
            image_sha256=self._digest(row.file),
            mask_sha256=self._digest(row.mask) if row.mask else None,
        )

    def _digest(self, name: str) -> str:
        data = self._files.read(name)
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            raise BadSet("the set has more bytes than are read")
        digest = sha256(data)
        self.names[digest] = name
        return digest


class _Uploads(Mapping[str, bytes]):
    """The files by sha256, read when they are asked for: a set need not fit the memory."""

    def __init__(self, files: SetFiles, names: Mapping[str, str]) -> None:
        self._files = files
        self._names = names

    def __getitem__(self, digest: str) -> bytes:
        data = self._files.read(self._names[digest])
        if sha256(data) != digest:
            raise BadSet(f"{self._names[digest]}: changed while it was read")
        return data

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, digest: object) -> bool:
        return digest in self._names


def _label(row: Row, labels: tuple[str, ...]) -> str:
    """Return the class that a row names, by label or index.

    Raises:
        BadSet: the model has no such class.
    """
    if row.label in labels:
        return row.label
    if row.label in map(str, range(len(labels))):
        return labels[int(row.label)]
    raise BadSet(f"{TABLE}: {row.file}: label {row.label!r} is none of {', '.join(map(repr, labels))}")
