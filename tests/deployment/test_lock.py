"""requirements.lock: complete, in step with pyproject.toml, and free of index addresses."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deployment.shipped import ROOT

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
LOCKED = [Requirement(line) for line in LOCK.splitlines() if line and not line.strip().startswith("#")]
HERE = {canonicalize_name(pin.name): pin for pin in LOCKED if pin.marker is None or pin.marker.evaluate()}


def declared() -> list[Requirement]:
    """Return every requirement of pyproject.toml that applies to this platform."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = document["project"]["optional-dependencies"] | document["dependency-groups"]
    lines = [*document["project"]["dependencies"], *(line for group in named.values() for line in group)]
    requirements = [Requirement(line) for line in lines]
    return [requirement for requirement in requirements if not requirement.marker or requirement.marker.evaluate()]


def test_each_requirement_is_locked_to_a_version_that_satisfies_it() -> None:
    unmet = [
        str(requirement)
        for requirement in declared()
        if not (pin := HERE.get(canonicalize_name(requirement.name)))
        or not requirement.specifier.contains(str(pin.specifier).removeprefix("=="), prereleases=True)
    ]
    assert not unmet, f"run make lock: {unmet}"


def test_every_line_is_one_version() -> None:
    assert all(re.fullmatch(r"==[^,*]+", str(pin.specifier)) for pin in LOCKED)


def test_the_environment_has_the_locked_versions() -> None:
    installed = {name: version(name).partition("+")[0] for name in ("torch", "fastapi", "numpy", "redis", "pytest")}
    assert installed == {name: str(HERE[name].specifier).removeprefix("==") for name in installed}


def test_the_packages_of_the_cuda_build_are_locked() -> None:
    assert {"nvidia-cudnn-cu13", "triton"} <= {pin.name for pin in LOCKED}


def test_no_index_is_named() -> None:
    assert re.search(r"://|^--", LOCK, re.MULTILINE) is None
