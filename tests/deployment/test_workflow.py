"""The GitHub workflow: its steps run the Makefile's targets."""

from __future__ import annotations

import re

import yaml

from tests.deployment.shipped import ROOT

WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_each_command_is_a_target_of_the_makefile() -> None:
    jobs = yaml.safe_load(WORKFLOW)["jobs"]
    commands = {step["run"] for job in jobs.values() for step in job["steps"] if "run" in step}
    named = {command.removeprefix("make ") for command in commands} - {"${{ matrix.target }}"}
    assert named == {"setup", "images"}
    assert named | set(jobs["checks"]["strategy"]["matrix"]["target"]) <= TARGETS


def test_every_check_of_the_ci_script_is_run() -> None:
    script = set(re.findall(r"^make ([a-z-]+)$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE))
    assert script - {"setup"} <= set(yaml.safe_load(WORKFLOW)["jobs"]["checks"]["strategy"]["matrix"]["target"])
