"""requirements.py [NAME ...]: print the requirements of the project and of these extras and groups, one a line."""

import sys
import tomllib
from pathlib import Path

document = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
named = document["project"]["optional-dependencies"] | document["dependency-groups"]
wanted = [document["project"]["dependencies"], *(named[name] for name in sys.argv[1:])]
print(*(requirement for part in wanted for requirement in part), sep="\n")
