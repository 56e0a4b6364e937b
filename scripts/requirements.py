"""Print what pyproject.toml asks for, extras, training and tests included, one requirement a line."""

import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
wanted = [
    project["project"]["dependencies"],
    *project["project"]["optional-dependencies"].values(),
    *project["dependency-groups"].values(),
]
print(*(requirement for group in wanted for requirement in group), sep="\n")
