"""requirements.py [NAME ...]: what pyproject.toml asks for, and those extras and groups, one requirement a line."""

import sys
import tomllib
from pathlib import Path

document = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
named = document["project"]["optional-dependencies"] | document["dependency-groups"]
wanted = [document["project"]["dependencies"], *(named[name] for name in sys.argv[1:])]
print(*(requirement for part in wanted for requirement in part), sep="\n")
