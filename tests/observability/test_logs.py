"""JSON on standard error: an object a line, with the ids of request and job, and nothing of the image."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from telemetry.correlation import Correlation, correlated
from telemetry.logs import FIELDS, JsonLines
from tests.conftest import Encode
from tests.service.launcher import Launcher
from tests.service.live import ROOT, clean_environment
from tests.worker.live import wait_for

SECRET = "Jane-Doe-1970"  # in the image's name and metadata
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def line(message: str, *arguments: object, **options: Any) -> dict[str, Any]:
    record = logging.getLogger("labn.test").makeRecord(
        "labn.test", logging.WARNING, "file.py", 1, message, arguments, options.pop("exc_info", None), extra=options
    )
    text = JsonLines().format(record)
    assert "\n" not in text
    document: dict[str, Any] = json.loads(text)
    return document


def test_a_line() -> None:
    found = line("%d images\nnext", 3, **{FIELDS: {"route": "/x", "duration_s": 0.5}})
    assert found.pop("time").endswith("Z")
    assert found == {
        "level": "warning", "logger": "labn.test", "message": "3 images\nnext", "route": "/x", "duration_s": 0.5,
    }  # fmt: skip


def test_it_says_whose_work_it_is() -> None:
    with correlated(Correlation(request_id="r", job_id="j", traceparent=TRACEPARENT)):
        found = line("said")
    assert (found["request_id"], found["job_id"], found["trace_id"]) == ("r", "j", TRACEPARENT.split("-")[1])
    assert "request_id" not in line("said later")


def test_a_traceback_is_a_part_of_its_line() -> None:
    try:
        raise KeyError("name")
    except KeyError:
        assert "KeyError: 'name'" in line("failed", exc_info=sys.exc_info())["exception"]


def test_ids_from_the_queue_are_ids_or_nothing() -> None:
    carried = {"request_id": "a b\n", "traceparent": 7}
    assert Correlation.of_job("j", carried) == Correlation(job_id="j")
    good = Correlation(request_id="r-1", traceparent=TRACEPARENT)
    assert Correlation.of_job("j", good.job_meta()) == Correlation(
        job_id="j", request_id="r-1", traceparent=TRACEPARENT
    )


def test_a_request_is_followed_through_all_processes(tmp_path: Path, tiny_checkpoint: Path, encode: Encode) -> None:
    launcher = Launcher(tmp_path / "data", tiny_checkpoint, log_format="json")
    try:
        launcher.wait_until_whole()
        files = {"image": (f"{SECRET}.jpg", encode(comment=SECRET.encode()))}
        fields = {"methods": "attention", "patch_sizes": "16"}
        headers = {"X-Request-Id": "asked-1"}
        answer = httpx.post(f"{launcher.url}/v1/evaluations", files=files, data=fields, headers=headers)
        location = answer.headers["location"]
        wait_for(lambda: httpx.get(launcher.url + location).json()["status"] == "succeeded")
        httpx.post(f"{launcher.url}/v1/predictions", content=b"no image " + SECRET.encode())
    finally:
        launcher.end()
    lines = [json.loads(text) for text in launcher.log().splitlines()]
    job_id = location.rpartition("/")[2]
    of_the_request = [found for found in lines if found.get("request_id") == "asked-1"]
    assert {found["logger"] for found in of_the_request} == {"labn.access", "labn.queue", "worker"}
    (done,) = [found for found in of_the_request if found["logger"] == "worker"]
    assert (done["job_id"], done["kind"], done["outcome"]) == (job_id, "evaluation", "succeeded")
    (asked,) = [found for found in of_the_request if found["logger"] == "labn.queue"]
    assert asked["job_id"] == job_id
    (refused,) = [found for found in lines if found.get("status") == 415]
    assert refused["route"] == "/v1/predictions"
    assert SECRET not in launcher.log()


def test_a_worker_refuses_another_format() -> None:
    environment = clean_environment() | {"LABN_LOG_FORMAT": "xml"}
    done = subprocess.run(
        [sys.executable, "-m", "worker"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "LABN_LOG_FORMAT" in done.stderr
