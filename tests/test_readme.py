"""README and docs: size, links, paths, settings and Makefile targets match the repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.settings import Settings
from worker.queue.settings import PREFIX
from worker.settings import WorkerSettings

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = sorted((ROOT / "docs").glob("*.md"))
WRITTEN = [
    README,
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *PAGES,
    *sorted((ROOT / "docs/adr").glob("*.md")),
]
CARDS = sorted((ROOT / "checkpoints").glob("*.md"))
FOLDERS = "model|training|worker|service|telemetry|benchmarks|scripts|deploy|tests|checkpoints|docs"
PATH = re.compile(rf"\b(?:{FOLDERS})/[\w./@-]*\w/?")


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def rows_of_settings() -> dict[str, str]:
    """Return the default column of the settings table, by name."""
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(LABN_\w+)` \| (.*?) \|", text, re.MULTILINE))


def test_the_readme_is_short() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 200
    assert len(text.encode()) < 14_000


def test_the_readme_has_the_command_that_ci_runs() -> None:
    assert "\nmake test " in README.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [*WRITTEN, *CARDS], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if ":" in link:
            continue
        target, _, anchor = link.partition("#")
        file = (page.parent / target) if target else page
        assert file.exists(), link
        assert not anchor or anchor in anchors(file), link


@pytest.mark.parametrize("page", [*WRITTEN, *CARDS], ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_named_in_code_exist(page: Path) -> None:
    code = re.findall(r"```.*?```|`[^`]+`", page.read_text(encoding="utf-8"), re.DOTALL)
    named = {match for span in code for match in PATH.findall(span) if "." in match or match.endswith("/")}
    made = {"checkpoints/mine.safetensors"}  # written by a command on the page
    assert sorted(path for path in named - made if not (ROOT / path).exists()) == []


def test_every_page_is_in_the_contents() -> None:
    contents = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if page.name != "README.md" and f"({page.name})" not in contents] == []


def test_every_setting_is_listed_with_its_default() -> None:
    listed = rows_of_settings()
    for name, field in {**Settings.model_fields, **WorkerSettings.model_fields}.items():
        default = listed[f"{PREFIX}{name.upper()}"]
        if isinstance(field.default, bool):
            assert default == str(field.default).lower(), name
        elif isinstance(field.default, int | float):
            assert float(default) == field.default, name


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_makefile_targets_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"(?:^|`)make (?:[A-Z_]+=\S* )*([a-z-]+)", text, re.MULTILINE)
    assert sorted(set(named) - targets) == []
