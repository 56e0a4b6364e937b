"""POST /v1/evaluation-sets: read the form and every file of the set, submit the jobs."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from typing import Protocol

from fastapi import Request

from service.errors import BadParameter, BadSet
from service.http.admission import Admission
from service.http.multipart import Form
from service.jobs.form import LISTS, count_forwards, parse_model_name, parse_parameters, read_job_form, version_of
from service.models.registry import ModelRegistry
from service.openapi.jobs import form_body
from service.openapi.responses import BINARY
from service.sets.archive import Archive, Bounds
from service.sets.dataset_folder import DatasetFolder
from service.sets.table import TABLE, Row, read_table
from service.settings import Settings
from worker.queue.contracts.sets import SetItem, SetPayload, SetState
from worker.queue.job_queue import JobQueue
from worker.queue.store.blobs import sha256

ARCHIVE, NAME = "archive", "name"
SLOTS = 2  # concurrent submissions; each may hold LABN_MAX_SET_BYTES on disk
MOST_ITEMS = 10_000
MOST_FIELD_BYTES = 1 << 16  # all fields but the zip
SLOWEST_BYTES_S = 1 << 20  # slowest accepted upload

SET_BODY = form_body(
    "A zip in `archive`, or the `name` of a folder under LABN_DATASETS, and what to measure for each image.",
    {
        ARCHIVE: {**BINARY, "description": "Zip of images and labels.csv (columns file,label[,mask])."},
        NAME: {"type": "string", "description": "Name of a folder on the service's machine."},
    },
    required=[],
    lists=LISTS,
)


class SetFiles(Protocol):
    """A labels.csv and the files beside it."""

    def read(self, name: str) -> bytes:
        """Return the content of a file.

        Raises:
            BadSet: no such file, or it cannot be read.
        """
        ...


class SetSubmissions:
    """Takes forms in and submits sets. Used by the event loop's thread only."""

    def __init__(self, jobs: JobQueue, registry: ModelRegistry, settings: Settings) -> None:
        self._jobs = jobs
        self._registry = registry
        self._datasets = settings.datasets
        self._bounds = Bounds(
            items=MOST_ITEMS, file_bytes=settings.max_body_bytes, total_bytes=settings.max_set_bytes
        )
        self._upload_s = settings.upload_s
        self.slots = Admission(slots=SLOTS, seconds_per_request=lambda: settings.upload_s)

    async def submit(self, request: Request, idempotency_key: str | None) -> SetState:
        """Submit the set that a request describes, and return its state.

        Images are not decoded here: a broken one fails alone, in its turn, with its reason.

        Raises:
            RequestError: the body is not a valid form, the model is unknown, or the set is invalid.
            RequestValidationError: names the invalid parameters.
            QueueFull: too many submissions at a time, or too many images in the queue.
        """
        with self.slots.slot(), tempfile.TemporaryFile() as file:
            form = await read_job_form(
                request,
                {ARCHIVE, NAME},
                within_s=self._upload_s + self._bounds.total_bytes / SLOWEST_BYTES_S,
                most_bytes=MOST_FIELD_BYTES,
                files={ARCHIVE: file},
            )
            return await asyncio.to_thread(self._submit, form, idempotency_key)

    def _submit(self, form: Form, idempotency_key: str | None) -> SetState:
        files = self._files(form)
        model = self._registry.find(parse_model_name(form))
        parameters = parse_parameters(form)
        count_forwards(parameters, model)  # which checks them
        rows = read_table(files.read(TABLE), most_rows=self._bounds.items)
        uploads = _Uploads(files, most_bytes=self._bounds.total_bytes)
        items = tuple(_item(row, model.predictor.loaded.labels, uploads) for row in rows)
        payload = SetPayload(model=version_of(model), parameters=parameters, items=items)
        return self._jobs.sets.submit(payload, uploads, idempotency_key=idempotency_key)

    def _files(self, form: Form) -> SetFiles:
        archive, names = form.file(ARCHIVE), form.texts(NAME)
        if len(names) + (archive is not None) != 1:
            raise BadParameter(f"{ARCHIVE}, {NAME}: send either a zip in {ARCHIVE!r} or a folder's {NAME!r}")
        return (
            Archive(archive, self._bounds)
            if archive
            else DatasetFolder.find(self._datasets, names[0], self._bounds)
        )


class _Uploads(Mapping[str, bytes]):
    """Files of a set by SHA-256. They are read when needed, so that a set need not fit into memory."""

    def __init__(self, files: SetFiles, *, most_bytes: int) -> None:
        self._files = files
        self._left_bytes = most_bytes
        self._names: dict[str, str] = {}  # by sha256

    def add(self, name: str) -> str:
        """Read a file once and return its SHA-256.

        Raises:
            BadSet: no such file, or the set has too many bytes.
        """
        data = self._files.read(name)
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            raise BadSet("the files of the set exceed the allowed total size (LABN_MAX_SET_BYTES)")
        digest = sha256(data)
        self._names[digest] = name
        return digest

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


def _item(row: Row, labels: tuple[str, ...], uploads: _Uploads) -> SetItem:
    return SetItem(
        file=row.file,
        label=_label(row, labels),
        image_sha256=uploads.add(row.file),
        mask_sha256=uploads.add(row.mask) if row.mask else None,
    )


def _label(row: Row, labels: tuple[str, ...]) -> str:
    """Return the class of a row, given by label or index.

    Raises:
        BadSet: the model has no such class.
    """
    if row.label in labels:
        return row.label
    if row.label in map(str, range(len(labels))):
        return labels[int(row.label)]
    raise BadSet(f"{TABLE}: {row.file}: label {row.label!r} is none of {', '.join(map(repr, labels))}")
