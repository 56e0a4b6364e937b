"""A real Chromium, and a watch on what the page does in it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "screenshots"
REFUSED = "Failed to load resource"  # Chromium's own line for an answer that is no success


class Watched:
    """A page of the service in a window of its own; nothing must leave its origin or be complained of."""

    def __init__(self, browser: Browser, url: str, **options: object) -> None:
        settings = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark", "reduced_motion": "reduce"}
        self.context = browser.new_context(**(settings | options))
        self.page: Page = self.context.new_page()
        self.url = url
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", self._see_request)
        self.page.on("console", self._see_message)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, fragment: str = "") -> Page:
        self.page.goto(f"{self.url}/{fragment}")
        return self.page

    def shoot(self, name: str) -> None:
        """Keep a screenshot of the whole page, to be looked at."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.evaluate("scrollTo(0, 0)")  # where what sticks to the top belongs
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def asked(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(urlsplit(url).path == path for url in self.requests)

    def close(self, *, refusals: bool = False) -> None:
        """End; answers that were refused are complained of unless they were asked for."""
        self.context.close()
        elsewhere = [url for url in self.requests if not url.startswith((f"{self.url}/", "blob:", "data:"))]
        complaints = [text for text in self.complaints if not (refusals and REFUSED in text)]
        assert not elsewhere + complaints, f"left the origin: {elsewhere}; complaints: {complaints}"

    def _see_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _see_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)
