"""Write the list of modules in docs/architecture.md from docstrings: `python scripts/architecture.py`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
PACKAGES = ("model", "telemetry", "worker", "service", "training", "benchmarks")
BEGIN = "<!-- made by scripts/architecture.py: begin -->\n"
END = "<!-- made by scripts/architecture.py: end -->\n"


def page() -> str:
    """Return the page as it should be: its own text, with the list of modules as the docstrings make it."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    folders = "\n".join(text for package in PACKAGES for text in _folders(ROOT / package))
    return f"{before}{BEGIN}{folders}{END}{after}"


def _folders(package: Path) -> Iterator[str]:
    """Yield a heading and a table for the package and for each package inside it."""
    for init in sorted(package.rglob("__init__.py"), key=lambda path: path.parent.parts):
        folder = init.parent
        name = folder.relative_to(ROOT).as_posix()
        lines = [f"{'###' if folder == package else '####'} {name}/", "", _summary(init), ""]
        modules = sorted(path for path in folder.glob("*.py") if path != init)
        if modules:
            lines += ["| module | what it is |", "|---|---|"]
            lines += [f"| `{path.name}` | {_summary(path)} |" for path in modules]
            lines.append("")
        yield "\n".join(lines)


def _summary(path: Path) -> str:
    """Return the first paragraph of a module's docstring on one line, as a table cell."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split()).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
