"""Print what pyproject.toml asks for, the needs of training and tests included, one requirement a line."""

import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
groups = project["dependency-groups"].values()
print(*project["project"]["dependencies"], *(requirement for group in groups for requirement in group), sep="\n")
