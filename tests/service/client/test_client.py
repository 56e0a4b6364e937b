"""The client against a real service: predictions, and what it says when something is wrong."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from service.client import Client, Refused, Unreachable
from service.client.__main__ import main
from service.client.event_stream import Event, read_events
from service.client.set_archive import open_archive
from service.errors import BadSet
from tests.conftest import Encode
from tests.service.live import ROOT, LiveService

KEY = "a key of one's own"


@pytest.fixture(scope="module")
def live(tiny_checkpoint: Path) -> Iterator[LiveService]:
    service = LiveService(tiny_checkpoint, default_model="tiny", api_key=KEY)
    yield service
    service.stop()


@pytest.fixture
def client(live: LiveService) -> Iterator[Client]:
    with Client(live.url, api_key=KEY, patience_s=0) as client:
        yield client


@pytest.fixture
def photo(tmp_path: Path, encode: Encode) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(encode())
    return path


@pytest.fixture
def command(live: LiveService, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the command line as a shell with LABN_URL and LABN_API_KEY would."""
    monkeypatch.setenv("LABN_URL", live.url)
    monkeypatch.setenv("LABN_API_KEY", KEY)
    return lambda *arguments: main([str(argument) for argument in arguments])


def test_a_file_its_name_and_its_bytes_are_the_same_image(client: Client, photo: Path) -> None:
    answers = [client.predict(image) for image in (photo, str(photo), photo.read_bytes())]
    assert len({json.dumps(answer["probabilities"]) for answer in answers}) == 1
    assert answers[0]["explanation"]["overlay_png"]


def test_options_are_the_apis(client: Client, photo: Path) -> None:
    answer = client.predict(photo, include=["values", "heatmap"], threshold=0.125, model="tiny")
    assert answer["explanation"]["threshold"] == 0.125
    assert answer["explanation"]["values"]
    assert answer["explanation"]["overlay_png"] is None


def test_a_refusal_is_the_services_sentence(client: Client, photo: Path) -> None:
    with pytest.raises(Refused, match="threshold") as refused:
        client.predict(photo, threshold=7)
    assert refused.value.status == 422
    assert refused.value.problem["type"].startswith("urn:labn:problem:")


def test_a_wrong_key_is_refused(live: LiveService, photo: Path) -> None:
    with Client(live.url, api_key="another") as client, pytest.raises(Refused) as refused:
        client.predict(photo)
    assert refused.value.status == 401


def test_nobody_there_is_said_at_once(photo: Path) -> None:
    with Client("http://127.0.0.1:9", patience_s=600) as client, pytest.raises(Unreachable, match="answer"):
        client.predict(photo)


def test_the_command_prints_a_line_an_image(
    command: Callable[..., int], photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.jpg").write_text("no image")
    missing = tmp_path / "missing.jpg"
    assert command("predict", photo, tmp_path / "text.jpg", missing, "--out", tmp_path / "out") == 1
    good, bad, absent = map(json.loads, capsys.readouterr().out.splitlines())
    assert good["path"] == str(photo)
    assert good["prediction"]["label"] in {"negative", "positive"}
    with Image.open(good["explanation"]["overlay_png"]) as overlay:
        assert overlay.size == (96, 64)
    assert "image" in bad["error"]
    assert absent["error"] == f"{missing}: no such file or directory"


def test_the_command_says_who_does_not_answer(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", "http://127.0.0.1:9", "predict", str(photo)]) == 2
    assert "no answer from http://127.0.0.1:9" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["submit"], ["submit", "a.jpg", "b.jpg", "--mask", "m.png"]])
def test_what_makes_no_submission(
    command: Callable[..., int], arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(*arguments) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_it_starts_without_torch() -> None:
    script = "import sys, service.client.__main__; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False"]


def test_events_are_read_in_any_pieces() -> None:
    stream = b': hello\r\nretry: 10\nid: 1-0\ndata: {"a":\ndata: "\xe2\x80\xa8"}\n\n'
    stream += b"event: x\n\nid:2\r\ndata:b\r\n\r\ndata: cut"
    expected = [Event('{"a":\n"\u2028"}', "1-0"), Event("b", "2")]
    for size in (1, 2, 7, len(stream)):
        assert list(read_events(stream[start : start + size] for start in range(0, len(stream), size))) == expected


def test_a_folder_becomes_a_zip_of_what_its_table_names(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    for name in ("a.png", "masks/a.png", "not-named.png"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "labels.csv").write_text("file,label,mask\na.png,positive,masks/a.png\n")
    with open_archive(tmp_path) as file, zipfile.ZipFile(io.BytesIO(file.read())) as archive:
        assert archive.namelist() == ["labels.csv", "a.png", "masks/a.png"]
        assert archive.read("masks/a.png") == b"masks/a.png"


@pytest.mark.parametrize("table", [None, "file,label\nmissing.png,positive\n", "file,label\n../x.png,positive\n"])
def test_a_folder_that_is_no_set(tmp_path: Path, table: str | None) -> None:
    if table:
        (tmp_path / "labels.csv").write_text(table)
    with pytest.raises(BadSet), open_archive(tmp_path):
        pass


def test_the_environment_says_where(live: LiveService, photo: Path) -> None:
    with Client.from_environment({"LABN_URL": live.url, "LABN_API_KEY": KEY}) as client:
        assert client.predict(photo)["model"]["name"] == "tiny"
    with Client.from_environment({**os.environ, "LABN_URL": live.url}) as client, pytest.raises(Refused):
        client.predict(photo)
