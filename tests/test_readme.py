"""The README says what is there: every module, every setting, every target."""

from __future__ import annotations

import re
from pathlib import Path

from service.settings import Settings
from worker.queue.settings import PREFIX
from worker.settings import WorkerSettings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def tree() -> set[Path]:
    """Read the files that the README's tree names."""
    block = re.search(r"## The tree\n\n```\n(.*?)```", README, re.DOTALL)
    assert block
    found: set[Path] = set()
    folders: list[str] = []
    for line in block[1].splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        name = line.split()[0]
        folders = folders[:depth]
        if name.endswith("/"):
            folders.append(name.rstrip("/"))
        else:
            found.add(Path(*folders, name))
    return found


def test_the_tree_names_every_module_and_nothing_else() -> None:
    rooms = ("model", "training", "worker", "service", "benchmarks")
    files = {
        path.relative_to(ROOT)
        for room in rooms
        for suffix in ("*.py", "*.toml")
        for path in (ROOT / room).rglob(suffix)
        if path.name != "__init__.py"
    }
    assert tree() == files


def test_every_setting_is_listed() -> None:
    names = {**Settings.model_fields, **WorkerSettings.model_fields}
    missing = [name for name in names if f"`{PREFIX}{name.upper()}`" not in README]
    assert missing == []


def test_every_file_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
