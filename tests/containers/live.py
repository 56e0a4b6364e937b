"""The containers as they are shipped, on a real engine: `make test-containers`, not part of `make test`.

The tests build on one another, from the first start to the last end.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.client import Client, Refused
from service.client.job import Job
from tests.containers.stack import PROJECT, ROOT, Stack, podman, wait_until
from tests.training.folders import write_classes
from tests.training.test_command import write_toml

RETINA = ROOT / "docs" / "images" / "retina.jpg"
QUICK = {"methods": "attention", "patch_sizes": 32, "step": 7, "random_orders": 0}  # some forwards
LONG = {"methods": "rise", "patch_sizes": 32, "rise_masks": 3000}  # a minute and more
LARGEST_BYTES = 1_400_000_000
SERVERS = ("redis", "service", "worker", "prometheus")
OURS = ("service", "worker")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    stack = Stack()
    try:
        stack.make("up")
        yield stack
    finally:
        stack.close()
        assert podman("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}") == ""


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    with Client(stack.url, patience_s=120) as client:
        yield client


def running_job(client: Client, seed: int) -> Job:
    """A long evaluation that a worker has begun."""
    job = client.submit(RETINA, **LONG, seed=seed)
    wait_until(lambda: job.state()["status"] == "running")
    return job


def section(title: str) -> str:
    """What the operations' handbook says under that title."""
    handbook = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    return handbook.partition(f"\n{title}\n")[2].partition("\n## ")[0]


class TestImages:
    @pytest.mark.parametrize("name", OURS)
    def test_it_is_small_enough(self, stack: Stack, name: str) -> None:
        (image,) = json.loads(podman("image", "inspect", stack.containers(name)[0]["Image"]))
        assert image["Size"] < LARGEST_BYTES

    @pytest.mark.parametrize("name", OURS)
    def test_it_runs_as_nobody_in_particular_without_a_compiler(self, stack: Stack, name: str) -> None:
        assert stack.execute(name, "id", "-u").stdout.strip() == "10001"
        assert "NoNewPrivs:\t1" in (status := stack.execute(name, "cat", "/proc/1/status").stdout)
        assert "CapEff:\t0000000000000000" in status
        for compiler in ("cc", "gcc", "g++", "clang", "make"):
            assert stack.execute(name, "sh", "-c", f"command -v {compiler}").returncode != 0

    @pytest.mark.parametrize("name", SERVERS)
    def test_it_cannot_write_outside_its_volumes(self, stack: Stack, name: str) -> None:
        assert "Read-only" in stack.execute(name, "sh", "-c", "touch /etc/written /written /app/written").stderr
        (container,) = stack.containers(name)
        assert container["HostConfig"]["ReadonlyRootfs"]

    def test_each_has_a_health_check_of_its_own(self, stack: Stack) -> None:
        checks = {name: tuple(stack.containers(name)[0]["Config"]["Healthcheck"]["Test"]) for name in SERVERS}
        assert len(set(checks.values())) == len(SERVERS)


class TestWork:
    def test_all_are_healthy(self, stack: Stack) -> None:
        wait_until(lambda: stack.healthy(*SERVERS))
        assert httpx.get(f"{stack.url}/readyz").json()["status"] == "ready"

    def test_a_prediction(self, client: Client) -> None:
        assert client.predict(RETINA)["prediction"]["label"] == "retinopathy"

    def test_an_evaluation_to_its_end(self, client: Client) -> None:
        result = client.submit(RETINA, **QUICK).result()
        (score,) = result["methods"]["attention"]["scores"]
        assert -1 <= score["pid"] <= 1

    def test_more_workers(self, stack: Stack) -> None:
        stack.compose("up", "--detach", "--no-recreate", "--scale", "worker=2", "worker")
        wait_until(lambda: stack.healthy("worker"))
        assert len(stack.containers("worker")) == 2

    def test_prometheus_sees_each_of_them_once(self, stack: Stack) -> None:
        def seen() -> list[tuple[str, str]]:
            targets = stack.prometheus("targets")["activeTargets"]
            return sorted((target["labels"]["job"], target["health"]) for target in targets)

        everything = [("labn-service", "up"), ("labn-worker", "up"), ("labn-worker", "up"), ("prometheus", "up")]
        wait_until(lambda: seen() == everything)
        stack.compose("up", "--detach", "--no-recreate", "--scale", "worker=1", "worker")


class TestEnds:
    def test_a_stopped_worker_hands_its_job_back(self, stack: Stack, client: Client) -> None:
        job = running_job(client, seed=1)
        began = time.monotonic()
        stack.compose("stop", "worker")
        assert time.monotonic() - began < 60  # the grace of 20 s, not the engine's 25 hours
        assert stack.containers("worker")[0]["State"]["ExitCode"] == 0
        assert job.state()["status"] == "queued"
        job.cancel()
        stack.compose("start", "worker")
        wait_until(lambda: stack.healthy("worker"))

    def test_a_stopped_service_ends_in_order(self, stack: Stack) -> None:
        stack.compose("stop", "service")
        assert stack.containers("service")[0]["State"]["ExitCode"] == 0
        stack.compose("start", "service")
        wait_until(lambda: stack.healthy("service"))


class TestCrashes:
    def test_of_redis(self, stack: Stack, client: Client) -> None:
        done = client.submit(RETINA, **QUICK)
        stack.crash("redis")
        assert client.predict(RETINA)["prediction"]["label"] == "retinopathy"
        wait_until(lambda: stack.healthy(*SERVERS))
        wait_until(lambda: httpx.get(f"{stack.url}/readyz").json()["status"] == "ready")
        assert done.state()["status"] == "succeeded"

    def test_of_a_worker(self, stack: Stack, client: Client) -> None:
        job = running_job(client, seed=2)
        first = job.state()["started_at"]
        stack.crash("worker")
        wait_until(lambda: job.state()["started_at"] not in (None, first))  # once the lease was over
        wait_until(lambda: stack.healthy("worker"))
        assert job.state()["status"] == "running"
        job.cancel()

    def test_of_the_service(self, stack: Stack, client: Client) -> None:
        job = client.submit(RETINA, **QUICK, seed=3)
        stack.crash("service")
        wait_until(lambda: stack.healthy("service"))
        assert job.result()["methods"]

    def test_of_prometheus(self, stack: Stack) -> None:
        stack.crash("prometheus")
        wait_until(lambda: stack.healthy("prometheus"))
        wait_until(lambda: bool(stack.prometheus("query", query="up")["result"]))


def test_results_outlive_the_containers(stack: Stack, client: Client) -> None:
    job = client.submit(RETINA, **QUICK)
    before = job.result()
    stack.make("down")
    assert podman("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}") == ""
    stack.make("up")
    assert job.result() == before


def test_a_backup_and_its_way_back_as_documented(stack: Stack, client: Client, tmp_path: Path) -> None:
    backup, restore = re.findall(r"```sh\n(.*?)```", section("## Backup"), re.DOTALL)
    job = client.submit(RETINA, **QUICK, seed=4)
    before = job.result()
    stack.shell(backup, tmp_path)
    later = client.submit(RETINA, **QUICK, seed=5)
    stack.shell(restore, tmp_path)
    assert job.result() == before
    with pytest.raises(Refused) as refused:
        later.state()
    assert refused.value.status == 404


def test_training(stack: Stack, tmp_path: Path) -> None:
    data, runs = tmp_path / "data", tmp_path / "runs"
    write_classes(data, {"dark": 60, "bright": 190})
    write_toml(data / "tiny.toml")
    runs.mkdir()
    stack.make("train", "CONFIG=/data/tiny.toml", f"DATA={data}", DATA=str(data), RUNS=str(runs))
    assert (runs / "tiny-seed0" / "checkpoint.safetensors").is_file()
