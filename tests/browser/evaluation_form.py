"""Filling in the form of the Evaluate page."""

from __future__ import annotations

import re

from playwright.sync_api import FilePayload, Page, expect


def prepare(
    page: Page, image: bytes, *, methods: tuple[str, ...], sizes: tuple[int, ...], masks: int = 100
) -> None:
    """Fill the form of the page."""
    group = page.get_by_role("group", name="Methods")
    group.wait_for()
    choose(page, image)
    for box in group.get_by_role("checkbox").all():
        box.set_checked(box.get_attribute("value") in methods)
    for box in page.get_by_role("group", name="Patch sizes").get_by_role("checkbox").all():
        box.set_checked(int(box.get_attribute("value") or 0) in sizes)
    if page.get_by_label("RISE masks").is_hidden():
        page.get_by_text("Advanced: protocol, steps, blank and more").click()
    page.get_by_label("RISE masks").fill(str(masks))


def choose(page: Page, image: bytes) -> None:
    page.get_by_label("Choose an image").set_input_files(
        FilePayload(name="mine.jpg", mimeType="image/jpeg", buffer=image)
    )
    expect(page.get_by_role("img", name="mine.jpg")).to_be_visible()


def begin(page: Page) -> str:
    """Submit the evaluation; return its id."""
    page.get_by_role("button", name="Evaluate", exact=True).click()
    page.wait_for_url(re.compile("#/evaluations/[0-9a-f]{32}"))
    return page.url.rpartition("/")[2]
