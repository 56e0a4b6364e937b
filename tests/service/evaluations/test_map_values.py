"""Maps as numbers."""

from __future__ import annotations

import io

import numpy as np

from tests.conftest import Encode
from tests.service.api import Client
from tests.service.http.test_bad_input import assert_problem


def test_the_numbers_of_a_map(working_client: Client, encode: Encode) -> None:
    client = working_client
    location = client.submit(encode(64, 96, seed=130), methods="attention,random").headers["location"]
    coverage = client.wait(location)["result"]["methods"]["attention"]["coverage"]
    answer = client.get(f"{location}/maps/attention.npy")
    assert answer.headers["content-type"] == "application/x-npy"
    values = np.load(io.BytesIO(answer.content), allow_pickle=False)
    assert (values.shape, values.dtype) == ((32, 32), np.dtype("<f4"))
    assert abs((values > 0.4).mean() - coverage) < 0.01  # θ of the tiny network
    other = np.load(io.BytesIO(client.get(f"{location}/maps/random.npy").content), allow_pickle=False)
    assert np.abs(values - other).mean() > 0.01
    again = client.get(f"{location}/maps/attention.npy", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_what_is_not_there(working_client: Client, encode: Encode) -> None:
    location = working_client.submit(encode(seed=131)).headers["location"]
    working_client.wait(location)
    assert_problem(working_client.get(f"{location}/maps/rise.npy"), 404, "not-there", "rise")
    unknown = working_client.get(f"/v1/evaluations/{'0' * 32}/maps/attention.npy")
    assert_problem(unknown, 404, "unknown-evaluation")
