"""What is measured of an evaluation while the rest is not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Encode
from tests.service.api import Client
from tests.service.http.test_bad_input import assert_problem
from tests.service.live import wait_until

SLOW_AT_LAST = {"methods": "attention,random,rise", "rise_masks": "100000", "patch_sizes": "8,16"}


def test_scores_are_served_as_they_are_measured(working_client: Client, encode: Encode) -> None:
    client = working_client
    location = client.submit(encode(seed=140), **SLOW_AT_LAST).headers["location"]
    wait_until(lambda: len(client.get(f"{location}/partial").json()["methods"]) == 2)
    answer = client.get(f"{location}/partial")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    wait_until(lambda: len(client.get(f"{location}/partial").json()["methods"]["random"]["scores"]) == 2)
    methods = client.get(f"{location}/partial").json()["methods"]
    assert list(methods) == ["attention", "random"]
    score = methods["attention"]["scores"][0]
    assert (score["patch_size"], score["random_band"]) == (8, None)
    assert len(score["n"]) == len(score["insertion_curve"]) == len(score["deletion_curve"])
    assert client.get(location).json()["result"] is None
    client.request("DELETE", location)
    assert_problem(client.get(f"{location}/partial"), 409, "not-finished", "cancelled")


def test_curves_are_served_while_they_are_measured(working_client: Client, encode: Encode) -> None:
    client = working_client
    location = client.submit(encode(seed=143), methods="attention", patch_sizes="1", step="1").headers["location"]
    seen: list[dict[str, Any]] = []

    def has_grown() -> bool:
        answer = client.get(f"{location}/partial").json()
        if answer["growing"]:
            seen.append(answer["growing"])
        return bool(answer["methods"])

    wait_until(has_grown)
    assert seen
    result = client.wait(location)["result"]["methods"]["attention"]["scores"][0]
    whole = dict(
        zip(result["n"], zip(result["insertion_curve"], result["deletion_curve"], strict=True), strict=True)
    )
    for growing in seen:
        assert (growing["method"], growing["patch_size"], growing["patches"]) == ("attention", 1, 32 * 32)
        points = zip(growing["n"], growing["insertion_curve"], growing["deletion_curve"], strict=True)
        assert all(whole[n] == pytest.approx(point) for n, *point in points)


def test_all_scores_are_served_in_the_end(working_client: Client, encode: Encode) -> None:
    location = working_client.submit(encode(seed=141), methods="attention,random").headers["location"]
    result = working_client.wait(location)["result"]
    answer = working_client.get(f"{location}/partial")
    expected = {name: {"scores": method["scores"]} for name, method in result["methods"].items()}
    assert answer.json() == {"methods": expected, "growing": None}
    again = working_client.get(f"{location}/partial", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_nothing_is_measured_of_what_waits(queue_client: Client, encode: Encode) -> None:
    location = queue_client.submit(encode(seed=142)).headers["location"]
    assert queue_client.get(f"{location}/partial").json() == {"methods": {}, "growing": None}


def test_what_is_not_there(queue_client: Client) -> None:
    unknown = queue_client.get(f"/v1/evaluations/{'0' * 32}/partial")
    assert_problem(unknown, 404, "unknown-evaluation")
