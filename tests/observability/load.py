"""A smoke load: predictions small and large, evaluations, a set, and mistakes."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import httpx

from tests.conftest import Encode

MISTAKES = ({"content": b"no image"}, {"files": {"picture": b""}})


class Load:
    """Rounds of requests; each round's images are its own, so that no evaluation is one that was done."""

    def __init__(self, url: str, encode: Encode) -> None:
        self._url, self._encode = url, encode
        self._rounds = 0
        self.predictions = 0  # that were answered

    def run_round(self, **fields: str) -> list[str]:
        """Send one round, evaluations with those fields; return where its jobs are."""
        self._rounds += 1
        image = self._encode(seed=self._rounds)
        for _ in range(3):
            self._predict(image)
        self.glance()
        evaluation = self._ask("evaluations", 202, files={"image": image}, data=fields)
        a_set = self._ask("evaluation-sets", 202, files={"archive": self._archive()}, data=fields)
        return [evaluation.headers["location"], a_set.headers["location"]]

    def glance(self) -> None:
        """Send a prediction and the mistakes."""
        self._predict(self._encode(seed=self.predictions % 10))
        for mistake in MISTAKES:
            assert 400 <= self._post("predictions", **mistake).status_code < 500

    def predict_slowly(self) -> None:
        """Send a prediction of a large image that is drawn at full size."""
        self._predict(self._encode(3000, 4000), size="upload")

    def is_ended(self, location: str) -> bool:
        ended: bool = httpx.get(self._url + location).json()["ended_at"] is not None
        return ended

    def _predict(self, image: bytes, **parameters: str) -> None:
        self._ask("predictions", 200, files={"image": image}, params=parameters)
        self.predictions += 1

    def _archive(self) -> bytes:
        """A zip of two images, one of them broken."""
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("labels.csv", "file,label\na.jpg,0\nb.jpg,1\n")
            archive.writestr("a.jpg", self._encode(seed=1000 + self._rounds))
            archive.writestr("b.jpg", b"no image %d" % self._rounds)
        return file.getvalue()

    def _ask(self, resource: str, status: int, **request: Any) -> httpx.Response:
        answer = self._post(resource, **request)
        assert answer.status_code == status, answer.text
        return answer

    def _post(self, resource: str, **request: Any) -> httpx.Response:
        return httpx.post(f"{self._url}/v1/{resource}", timeout=60, **request)
