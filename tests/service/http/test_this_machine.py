"""Without keys a server of one's own lets in this machine alone, wherever it listens."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.service.api import Client, running
from tests.service.live import ROOT, clean_environment

COMMAND = "-m uvicorn --factory service.asgi:application --host 0.0.0.0 --port 8000 --log-level warning"
ELSEWHERE = "10.9.8.7"
IN_A_NAMESPACE = ("unshare", "--map-root-user", "--net")  # whose only device is its own loopback
ASKED = f"""
import json, subprocess, sys, time
import httpx

for command in ("ip link set lo up", "ip address add {ELSEWHERE}/32 dev lo"):
    subprocess.run(command.split(), check=True)
with subprocess.Popen([sys.executable, *"{COMMAND}".split()]) as server:
    deadline, is_up = time.monotonic() + 60, False
    while not is_up and server.poll() is None and time.monotonic() < deadline:
        try:
            is_up = httpx.get("http://127.0.0.1:8000/readyz").status_code == 200
        except httpx.TransportError:
            time.sleep(0.05)
    answers = {{}}
    for host in ("127.0.0.1", "{ELSEWHERE}"):
        for path in ("/v1/models", "/healthz"):
            forged = {{"Host": "127.0.0.1", "X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1"}}
            answer = httpx.get(f"http://{{host}}:8000{{path}}", headers=forged)
            answers[host + path] = [answer.status_code, answer.json().get("type")]
    print(json.dumps(answers))
    server.terminate()
"""


def answers_at_0000(checkpoint: Path, **settings: str) -> dict[str, list[object]]:
    """Ask a real uvicorn that listens everywhere, through loopback and as from elsewhere."""
    own = {f"LABN_{name.upper()}": value for name, value in {"checkpoints": str(checkpoint), **settings}.items()}
    process = subprocess.run(
        [*IN_A_NAMESPACE, sys.executable, "-c", ASKED],
        cwd=ROOT, env=clean_environment() | own, stdout=subprocess.PIPE, text=True, check=True, timeout=600,
    )  # fmt: skip
    answers: dict[str, list[object]] = json.loads(process.stdout)
    return answers


def has_namespaces() -> bool:
    tools = all(map(shutil.which, ("unshare", "ip")))
    return tools and subprocess.run([*IN_A_NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_namespaces(), reason="no network namespace can be made here")
@pytest.mark.parametrize(
    ("settings", "elsewhere"),
    [({}, [403, "urn:labn:problem:keys-needed"]), ({"open_to_all": "true"}, [200, None])],
)
def test_uvicorn_that_listens_everywhere(
    tiny_checkpoint: Path, settings: dict[str, str], elsewhere: list[object]
) -> None:
    assert answers_at_0000(tiny_checkpoint, **settings) == {
        "127.0.0.1/v1/models": [200, None],
        "127.0.0.1/healthz": [200, None],
        f"{ELSEWHERE}/v1/models": elsewhere,
        f"{ELSEWHERE}/healthz": [200, None],  # probes come from elsewhere
    }


@pytest.mark.parametrize("path", ["models", "status", "evaluations", "evaluation-sets"])
def test_nothing_below_v1_is_open(client: Client, path: str) -> None:
    refused = client.get(f"http://10.0.0.7:8000/v1/{path}")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:labn:problem:keys-needed")
    assert "LABN_API_KEYS_FILE" in refused.json()["detail"]
    assert "www-authenticate" not in refused.headers  # no key would help


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.3.2.1", 200), ("[::1]", 200), ("[::ffff:127.0.0.1]", 200), ("[::ffff:10.0.0.7]", 403), ("[::]", 403)],
)
def test_it_goes_by_the_address(client: Client, host: str, status: int) -> None:
    assert client.get(f"http://{host}:8000/v1/models").status_code == status


def test_keys_are_asked_for_everywhere(make_app: Callable[..., FastAPI]) -> None:
    with running(make_app(api_key="swordfish")) as client:
        for host in ("127.0.0.1", "10.0.0.7"):
            address = f"http://{host}:8000/v1/models"
            assert client.get(address).status_code == 401
            assert client.get(address, headers={"X-API-Key": "swordfish"}).status_code == 200
