"""Evaluations from the question to the last picture, with a worker in a process of its own."""

from __future__ import annotations

import csv
import hashlib
import io
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from PIL import Image

from service.models.registry import ModelRegistry
from tests.conftest import Encode
from tests.service.api import Client
from tests.service.http.test_bad_input import assert_problem
from tests.service.live import wait_until

LONG = {"methods": "rise", "rise_masks": "100000", "step": "1", "patch_sizes": "1", "random_orders": "1000"}


def opened(response: httpx.Response) -> Image.Image:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "image/png"
    return Image.open(io.BytesIO(response.content))


def test_from_submission_to_result(working_client: Client, registry: ModelRegistry, encode: Encode) -> None:
    client, image = working_client, encode(seed=100)
    accepted = client.submit(image, methods="attention, random", patch_sizes=["8", "16"], target="1", seed="7")
    assert accepted.status_code == 202
    assert int(accepted.headers["retry-after"]) >= 1
    document = accepted.json()
    assert accepted.headers["location"] == f"/v1/evaluations/{document['id']}"
    assert document["request"]["parameters"]["patch_sizes"] == [8, 16]
    state = client.wait(accepted.headers["location"])
    assert state["status"] == "succeeded", state
    assert state["error"] is None
    assert state["created_at"] <= state["started_at"] <= state["ended_at"]
    result = state["result"]
    assert result["target"] == {"label": "positive", "index": 1}
    assert set(result["methods"]) == {"attention", "random"}
    assert [score["patch_size"] for score in result["methods"]["random"]["scores"]] == [8, 16]
    provenance = result["provenance"]
    assert provenance["checkpoint"] == registry.default.version
    assert provenance["image_sha256"] == hashlib.sha256(image).hexdigest()
    again = client.submit(image, methods="attention,random", patch_sizes="8,16", target="1", seed="7")
    assert (again.status_code, again.json()) == (200, state)
    assert "retry-after" not in again.headers
    assert any(listed["id"] == state["id"] for listed in client.get("/v1/evaluations").json()["evaluations"])


def test_an_etag_saves_the_body(working_client: Client, encode: Encode) -> None:
    location = working_client.submit(encode(seed=101)).headers["location"]
    working_client.wait(location)
    for path in (location, f"{location}/curves.csv", f"{location}/curves.png", f"{location}/maps/attention.png"):
        full = working_client.get(path)
        for known in (full.headers["etag"], f'"x", W/{full.headers["etag"]}', "*"):
            short = working_client.get(path, headers={"If-None-Match": known})
            assert (short.status_code, short.content) == (304, b"")
            assert short.headers["etag"] == full.headers["etag"]
        assert working_client.get(path, headers={"If-None-Match": '"x"'}).content == full.content


def test_parts_of_a_result(working_client: Client, encode: Encode) -> None:
    location = working_client.submit(encode(64, 96, seed=102), methods="attention,random").headers["location"]
    result = working_client.wait(location)["result"]
    rows = list(csv.DictReader(io.StringIO(working_client.get(f"{location}/curves.csv").text)))
    points = sum(len(score["n"]) for method in result["methods"].values() for score in method["scores"])
    assert len(rows) == points
    assert float(rows[0]["insertion"]) == pytest.approx(result["p_blank"])
    curves = opened(working_client.get(f"{location}/curves.png"))
    assert min(curves.size) > 200
    assert opened(working_client.get(f"{location}/maps/attention.png")).size == (96, 64)
    assert opened(working_client.get(f"{location}/maps/random.png", params={"size": "48"})).size == (48, 32)
    assert opened(working_client.get(f"{location}/maps/random.png", params={"size": "input"})).size == (32, 32)
    assert_problem(working_client.get(f"{location}/maps/rise.png"), 404, "not-there", "rise", "attention")
    bad = working_client.get(f"{location}/maps/random.png", params={"opacity": "2"})
    assert_problem(bad, 422, "bad-parameter", "opacity")


def test_a_map_is_drawn_alone_when_the_upload_is_gone(working_client: Client, encode: Encode) -> None:
    location = working_client.submit(encode(64, 96, seed=103)).headers["location"]
    working_client.wait(location)
    over = opened(working_client.get(f"{location}/maps/attention.png"))
    erased = working_client.request("DELETE", location)
    assert (erased.status_code, erased.json()["status"]) == (200, "succeeded")  # the result stays
    alone = opened(working_client.get(f"{location}/maps/attention.png"))
    assert (over.mode, over.size, alone.mode, alone.size) == ("RGB", (96, 64), "RGBA", (32, 32))


def test_a_mask_is_compared_with(working_client: Client, encode: Encode) -> None:
    file = io.BytesIO()
    mask = Image.new("L", (96, 64))
    mask.paste(255, (40, 10, 60, 40))
    mask.save(file, "PNG")
    location = working_client.submit(encode(64, 96, seed=104), mask=file.getvalue()).headers["location"]
    assert working_client.wait(location)["result"]["methods"]["attention"]["localisation"]


def test_a_running_evaluation_is_cancelled_and_runs_again(working_client: Client, encode: Encode) -> None:
    image = encode(seed=105)
    location = working_client.submit(image, **LONG).headers["location"]
    wait_until(lambda: working_client.get(location).json()["progress"]["done"] > 0)
    running = working_client.get(location)
    assert int(running.headers["retry-after"]) >= 1
    for part in ("curves.png", "curves.csv", "maps/rise.png"):
        assert_problem(working_client.get(f"{location}/{part}"), 409, "not-finished", "running")
    cancelled = working_client.request("DELETE", location).json()
    assert (cancelled["status"], cancelled["result"]) == ("cancelled", None)
    assert_problem(working_client.get(f"{location}/curves.csv"), 409, "not-finished", "cancelled")
    # The worker is free again within a batch: it has a long job out of the way of a short one.
    other = working_client.submit(encode(seed=106)).headers["location"]
    assert working_client.wait(other)["status"] == "succeeded"
    again = working_client.submit(image, **LONG)
    assert (again.status_code, again.headers["location"]) == (202, location)
    working_client.request("DELETE", location)


def test_the_same_twice_at_once_is_one_job(working_client: Client, encode: Encode) -> None:
    image = encode(seed=107)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: working_client.submit(image), range(8)))
    assert {answer.status_code for answer in answers} <= {200, 202}
    (identifier,) = {answer.json()["id"] for answer in answers}
    assert working_client.wait(f"/v1/evaluations/{identifier}")["status"] == "succeeded"
    listed = working_client.get("/v1/evaluations", params={"limit": "100"}).json()["evaluations"]
    assert [entry["id"] for entry in listed].count(identifier) == 1
