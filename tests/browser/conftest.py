from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, sync_playwright

from benchmarks.chromium import find_chromium
from tests.browser.chromium import ROOT, Watched
from tests.service.live import LiveService

Open = Callable[..., Watched]


@pytest.fixture(scope="module")  # no longer: Playwright's event loop stands in the way of other tests' own
def browser() -> Iterator[Browser]:
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium on PATH: `make test-browser` installs it or says how")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def live() -> Iterator[LiveService]:
    """The shipped model, served without a queue."""
    service = LiveService(ROOT / "checkpoints")
    yield service
    service.stop()


@pytest.fixture
def window(browser: Browser) -> Iterator[Open]:
    """Open windows on a service; at the end each is checked for complaints."""
    with ExitStack() as stack:

        def open_window(service: LiveService, *, refusals: bool = False, **options: object) -> Watched:
            watched = Watched(browser, service.url, **options)
            stack.callback(watched.close, refusals=refusals)
            return watched

        yield open_window
