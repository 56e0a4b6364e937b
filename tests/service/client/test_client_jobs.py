"""The client's jobs against everything that `make serve` runs, over lines that break."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from PIL import Image

from service.client import Client, Job, JobFailed, Refused, UnknownId
from service.client.__main__ import main
from tests.conftest import Encode
from tests.service.broken_line import BrokenLine
from tests.service.launcher import SERVICE, Launcher

QUICK = {"methods": ["attention"], "patch_sizes": [16]}
LONG = {"methods": ["rise"], "patch_sizes": [16], "rise_masks": 100_000}


@pytest.fixture(scope="module")
def launcher(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path) -> Iterator[Launcher]:
    launcher = Launcher(tmp_path_factory.mktemp("data"), tiny_checkpoint, default_model="tiny")
    launcher.wait_until_whole()
    yield launcher
    launcher.end()


@pytest.fixture
def client(launcher: Launcher) -> Iterator[Client]:
    with Client(launcher.url) as client:
        yield client


@pytest.fixture
def photos(tmp_path: Path, encode: Encode) -> Path:
    """A set of three, one of them broken, and a mask."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed, name in enumerate(("a", "b")):
        (folder / f"{name}.jpg").write_bytes(encode(seed=seed))
    (folder / "broken.jpg").write_bytes(encode(seed=9)[:-500])
    mask = Image.new("L", (96, 64))
    mask.paste(255, (40, 20, 60, 40))
    mask.save(folder / "a-mask.png")
    (folder / "labels.csv").write_text(
        "file,label,mask\na.jpg,positive,a-mask.png\nb.jpg,positive,\nbroken.jpg,positive,\n"
    )
    return folder


@pytest.fixture
def over_a_broken_line(launcher: Launcher) -> Iterator[Callable[[int], tuple[BrokenLine, Client]]]:
    lines: list[BrokenLine] = []
    clients: list[Client] = []

    def connect(stream_bytes: int) -> tuple[BrokenLine, Client]:
        lines.append(BrokenLine(urlsplit(launcher.url).port or 0, stream_bytes=stream_bytes))
        clients.append(Client(lines[-1].url))
        return lines[-1], clients[-1]

    yield connect
    for client in clients:
        client.close()
    for line in lines:
        line.close()


def statuses(job: Job) -> list[str]:
    return [state["status"] for state in job.watch()]


def test_a_result_comes_and_the_same_request_is_the_same_job(client: Client, encode: Encode) -> None:
    job = client.submit(encode(), **QUICK)
    *before, last = statuses(job)
    assert last == "succeeded"
    assert set(before) <= {"queued", "running"}
    assert set(job.result()["methods"]) == {"attention"}
    assert client.submit(encode(), **QUICK) == job == client.job(job.id)


def test_cut_streams_are_taken_up_behind_the_last_event(
    over_a_broken_line: Callable[[int], tuple[BrokenLine, Client]], encode: Encode
) -> None:
    line, client = over_a_broken_line(1500)
    job = client.submit(encode(seed=1), **{**LONG, "rise_masks": 5_000})
    states = list(job.watch())
    assert states[-1]["status"] == "succeeded"
    assert len(line.streams) > 1
    assert b"last-event-id" not in line.streams[0].lower()
    assert b"last-event-id" in line.streams[-1].lower()
    done = [state["progress"]["done"] for state in states]
    assert done == sorted(done)


def test_without_streams_it_asks_again_and_again(
    over_a_broken_line: Callable[[int], tuple[BrokenLine, Client]], encode: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []  # as Retry-After asks for, but not waited
    monkeypatch.setattr("service.client.watch.time", SimpleNamespace(sleep=pauses.append))
    line, client = over_a_broken_line(0)
    job = client.submit(encode(seed=2), **LONG)
    watch = job.watch()
    assert next(watch)["status"] in {"queued", "running"}
    job.cancel()
    assert [state["status"] for state in watch][-1] == "cancelled"
    assert len(line.streams) == 1
    assert pauses
    assert min(pauses) >= 1


def test_the_service_may_die_in_between(launcher: Launcher, client: Client, encode: Encode) -> None:
    job = client.submit(encode(seed=3), **{**LONG, "rise_masks": 10_000})
    watch = job.watch()
    while next(watch)["status"] != "running":
        pass
    launcher.kill(SERVICE)
    assert [state["status"] for state in watch][-1] == "succeeded"


def test_a_cancelled_job_has_no_result(client: Client, encode: Encode) -> None:
    job = client.submit(encode(seed=4), **LONG)
    job.cancel()
    with pytest.raises(JobFailed, match=f"{job.id} is cancelled"):
        job.result()


def test_a_broken_image_fails_with_its_reason(client: Client, encode: Encode) -> None:
    with pytest.raises((JobFailed, Refused), match=r"decode|truncated|broken"):
        client.submit(encode(seed=5)[:500], **QUICK).result()


def test_an_id_of_nothing_is_said_so(
    launcher: Launcher, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = "0" * 32
    with pytest.raises(UnknownId):
        client.job(unknown)
    assert main(["--url", launcher.url, "watch", unknown]) == 2
    assert capsys.readouterr().err.startswith(f"error: {unknown}: no evaluation or set ID")


def test_an_evaluation_is_fetched(client: Client, encode: Encode, tmp_path: Path) -> None:
    job = client.submit(encode(seed=6), methods="attention,random", patch_sizes="16")
    job.result()
    files = {str(path.relative_to(tmp_path / "out")) for path in job.fetch(tmp_path / "out")}
    assert files == {"state.json", "curves.csv", "curves.png", "maps/attention.png", "maps/random.png"}
    assert json.loads((tmp_path / "out" / "state.json").read_text())["status"] == "succeeded"
    with Image.open(tmp_path / "out" / "maps" / "random.png") as drawn:
        assert min(drawn.size) > 0


def test_what_is_not_finished_cannot_be_fetched(client: Client, encode: Encode, tmp_path: Path) -> None:
    job = client.submit(encode(seed=7), **LONG)
    with pytest.raises(Refused) as refused:
        job.fetch(tmp_path / "out")
    assert refused.value.status == 409
    job.cancel()


def test_a_folder_is_evaluated_and_fetched(
    launcher: Launcher, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--methods", "attention", "--patch-sizes", "16"]
    assert main(["--url", launcher.url, "submit", str(photos), *small, "--out", str(tmp_path / "out")]) == 1
    submitted, fetched = map(json.loads, capsys.readouterr().out.splitlines())
    assert submitted["kind"] == "evaluation-sets"
    assert "1 of 3 images" in fetched["error"]
    assert [Path(path).name for path in fetched["files"]] == ["state.json", "table.csv", "items.json"]
    items = json.loads((tmp_path / "out" / "photos" / "items.json").read_text())
    assert {item["file"]: item["status"] for item in items} == {
        "a.jpg": "succeeded",
        "b.jpg": "succeeded",
        "broken.jpg": "failed",
    }
    assert "attention" in (tmp_path / "out" / "photos" / "table.csv").read_text()


def test_images_are_submitted_watched_and_fetched(
    launcher: Launcher, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--url", launcher.url]
    asked = [str(photos / "a.jpg"), "--mask", str(photos / "a-mask.png"), "--methods", "attention"]
    assert main([*command, "submit", *asked, "--patch-sizes", "16"]) == 0
    identifier = json.loads(capsys.readouterr().out)["id"]
    assert main([*command, "watch", identifier]) == 0
    state = json.loads(capsys.readouterr().out)
    assert state["status"] == "succeeded"
    assert state["result"]["methods"]["attention"]["localisation"]
    assert main([*command, "fetch", identifier, "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / identifier / "curves.csv").exists()


def test_a_cancelled_job_is_a_failure_of_the_command(
    launcher: Launcher, client: Client, encode: Encode, capsys: pytest.CaptureFixture[str]
) -> None:
    job = client.submit(encode(seed=8), **LONG)
    assert main(["--url", launcher.url, "cancel", job.id]) == 0
    assert main(["--url", launcher.url, "watch", job.id]) == 1
    assert json.loads(capsys.readouterr().out)["status"] == "cancelled"


def test_a_full_queue_is_waited_for(
    tmp_path: Path,
    tiny_checkpoint: Path,
    encode: Encode,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    short = SimpleNamespace(sleep=lambda pause_s: sleep(min(pause_s, 0.2)), monotonic=monotonic)
    monkeypatch.setattr("service.client.connection.time", short)
    for seed in range(3):
        (tmp_path / f"{seed}.jpg").write_bytes(encode(seed=20 + seed))
    launcher = Launcher(tmp_path / "data", tiny_checkpoint, default_model="tiny", queue_limit=1)
    try:
        launcher.wait_until_whole()
        names = [str(tmp_path / f"{seed}.jpg") for seed in range(3)]
        asked = ["--methods", "rise", "--patch-sizes", "16", "--rise-masks", "3000"]
        assert main(["--url", launcher.url, "submit", *names, *asked, "--watch"]) == 0
    finally:
        launcher.end()
    assert "trying again in" in caplog.text
    ended = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "status" in line]
    assert [line["status"] for line in ended] == ["succeeded"] * 3
