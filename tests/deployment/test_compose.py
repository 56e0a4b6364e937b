"""The compose files, without an engine; `make test-containers` runs them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from service.settings import Settings
from tests.deployment.shipped import GPU, ROOT, SETTINGS, composed
from worker.settings import WorkerSettings

PROJECT = composed()
SERVICES: dict[str, dict[str, Any]] = PROJECT["services"]
KEPT = ("redis", "service", "worker", "prometheus", "grafana")
DECIDED = {"LABN_HOST", "LABN_PORT", "LABN_WORKER_PORT", "LABN_CHECKPOINTS", "LABN_DATASETS"}  # by image and mounts
DESIGNED_PORTS = {"service": 8000, "prometheus": 9090, "grafana": 3000}


def seconds(duration: str) -> int:
    """Read Go's durations of whole seconds."""
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([hms])", duration))


def test_what_is_there() -> None:
    assert set(SERVICES) == {*KEPT, "training"}


def test_every_setting_exists() -> None:
    for document in (PROJECT, composed(*GPU)):
        names = {name for one in document["services"].values() for name in one.get("environment", {})}
        assert {name for name in names if name.startswith("LABN_")} <= SETTINGS
    for file in GPU:
        assert set(re.findall(r"\$\{(LABN_\w+)", (ROOT / file).read_text(encoding="utf-8"))) <= SETTINGS


@pytest.mark.parametrize(("name", "settings"), [("service", Settings), ("worker", WorkerSettings)])
def test_every_setting_can_be_made(name: str, settings: type[BaseModel]) -> None:
    wanted = {"LABN_" + field.upper() for field in settings.model_fields} - DECIDED
    assert wanted <= set(SERVICES[name]["environment"])


def test_service_and_worker_agree() -> None:
    both = set(SERVICES["service"]["environment"]) & set(SERVICES["worker"]["environment"])
    own = {"LABN_" + name.upper() for name in Settings.model_fields.keys() & WorkerSettings.model_fields.keys()}
    in_use = {name for one in ("service", "worker") for name in SERVICES[one]["environment"]}
    assert own & in_use <= both


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_has_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["mem_limit"]) > 0
    assert service["pids_limit"] > 0
    assert "privileged" not in service


@pytest.mark.parametrize("name", KEPT)
def test_servers_are_started_again(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", DESIGNED_PORTS)
def test_ports_are_published_on_this_machine_alone(name: str) -> None:
    (port,) = SERVICES[name]["ports"]
    assert (port["host_ip"], port["published"], port["target"]) == (
        "127.0.0.1",
        str(DESIGNED_PORTS[name]),
        DESIGNED_PORTS[name],
    )


def test_workers_can_be_many() -> None:
    assert not {"container_name", "ports", "hostname"} & set(SERVICES["worker"])
    assert not {"container_name", "ports"} & set(SERVICES["redis"])


def test_a_worker_is_given_the_time_that_it_takes() -> None:
    assert seconds(SERVICES["worker"]["stop_grace_period"]) > WorkerSettings().job_timeout_s
    assert seconds(SERVICES["service"]["stop_grace_period"]) > Settings().grace_s


def test_redis_keeps_what_it_is_given() -> None:
    command = " ".join(SERVICES["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command
    (volume,) = SERVICES["redis"]["volumes"]
    assert (volume["type"], volume["target"]) == ("volume", "/data")


def test_prometheus_meets_its_targets_in_one_network() -> None:
    networks = set(SERVICES["prometheus"]["networks"])
    for name in ("service", "worker"):
        assert networks & set(SERVICES[name]["networks"]) == {"metrics"}


def test_redis_and_workers_reach_nothing_outside() -> None:
    for name in ("redis", "worker"):
        assert all(PROJECT["networks"][network]["internal"] for network in SERVICES[name]["networks"])


@pytest.mark.parametrize("name", KEPT)
def test_what_is_mounted_from_the_checkout_is_there(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        if volume["type"] == "bind":
            assert list(Path(volume["source"]).iterdir())
            assert volume["read_only"] is True


@pytest.mark.parametrize("name", ["service", "worker", "training"])
def test_the_gpu_file_asks_for_one(name: str) -> None:
    service = composed(*GPU)["services"][name]
    (device,) = service["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"], device["count"]) == ("nvidia", ["gpu"], 1)
    assert service["build"]["args"]["TORCH_INDEX_URL"] == ""
    assert service["image"].endswith(":cuda")
