"""Print what pyproject.toml asks for, tests' needs included, one requirement a line."""

import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
print(*project["project"]["dependencies"], *project["dependency-groups"]["dev"], sep="\n")
