"""The objects for Kubernetes: what kustomize makes of the overlays, held against the API's own schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import yaml

from service.jobs.metrics import QueueCollector
from service.jobs.watch import QueueWatch
from service.settings import Settings
from tests.deployment.shipped import ROOT, SETTINGS, cluster, composed, last
from worker.health import PORT
from worker.queue.job_queue import JobQueue
from worker.queue.settings import QueueSettings

OVERLAYS = {name: cluster(name) for name in ("cpu", "gpu")}
OBJECTS = [(overlay, found) for overlay, objects in OVERLAYS.items() for found in objects]
WORKLOADS = ("Deployment", "StatefulSet")
KEDA = "keda.sh/v1alpha1"  # an extension: Kubernetes has no schema of it


def named(overlay: str, kind: str, name: str) -> dict[str, Any]:
    """The one object of that kind and name."""
    (found,) = [one for one in OVERLAYS[overlay] if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return found


def pods(overlay: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names of workloads and what their pods are."""
    for found in OVERLAYS[overlay]:
        if found["kind"] in WORKLOADS:
            yield found["metadata"]["name"], found["spec"]["template"]


def container(overlay: str, name: str) -> dict[str, Any]:
    (found,) = dict(pods(overlay))[name]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def title(case: object) -> str:
    return f"{case['kind']} {case['metadata']['name']}" if isinstance(case, dict) else str(case)


@pytest.mark.parametrize(("overlay", "found"), OBJECTS, ids=title)
def test_it_is_what_kubernetes_expects(overlay: str, found: dict[str, Any]) -> None:
    assert found["kind"] == "Namespace" or found["metadata"]["namespace"] == "labn", overlay
    if found["apiVersion"] != KEDA:
        kubernetes_validate.validate(found, kubernetes_validate.latest_version(), strict=True)


def test_the_schema_finds_what_is_wrong() -> None:
    deployment = named("cpu", "Deployment", "worker")
    wrong = deployment | {"spec": deployment["spec"] | {"replica": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
class TestEveryPod:
    def test_has_no_more_rights_than_it_needs(self, overlay: str) -> None:
        for name, template in pods(overlay):
            spec = template["spec"]
            assert spec["automountServiceAccountToken"] is False, name
            assert spec["securityContext"]["runAsNonRoot"] is True
            assert spec["securityContext"]["runAsUser"] > 0
            assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
            assert container(overlay, name)["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }

    def test_has_probes_and_bounds(self, overlay: str) -> None:
        for name, _ in pods(overlay):
            one = container(overlay, name)
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(one)
            assert {"cpu", "memory"} <= set(one["resources"]["requests"]) & set(one["resources"]["limits"])

    def test_is_selected_by_its_workload(self, overlay: str) -> None:
        for name, template in pods(overlay):
            assert template["metadata"]["labels"]["app.kubernetes.io/name"] == name

    def test_is_given_settings_that_exist(self, overlay: str) -> None:
        given = {env["name"] for name, _ in pods(overlay) for env in container(overlay, name).get("env", [])}
        assert {name for name in given if name.startswith("LABN_")} <= SETTINGS

    def test_may_be_talked_to_in_one_way(self, overlay: str) -> None:
        allowed = {
            policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"]: [
                port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]
            ]
            for policy in OVERLAYS[overlay]
            if policy["kind"] == "NetworkPolicy" and "ingress" in policy["spec"]
        }
        listening = {
            name: [port["containerPort"] for port in container(overlay, name)["ports"]] for name, _ in pods(overlay)
        }
        assert allowed == listening
        nothing_else = named(overlay, "NetworkPolicy", "nothing-else")["spec"]
        assert nothing_else == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@pytest.mark.parametrize("name", ["service", "worker"])
class TestOurs:
    def test_the_user_is_that_of_the_image(self, name: str) -> None:
        context = dict(pods("cpu"))[name]["spec"]["securityContext"]
        assert f"{context['runAsUser']}:{context['runAsGroup']}" == last(name, "USER")

    def test_the_image_is_one_that_compose_builds(self, name: str) -> None:
        assert container("cpu", name)["image"] == composed()["services"][name]["image"]
        assert container("gpu", name)["image"].endswith(":cuda")

    def test_a_gpu_each(self, name: str) -> None:
        one = container("gpu", name)
        assert one["resources"]["limits"]["nvidia.com/gpu"] == "1"
        assert {"name": "LABN_DEVICE", "value": "cuda"} in one["env"]

    def test_prometheus_finds_each_pod_by_that_name(self, name: str) -> None:
        service = named("cpu", "Service", name)["spec"]
        assert service["clusterIP"] == "None"
        assert service["ports"][0]["port"] == {"service": Settings().port, "worker": PORT}[name]
        assert f"names: [{name}]" in (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")

    def test_a_drain_leaves_some(self, name: str) -> None:
        budget = named("cpu", "PodDisruptionBudget", name)["spec"]
        assert budget.keys() & {"minAvailable", "maxUnavailable"}
        assert budget["selector"]["matchLabels"] == {"app.kubernetes.io/name": name}

    def test_there_is_time_to_drain(self, name: str) -> None:
        given = {env["name"]: env.get("value") for env in container("cpu", name)["env"]}
        grace_s = float(given.get("LABN_GRACE_S") or Settings().grace_s)
        assert dict(pods("cpu"))[name]["spec"]["terminationGracePeriodSeconds"] >= grace_s + 5


def test_replicas_of_the_service_follow_the_load() -> None:
    spec = named("cpu", "HorizontalPodAutoscaler", "service")["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "service"}
    assert 2 <= spec["minReplicas"] < spec["maxReplicas"]
    assert "replicas" not in named("cpu", "Deployment", "service")["spec"]  # it would be set back at each apply


class TestScaledObject:
    @pytest.fixture
    def spec(self) -> dict[str, Any]:
        found = named("cpu", "ScaledObject", "worker")
        assert found["apiVersion"] == KEDA
        spec: dict[str, Any] = found["spec"]
        return spec

    def test_it_has_only_fields_that_keda_knows(self, spec: dict[str, Any]) -> None:
        assert set(spec) == {
            "scaleTargetRef", "minReplicaCount", "maxReplicaCount", "pollingInterval", "cooldownPeriod", "fallback",
            "advanced", "triggers",
        }  # fmt: skip
        assert set(spec["fallback"]) == {"failureThreshold", "replicas", "behavior"}
        (trigger,) = spec["triggers"]
        assert set(trigger) == {"type", "metricType", "metadata"}
        assert set(trigger["metadata"]) == {"serverAddress", "query", "threshold", "ignoreNullValues"}
        assert all(isinstance(value, str) for value in trigger["metadata"].values())

    def test_its_rules_are_those_of_an_autoscaler(self, spec: dict[str, Any]) -> None:
        autoscaler = {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "worker"},
            "spec": {
                "scaleTargetRef": spec["scaleTargetRef"],
                "minReplicas": spec["minReplicaCount"],
                "maxReplicas": spec["maxReplicaCount"],
                "behavior": spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"],
            },
        }
        kubernetes_validate.validate(autoscaler, kubernetes_validate.latest_version(), strict=True)

    def test_it_scales_the_workers(self, spec: dict[str, Any]) -> None:
        assert spec["scaleTargetRef"]["name"] == named("cpu", "Deployment", "worker")["metadata"]["name"]
        assert "replicas" not in named("cpu", "Deployment", "worker")["spec"]

    def test_it_goes_by_a_figure_that_the_service_has(self, spec: dict[str, Any]) -> None:
        metadata = spec["triggers"][0]["metadata"]
        exported = {family.name for family in QueueCollector(QueueWatch(JobQueue.at(QueueSettings()))).collect()}
        (asked,) = re.findall(r"labn_\w+", metadata["query"])
        assert asked in exported
        port = named("cpu", "Service", "prometheus")["spec"]["ports"][0]["port"]
        assert metadata["serverAddress"] == f"http://prometheus.labn.svc:{port}"


def test_prometheus_has_all_rules_of_the_checkout() -> None:
    rules = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "deploy/prometheus/rules").iterdir()}
    (shipped,) = [one for one in OVERLAYS["cpu"] if one["metadata"]["name"].startswith("prometheus-rules")]
    assert shipped["data"] == rules
    configuration = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    assert configuration["rule_files"] == ["rules/*.rules.yml"]
