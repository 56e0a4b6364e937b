"""The service as an object: ask for predictions, submit evaluations."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, get_args

import httpx

from service.client.connection import Connection
from service.client.errors import Refused, UnknownId
from service.client.job import Job, Kind
from service.client.set_archive import open_archive

DEFAULT_URL = "http://127.0.0.1:8000"
Image = Path | str | bytes  # a file, its name, or what is in it


class Client:
    """One service. `with Client.from_environment() as client: client.predict("retina.jpg")`.

    Keyword arguments beyond the named ones are the API's own parameters: lists or commas, `patch_sizes=[8, 16]`.
    """

    def __init__(self, url: str = DEFAULT_URL, *, api_key: str | None = None, patience_s: float = 60.0) -> None:
        """Connect to the service at that address.

        Args:
            url: its address.
            api_key: where it asks for one.
            patience_s: for a service that is busy, or, while a job is watched, away.
        """
        self._connection = Connection(url, api_key=api_key, patience_s=patience_s)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Connect as LABN_URL and LABN_API_KEY say."""
        return cls(environment.get("LABN_URL") or DEFAULT_URL, api_key=environment.get("LABN_API_KEY"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def predict(self, image: Image, **options: object) -> dict[str, Any]:
        """Return the answer of POST /v1/predictions.

        Raises:
            Refused: not an image, a bad parameter, or busy for longer than patience lasts.
            Unreachable: no answer.
            OSError: the file cannot be read.
        """
        files = {"image": _part(image)}
        response = self._connection.request("POST", "v1/predictions", files=files, params=_fields(options))
        answer: dict[str, Any] = response.json()
        return answer

    def submit(
        self, image: Image, *, mask: Image | None = None, key: str | None = None, **parameters: object
    ) -> Job:
        """Ask for the evaluation of an image; the same one again is the same job.

        Args:
            image: what to explain.
            mask: where the lesions are, for localisation.
            key: an Idempotency-Key.
            parameters: methods, patch_sizes and so on; the service's defaults where not given.

        Raises:
            Refused: not an image, a bad parameter, or a queue that is full for longer than patience lasts.
            Unreachable: no answer.
            OSError: a file cannot be read.
        """
        files = {"image": _part(image)} | ({} if mask is None else {"mask": _part(mask)})
        return self._submit("evaluations", key, files=files, data=_fields(parameters))

    def submit_set(self, source: Path | str, *, key: str | None = None, **parameters: object) -> Job:
        """Ask for the evaluation of a zip, or of a folder, that holds images and labels.csv.

        Raises:
            BadSet: a folder whose labels.csv is missing or names what is not there.
            Refused: a zip that is no set, a bad parameter, or a queue that is full for longer than patience lasts.
            Unreachable: no answer.
            OSError: a file cannot be read.
        """
        with open_archive(Path(source)) as archive:
            files = {"archive": (Path(source).name, archive, "application/zip")}
            return self._submit("evaluation-sets", key, files=files, data=_fields(parameters))

    def submit_named_set(self, name: str, *, key: str | None = None, **parameters: object) -> Job:
        """Ask for the evaluation of a folder that the service has under LABN_DATASETS.

        Raises:
            Refused: no such folder, a bad parameter, or a queue that is full for longer than patience lasts.
            Unreachable: no answer.
        """
        fields = _fields({"name": name, **parameters})
        return self._submit("evaluation-sets", key, files={name: (None, value) for name, value in fields.items()})

    def job(self, identifier: str) -> Job:
        """Find what was submitted before by its id.

        Raises:
            UnknownId: there is no such job, or no longer.
            Refused: the service does not say.
            Unreachable: no answer.
        """
        for kind in get_args(Kind):
            job = Job(self._connection, kind, identifier)
            try:
                job.state()
            except Refused as refusal:
                if refusal.status != httpx.codes.NOT_FOUND:
                    raise
            else:
                return job
        raise UnknownId(identifier)

    def _submit(self, kind: Kind, key: str | None, **body: Any) -> Job:
        headers = {"Idempotency-Key": key} if key else {}
        state = self._connection.request("POST", f"v1/{kind}", headers=headers, **body).json()
        return Job(self._connection, kind, state["id"])


def _part(image: Image) -> tuple[str, bytes]:
    return ("image", image) if isinstance(image, bytes) else (Path(image).name, Path(image).read_bytes())


def _fields(parameters: Mapping[str, object]) -> dict[str, str]:
    """Write parameters as the API reads them; None: its own default."""
    return {name: _text(value) for name, value in parameters.items() if value is not None}


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple | set | frozenset) else str(value)
