"""Sets: zips and folders, from the question to the table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.conftest import Encode
from tests.redis_server import RedisServer
from tests.service.api import QUICK, Client, running
from tests.service.archives import table, zipped
from tests.service.conftest import LEASE_S
from tests.service.http.test_bad_input import assert_problem


@pytest.fixture
def datasets(tmp_path: Path, encode: Encode) -> Path:
    """A folder of folders: `retinas` is a set, `empty` and what lies beside are none."""
    for name in ("datasets/retinas/images", "datasets/empty", "outside"):
        (tmp_path / name).mkdir(parents=True)
    folder = tmp_path / "datasets" / "retinas"
    (folder / "labels.csv").write_text(table("images/a.jpg,positive", "images/b.jpg,0"))
    (folder / "images" / "a.jpg").write_bytes(encode(seed=300))
    (folder / "images" / "b.jpg").write_bytes(encode(seed=301))
    (tmp_path / "outside" / "labels.csv").write_text(table("a.jpg,positive"))
    return tmp_path / "datasets"


@pytest.fixture
def set_client(make_app: Callable[..., FastAPI], redis_url: str, datasets: Path) -> Iterator[Client]:
    """An application with an empty queue that nobody works on, and small bounds."""
    bounds = {"max_body_bytes": 20_000, "max_set_bytes": 60_000}
    with running(make_app(redis_url=redis_url, datasets=datasets, **bounds)) as client:
        yield client


def name_set(client: Client, name: str) -> object:
    return client.request("POST", "/v1/evaluation-sets", files={"name": (None, name)}, data=QUICK)


def sample(encode: Encode, *, seed: int) -> bytes:
    """Three images in a folder, one with a mask, one broken."""
    return zipped(
        {
            "photos/labels.csv": table(
                "a.jpg,positive,masks/a.png", "b.jpg,negative,", "broken.jpg,0,", columns="file,label,mask"
            ),
            "photos/a.jpg": encode(seed=seed),
            "photos/masks/a.png": encode(seed=seed, kind="PNG", mode="L"),
            "photos/b.jpg": encode(seed=seed + 1),
            "photos/broken.jpg": encode(seed=seed + 2)[:-400],
        }
    )


def test_from_zip_to_table(working_client: Client, encode: Encode) -> None:
    client = working_client
    accepted = client.submit_set(sample(encode, seed=200), methods="attention,random", patch_sizes="8,16")
    assert accepted.status_code == 202, accepted.text
    location = accepted.headers["location"]
    assert location == f"/v1/evaluation-sets/{accepted.json()['id']}"
    assert accepted.json()["request"]["images"] == 3
    state = client.wait(location)
    assert state["items"] == {"queued": 0, "running": 0, "succeeded": 2, "failed": 1, "cancelled": 0}
    items = client.get(f"{location}/items").json()
    assert [(item["file"], item["label"], item["status"]) for item in items["items"]] == [
        ("a.jpg", "positive", "succeeded"),
        ("b.jpg", "negative", "succeeded"),
        ("broken.jpg", "negative", "failed"),
    ]
    assert items["items"][2]["error"]["type"] == "broken_image"
    one = client.get(f"/v1/evaluations/{items['items'][0]['id']}").json()
    assert one["result"]["methods"]["attention"]["localisation"]
    table_csv = client.get(f"{location}/table.csv")
    assert table_csv.headers["content-type"].startswith("text/csv")
    rows = [row for row in csv.DictReader(io.StringIO(table_csv.text)) if not row["label"]]
    assert {(row["method"], row["patch_size"], row["images"]) for row in rows} == {
        (method, size, "2") for method in ("attention", "random") for size in ("8", "16")
    }
    assert all(float(row["low"]) <= float(row["pid"]) <= float(row["high"]) for row in rows)
    short = client.get(location, headers={"If-None-Match": client.get(location).headers["etag"]})
    assert short.status_code == 304


def test_from_name_to_table(make_app: Callable[..., FastAPI], working_redis: RedisServer, datasets: Path) -> None:
    with running(make_app(redis_url=working_redis.url, lease_s=LEASE_S, datasets=datasets)) as client:
        accepted = name_set(client, "retinas")
        state = client.wait(accepted.headers["location"])
        assert (state["status"], state["items"]["succeeded"]) == ("succeeded", 2)
        assert {entry["label"] for entry in state["result"]["tables"]} == {None, "positive", "negative"}
        again = name_set(client, "retinas")
        assert (again.status_code, again.json()["id"]) == (200, state["id"])


def test_the_same_set_is_the_same_job(set_client: Client, encode: Encode) -> None:
    archive = sample(encode, seed=210)
    ids = {set_client.submit_set(archive).json()["id"] for _ in range(2)}
    assert len(ids) == 1
    assert len(set_client.get("/v1/evaluation-sets").json()["sets"]) == 1
    assert set_client.submit_set(archive, seed="1").json()["id"] not in ids
    page = set_client.get("/v1/evaluation-sets", params={"limit": 1}).json()
    rest = set_client.get("/v1/evaluation-sets", params={"limit": 1, "cursor": page["next_cursor"]}).json()
    assert {page["sets"][0]["id"], rest["sets"][0]["id"]} > ids


def test_items_have_pages(set_client: Client, encode: Encode) -> None:
    location = set_client.submit_set(sample(encode, seed=220)).headers["location"]
    first = set_client.get(f"{location}/items", params={"limit": 2}).json()
    second = set_client.get(f"{location}/items", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["file"] for item in first["items"] + second["items"]] == ["a.jpg", "b.jpg", "broken.jpg"]
    assert second["next_cursor"] is None


def test_a_set_is_cancelled(set_client: Client, encode: Encode) -> None:
    location = set_client.submit_set(sample(encode, seed=230)).headers["location"]
    assert_problem(set_client.get(f"{location}/table.csv"), 409, "not-finished")
    assert int(set_client.get(location).headers["retry-after"]) >= 1
    state = set_client.request("DELETE", location).json()
    assert (state["status"], state["items"]["cancelled"]) == ("cancelled", 3)
    assert list(set_client.app.state.jobs.store.redis.scan_iter("labn:blob:*")) == []


def test_a_key_stands_for_one_set(set_client: Client, encode: Encode) -> None:
    def submit(seed: str) -> object:
        files = {"archive": sample(encode, seed=240)}
        headers = {"Idempotency-Key": "mine"}
        return set_client.request(
            "POST", "/v1/evaluation-sets", files=files, data=QUICK | {"seed": seed}, headers=headers
        )

    assert submit("0").status_code == submit("0").status_code == 202
    assert_problem(submit("1"), 422, "key-reused")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.jpg": b"x"}, "labels.csv"),
        ({"labels.csv": table("a.jpg,positive")}, "a.jpg: not in the zip"),
        ({"labels.csv": table("a.jpg,positive,m.png", columns="file,label,mask"), "a.jpg": b"x"}, "m.png"),
        ({"labels.csv": table("a.jpg,neither"), "a.jpg": b"x"}, "neither"),
        ({"labels.csv": table("a.jpg,2"), "a.jpg": b"x"}, "label '2'"),
        ({"labels.csv": table("../a.jpg,positive"), "a.jpg": b"x"}, "../a.jpg"),
        ({"labels.csv": table("/etc/passwd,positive")}, "/etc/passwd"),
        ({"labels.csv": table("a.jpg,positive"), "../a.jpg": b"x"}, "../a.jpg"),
        ({"labels.csv": table(), "a.jpg": b"x"}, "no image"),
        ({"labels.csv": table("a.jpg,positive"), "a.jpg": bytes(20_001)}, "20000 a file"),
        ({"labels.csv": table("a.jpg,positive"), **{f"{n}.jpg": bytes(15_000) for n in range(5)}}, "expands"),
    ],
)
def test_zips_that_cannot_be_used(set_client: Client, files: dict[str, bytes], words: str) -> None:
    assert_problem(set_client.submit_set(zipped(files)), 422, "bad-set", words)


def test_bodies_that_are_no_set(set_client: Client, encode: Encode) -> None:
    assert_problem(set_client.submit_set(b"text"), 422, "bad-set", "not a zip")
    assert_problem(set_client.submit_set(bytes(60_001)), 413, "body-too-large")
    assert_problem(set_client.submit_set(b""), 422, "bad-parameter", "archive", "name")
    both = set_client.request(
        "POST", "/v1/evaluation-sets", files={"archive": sample(encode, seed=250), "name": (None, "retinas")}
    )
    assert_problem(both, 422, "bad-parameter", "archive", "name")
    huge = set_client.request("POST", "/v1/evaluation-sets", files={"name": (None, b"n" * 66_000)})
    assert huge.status_code == 413
    field = set_client.request("POST", "/v1/evaluation-sets", files={"image": encode()})
    assert_problem(field, 422, "bad-parameter", "image")
    assert_problem(set_client.submit_set(sample(encode, seed=250), step="0"), 422, "bad-parameter", "step")
    assert_problem(set_client.submit_set(sample(encode, seed=250), model="none"), 404, "unknown-model")


@pytest.mark.parametrize(
    "name", ["nothing", "empty", "../outside", "..", ".", "", "retinas/images", "/etc", "\0", "é"]
)
def test_names_of_no_set(set_client: Client, name: str) -> None:
    assert_problem(name_set(set_client, name), 422, "bad-set", "name: no set")


def test_a_folder_whose_table_names_what_is_outside(set_client: Client, datasets: Path, encode: Encode) -> None:
    (datasets.parent / "outside" / "a.jpg").write_bytes(encode())
    (datasets / "retinas" / "labels.csv").write_text(table("../../outside/a.jpg,positive"))
    assert_problem(name_set(set_client, "retinas"), 422, "bad-set", "within the set")
    (datasets / "retinas" / "labels.csv").write_text(table("images,positive"))
    assert_problem(name_set(set_client, "retinas"), 422, "bad-set", "images: not in the folder")
    (datasets / "retinas" / "labels.csv").write_text(table("large.jpg,positive"))
    (datasets / "retinas" / "large.jpg").write_bytes(bytes(20_001))
    assert_problem(name_set(set_client, "retinas"), 422, "bad-set", "large.jpg: more than 20000 bytes")


def test_names_where_there_are_none(queue_client: Client) -> None:
    assert_problem(name_set(queue_client, "retinas"), 422, "bad-set", "LABN_DATASETS")


def test_only_some_sets_are_taken_at_a_time(set_client: Client, encode: Encode) -> None:
    slots = set_client.app.state.set_submissions.slots
    with slots.slot(), slots.slot():
        response = set_client.submit_set(sample(encode, seed=260))
        assert_problem(response, 429, "queue-full")
    assert set_client.submit_set(sample(encode, seed=260)).status_code == 202
