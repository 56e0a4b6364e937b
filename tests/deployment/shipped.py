"""What is shipped to build and run containers, read as the tools read it."""

from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import yaml

from worker.queue.settings import KNOWN

ROOT = Path(__file__).parents[2]
BIN = Path(sysconfig.get_path("scripts"))
SETTINGS = KNOWN
GPU = ("docker-compose.yml", "docker-compose.gpu.yml")


def run(tool: str, *arguments: str) -> str:
    """Run a tool of the environment; its output says what is wrong."""
    done = subprocess.run([BIN / tool, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def composed(*files: str) -> dict[str, Any]:
    """A project as compose sees it, with all its profiles and nothing set."""
    options = [word for file in files or ("docker-compose.yml",) for word in ("--file", file)]
    document: dict[str, Any] = yaml.safe_load(
        run("docker-compose", "--env-file", "/dev/null", *options, "--profile", "*", "config")
    )
    return document


def cluster(overlay: str) -> list[dict[str, Any]]:
    """The objects of an overlay as kustomize puts them together."""
    return list(yaml.safe_load_all(run("kubectl", "kustomize", f"deploy/k8s/{overlay}")))


def stages() -> dict[str, list[tuple[str, str]]]:
    """The Dockerfile's instructions with their arguments, by stage, those of the stages it begins with included."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    found: dict[str, list[tuple[str, str]]] = {}
    for line in text.replace("\\\n", "").splitlines():
        instruction, _, argument = line.partition(" ")
        if instruction == "FROM":
            source, _, name = argument.partition(" AS ")
            found[name] = list(found.get(source, []))
        elif instruction:
            found[name].append((instruction, argument.strip()))
    return found


def last(stage: str, instruction: str) -> str:
    """The argument of a stage's last instruction of a kind."""
    return [argument for name, argument in stages()[stage] if name == instruction][-1]
