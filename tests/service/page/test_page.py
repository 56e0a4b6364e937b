"""The files of the page: headers and caching, imports between modules, total size."""

from __future__ import annotations

import gzip
import re

import pytest

from service.http.problems import METHOD_NOT_ALLOWED, NOT_FOUND, PROBLEMS, UNEXPECTED
from service.page.files import FOLDER, page_files
from tests.service.api import Client

PLAIN = {"Accept-Encoding": "identity"}
IMPORT = re.compile(r'(?:^import|\bfrom)\s+"([^"]+)"', re.MULTILINE)
FIRST_SHOWN = ("main.js", "pages/predict.js")
LAYERS = ("api", "picture", "parts", "pages")  # each imports only itself and those before it; main.js imports all


def modules_behind(*names: str) -> set[str]:
    """These modules and all that they import, directly or indirectly."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += imports_of(name)
    return found


def imports_of(name: str) -> list[str]:
    """The modules that a module imports directly, as paths under the page's folder."""
    module = FOLDER / name
    targets = IMPORT.findall(module.read_text(encoding="utf-8"))
    return [(module.parent / target).resolve().relative_to(FOLDER.resolve()).as_posix() for target in targets]


def test_the_page_allows_nothing_inline_and_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'self';" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<style|<script(?![^>]*src=)|\son\w+=|style=", page.text)
    addresses = re.findall(r'(?:src|href)="([^"#][^"]*)"', page.text)
    assert len(addresses) > 5
    for address in addresses:
        assert client.get(f"/{address}").status_code == 200


def test_the_page_is_sent_once(client: Client) -> None:
    first = client.get("/")
    again = client.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/", headers={"If-None-Match": 'W/"other"'}).status_code == 200


def test_other_files_are_kept_for_ever_under_their_version(client: Client) -> None:
    version = page_files().version
    answer = client.get(f"/static/{version}/style.css")
    assert "immutable" in answer.headers["cache-control"]
    assert version in client.get("/").text
    for path in (
        "old/style.css",
        f"{version}/nothing.js",
        f"{version}/index.html",
        f"{version}/%2e%2e/settings.py",
    ):
        assert client.get(f"/static/{path}").status_code == 404


def test_text_is_deflated_for_who_can_read_it(client: Client) -> None:
    path = f"/static/{page_files().version}/main.js"
    plain = client.get(path, headers=PLAIN)
    deflated = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert deflated.headers["content-encoding"] == "gzip"
    assert plain.content == deflated.content == (FOLDER / "main.js").read_bytes()
    sent = page_files().files["main.js"].gzipped
    assert sent is not None
    assert len(sent) < len(gzip.decompress(sent)) / 2


def test_all_that_is_shown_first_is_asked_for_at_once() -> None:
    index = (FOLDER / "index.html").read_text(encoding="utf-8")
    named = re.findall(r'<link rel="modulepreload" href="static/VERSION/([^"]+)">', index)
    assert sorted(named) == sorted(modules_behind(*FIRST_SHOWN) - {"main.js"})


def test_every_module_is_used() -> None:
    pages = (f"pages/{path.name}" for path in (FOLDER / "pages").iterdir())
    files = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.js")}
    assert modules_behind("main.js", *pages) == files


@pytest.mark.parametrize("layer", LAYERS)
def test_modules_import_only_the_layers_below(layer: str) -> None:
    allowed = set(LAYERS[: LAYERS.index(layer) + 1])
    if layer == "pages":
        allowed.add("session.js")  # the state that pages share; it imports nothing
    modules = [path.relative_to(FOLDER).as_posix() for path in (FOLDER / layer).rglob("*.js")]
    assert modules
    wrong = [
        (name, target) for name in modules for target in imports_of(name) if target.split("/")[0] not in allowed
    ]
    assert wrong == []
    assert imports_of("session.js") == []


def test_modules_are_small_and_begin_with_a_comment() -> None:
    for path in FOLDER.rglob("*.js"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("// "), path
        assert len(lines) <= 250, path


def test_there_is_advice_for_every_problem() -> None:
    advice = (FOLDER / "parts" / "problem_texts.js").read_text(encoding="utf-8")
    problems = {*PROBLEMS.values(), NOT_FOUND, METHOD_NOT_ALLOWED, UNEXPECTED}
    assert [problem.slug for problem in problems if f'"{problem.slug}": [' not in advice] == []


def test_the_page_weighs_little() -> None:
    weight = sum(len(file.body) for name, file in page_files().files.items() if not name.startswith("examples/"))
    assert weight < 200_000
