"""What is refused before a job is accepted, and what the queue says while nobody works on it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from redis import Redis

from tests.conftest import Encode
from tests.service.api import Client, running
from tests.service.http.test_bad_input import animated_gif, assert_problem, declared_png

FORM = {"Content-Type": "multipart/form-data; boundary=x"}


def part(name: str, value: bytes = b"") -> bytes:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"


def post(client: Client, body: bytes, headers: dict[str, str] | None = None, path: str = "evaluations") -> Any:
    return client.request("POST", f"/v1/{path}", content=body, headers=headers or FORM)


def depth(client: Client) -> int:
    redis = client.app.state.jobs.store.redis
    return int(redis.llen("rq:queue:labn-evaluations")) + int(redis.llen("rq:queue:labn-sets"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("methods", value) for value in ("", "nothing", "attention,attention", "rise,,random", "a" * 1000)),
        *(("patch_sizes", value) for value in ("", "0", "-1", "1.5", "x", "4,4", "33", "9" * 100, "1," * 20 + "2")),
        *(("step", value) for value in ("0", "-1", "automatic", "1.5", "", "1000001")),
        *(("seed", value) for value in ("-1", "x", "1e3", "9" * 19, "9" * 5000, "1_0", "٣")),
        *(("rise_masks", value) for value in ("0", "-5", "100001", "many")),
        *(("random_orders", value) for value in ("-1", "1001")),
        *(("target", value) for value in ("", "2", "-1", "neither", "\0", "t" * 300)),
        ("protocol", "ours"),
        ("blank", "white"),
    ],
)
def test_a_bad_field_is_named(queue_client: Client, encode: Encode, name: str, value: str) -> None:
    response = queue_client.submit(encode(), **{name: value})
    assert_problem(response, 422, "bad-parameter", name)
    assert [fault["name"] for fault in response.json()["errors"]] == [name]
    assert depth(queue_client) == 0


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("step", "x", "must be 'auto' or 'recommended', or a whole number"),
        ("step", "0", "must be 'auto' or 'recommended', or at least 1"),
        ("patch_sizes", "4,0,x", "value 2 must be at least 1"),
        ("patch_sizes", "4,4", "must be a list without repetitions"),
        ("seed", "1e3", "must be a whole number"),
        ("target", "", "must not be empty"),
        ("blank", "white", "must be 'black', 'mean' or 'blur'"),
        ("target", "cat", "no target 'cat'; there are 'negative', 'positive' and indices 0..1"),
    ],
)
def test_a_bad_field_has_one_plain_reason(
    queue_client: Client, encode: Encode, name: str, value: str, reason: str
) -> None:
    response = queue_client.submit(encode(), **{name: value})
    assert response.json()["errors"] == [{"name": name, "reason": reason}]


def test_a_step_that_the_protocol_does_not_have(queue_client: Client, encode: Encode) -> None:
    response = queue_client.submit(encode(), protocol="published", patch_sizes="32")
    assert_problem(response, 422, "bad-parameter", "step")


@pytest.mark.parametrize("name", ["seed", "model", "target", "protocol"])
def test_a_field_given_twice_is_named(queue_client: Client, encode: Encode, name: str) -> None:
    assert_problem(queue_client.submit(encode(), **{name: ["1", "1"]}), 422, "bad-parameter", f"{name}: given more")


def test_lists_may_be_repeated(queue_client: Client, encode: Encode) -> None:
    response = queue_client.submit(encode(), methods=["attention", "rise , random"])
    assert response.json()["request"]["parameters"]["methods"] == ["attention", "rise", "random"]


def test_parameters_in_the_address_are_refused(queue_client: Client, encode: Encode) -> None:
    response = queue_client.request("POST", "/v1/evaluations?methods=rise", files={"image": encode()})
    assert_problem(response, 422, "bad-parameter", "methods", "form")


def test_unknown_fields_and_models(queue_client: Client, encode: Encode) -> None:
    assert_problem(queue_client.submit(encode(), treshold="1"), 422, "bad-parameter", "treshold", "'methods'")
    assert_problem(queue_client.submit(encode(), model="nothing"), 404, "unknown-model", "nothing")
    other = queue_client.submit(encode(), model="other", target="c")
    assert other.json()["request"]["model"]["name"] == "other"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "image/jpeg"}, b"pixels"),
        ({"Content-Type": "application/json"}, b"{}"),
        ({"Content-Type": "multipart/form-data"}, b"--x\r\n"),
        ({"X-None": ""}, b""),
        (FORM, b""),
        (FORM, b"no part"),
        (FORM, b"--x--\r\n"),
        (FORM, part("image", b"pixels")),  # cut short
        (FORM, part("image") + b"--x--\r\n"),
        (FORM, part("methods", b"rise") + b"--x--\r\n"),
        (FORM, part("methods") * 65 + b"--x--\r\n"),
    ],
)
@pytest.mark.parametrize("path", ["evaluations", "evaluation-sets"])
def test_bodies_that_are_no_form(queue_client: Client, headers: dict[str, str], body: bytes, path: str) -> None:
    response = post(queue_client, body, headers, path)
    assert response.status_code in (400, 422), response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert depth(queue_client) == 0


def test_a_field_that_is_not_text(queue_client: Client, encode: Encode) -> None:
    body = part("image", encode()) + part("methods", b"\xff\xfe") + b"--x--\r\n"
    assert_problem(post(queue_client, body), 422, "bad-parameter", "methods", "UTF-8")


def test_images_that_cannot_be_used(queue_client: Client, encode: Encode) -> None:
    assert_problem(queue_client.submit(b"text"), 415, "unsupported-image")
    assert_problem(queue_client.submit(animated_gif()), 415, "unsupported-image")
    assert_problem(queue_client.submit(encode()[:-300]), 422, "broken-image")
    assert_problem(queue_client.submit(declared_png(20_000, 20_000)), 422, "too-many-pixels")
    assert_problem(queue_client.submit(bytes(2_000_001)), 413, "body-too-large")
    assert_problem(queue_client.submit(b""), 400, "malformed-request", "image")
    assert depth(queue_client) == 0


def test_masks_that_cannot_be_used(queue_client: Client, encode: Encode) -> None:
    assert_problem(queue_client.submit(encode(), mask=b"text"), 415, "unsupported-image", "mask")
    assert_problem(queue_client.submit(encode(), mask=encode()[:-300]), 422, "broken-image", "mask")
    other_shape = encode(96, 64, kind="PNG", mode="L")
    assert_problem(queue_client.submit(encode(64, 96), mask=other_shape), 422, "mask-misfit", "mask", "proportions")
    assert_problem(queue_client.submit(encode(), mask=declared_png(9_000, 9_000)), 422, "too-many-pixels", "mask")
    assert depth(queue_client) == 0


def test_an_upload_that_takes_too_long(make_app: Callable[..., FastAPI], redis_url: str) -> None:
    async def stalled() -> AsyncIterator[bytes]:
        yield part("image", b"x")
        await asyncio.sleep(60)

    with running(make_app(upload_s=0.05, redis_url=redis_url, max_set_bytes=1)) as client:
        response = client.request("POST", "/v1/evaluations", content=stalled(), headers=FORM)
        assert_problem(response, 408, "upload-too-slow")


def test_the_id_is_of_the_content(queue_client: Client, encode: Encode) -> None:
    one, same = (queue_client.submit(encode()).json()["id"] for _ in range(2))
    others = {
        queue_client.submit(encode(), **fields).json()["id"]
        for fields in (
            {"seed": "1"},
            {"target": "1"},
            {"patch_sizes": "8"},
            {"mask": encode(mode="L")},
            {"step": "2"},
        )
    }
    assert one == same
    assert len(others | {one, queue_client.submit(encode(seed=1)).json()["id"]}) == 7
    assert depth(queue_client) == 7


def test_an_idempotency_key_stands_for_one_request(queue_client: Client, encode: Encode) -> None:
    key = {"Idempotency-Key": "mine"}
    first = queue_client.submit(encode(), headers=key)
    assert queue_client.submit(encode(), headers=key).json()["id"] == first.json()["id"]
    assert_problem(queue_client.submit(encode(), headers=key, seed="1"), 422, "key-reused")
    assert queue_client.submit(encode(), seed="1").status_code == 202
    for bad in ("", "k" * 256):
        response = queue_client.submit(encode(), headers={"Idempotency-Key": bad})
        assert_problem(response, 422, "bad-parameter", "idempotency-key")


def test_a_queued_evaluation_is_cancelled(queue_client: Client, encode: Encode) -> None:
    location = queue_client.submit(encode()).headers["location"]
    assert queue_client.get(location).json()["status"] == "queued"
    assert_problem(queue_client.get(f"{location}/curves.csv"), 409, "not-finished", "queued")
    cancelled = queue_client.request("DELETE", location)
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert depth(queue_client) == 0
    assert list(queue_client.app.state.jobs.store.redis.scan_iter("labn:blob:*")) == []
    assert "retry-after" not in queue_client.get(location).headers
    again = queue_client.submit(encode())
    assert (again.status_code, again.json()["status"]) == (202, "queued")


@pytest.mark.parametrize("identifier", ["0" * 32, "x", "..", "a" * 5000, "%00", "%ff", "aggregate-" + "0" * 32])
@pytest.mark.parametrize("kind", ["evaluations", "evaluation-sets"])
def test_ids_that_are_not_there(queue_client: Client, kind: str, identifier: str) -> None:
    parts = ("", "/events", "/curves.png", "/curves.csv", "/maps/rise.png", "/table.csv", "/items")
    for rest in parts:
        response = queue_client.get(f"/v1/{kind}/{identifier}{rest}")
        assert response.status_code in (404, 307), (rest, response.text)
    assert queue_client.request("DELETE", f"/v1/{kind}/{identifier}").status_code == 404


def test_an_evaluation_is_no_set(queue_client: Client, encode: Encode) -> None:
    identifier = queue_client.submit(encode()).json()["id"]
    for rest in ("", "/events", "/table.csv", "/items"):
        assert_problem(queue_client.get(f"/v1/evaluation-sets/{identifier}{rest}"), 404, "unknown-evaluation")
    assert_problem(queue_client.request("DELETE", f"/v1/evaluation-sets/{identifier}"), 404, "unknown-evaluation")
    assert queue_client.get(f"/v1/evaluations/{identifier}").json()["status"] == "queued"


def test_the_list_has_pages(queue_client: Client, encode: Encode) -> None:
    ids = [queue_client.submit(encode(), seed=str(seed)).json()["id"] for seed in range(5)]
    found: list[str] = []
    cursor: dict[str, int] = {}
    while cursor is not None:
        page = queue_client.get("/v1/evaluations", params={"limit": 2, **cursor}).json()
        found += [entry["id"] for entry in page["evaluations"]]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] is not None else None
    assert found == ids[::-1]


@pytest.mark.parametrize(
    ("name", "value"), [("cursor", "x"), ("cursor", "-1"), ("cursor", "9" * 30), ("limit", "0"), ("limit", "101"),
                        ("page", "2")],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["evaluations", "evaluation-sets"])
def test_bad_pages_are_named(queue_client: Client, kind: str, name: str, value: str) -> None:
    assert_problem(queue_client.get(f"/v1/{kind}", params={name: value}), 422, "bad-parameter", name)


def test_a_full_queue(make_app: Callable[..., FastAPI], redis_url: str, encode: Encode) -> None:
    with running(make_app(redis_url=redis_url, queue_limit=2)) as client:
        for seed in range(2):
            assert client.submit(encode(), seed=str(seed)).status_code == 202
        response = client.submit(encode(), seed="2")
        assert_problem(response, 429, "too-many-evaluations")
        assert int(response.headers["retry-after"]) >= 1
        assert client.submit(encode(), seed="0").status_code == 202  # which waits already
        assert client.predict(encode()).status_code == 200


def test_a_large_request_is_asked_for_again_later(queue_client: Client, encode: Encode, redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        redis.set("labn:mean_run_s", 1.0)
        for model in queue_client.get("/v1/models").json()["models"]:
            redis.hset("labn:forward_s", model["version"], 0.001)
    small, large = (queue_client.submit(encode(), methods="rise", rise_masks=masks) for masks in ("10", "30000"))
    assert int(small.headers["retry-after"]) < 10
    assert int(large.headers["retry-after"]) >= 30  # 30,000 forwards of 1 ms
    again = queue_client.get(f"/v1/evaluations/{large.json()['id']}")
    assert int(again.headers["retry-after"]) >= 30


def test_mutated_forms(queue_client: Client, encode: Encode) -> None:
    choice = random.Random(3)
    form = part("image", encode()) + part("methods", b"attention") + part("patch_sizes", b"8") + b"--x--\r\n"
    statuses = set()
    for _ in range(150):
        body = bytearray(form)
        for _ in range(choice.choice((1, 3))):
            body[choice.choice((choice.randrange(60), -choice.randrange(1, 200)))] = choice.randrange(256)
        statuses.add(post(queue_client, bytes(body)).status_code)
    assert statuses <= {202, 400, 415, 422}
    assert {202, 400, 422} <= statuses
