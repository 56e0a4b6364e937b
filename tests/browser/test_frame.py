"""Common to all pages: accessible names and contrast, keyboard use, links, size."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import ROOT, Watched
from tests.service.live import LiveService

Open = Callable[..., Watched]
PAGES = {"": ".examples img", "#/evaluate": ".request, .notice", "#/sets": ".request, .notice",
         "#/models": ".model", "#/service": ".tile"}  # fmt: skip
MOST_BYTES = 200_000

# Text with too little contrast to its background (WCAG 2, 1.4.3): [[text, ratio], …].
PALE = """() => {
    const context = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
    const rgba = (colour) => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a)];
    const behind = (node) => {
        if (!node) return [255, 255, 255];
        const own = rgba(getComputedStyle(node).backgroundColor);
        return own[3] === 1 ? own.slice(0, 3) : over(own, behind(node.parentElement));
    };
    const light = (colour) => colour
        .map((value) => value / 255)
        .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
        .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
    const pale = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode.parentElement;
        const text = walker.currentNode.textContent.trim();
        if (!text || !node.checkVisibility({visibilityProperty: true})) continue;
        if (node.closest(":disabled, noscript")) continue;
        const style = getComputedStyle(node);
        const below = behind(node);
        const colour = node.closest("svg text") ? style.fill : style.color;
        const [one, other] = [light(over(rgba(colour), below)), light(below)].sort((a, b) => b - a);
        const isLarge = parseFloat(style.fontSize) >= 24;
        const ratio = (one + 0.05) / (other + 0.05);
        if (ratio < (isLarge ? 3 : 4.5)) pale.push([text.slice(0, 40), Number(ratio.toFixed(2))]);
    }
    return pale;
}"""

# Interactive elements without an accessible name.
NAMELESS = """() => [
        ...document.querySelectorAll("a, button, input, select, canvas[role], svg[role], [tabindex='0']")
    ]
    .filter((node) => node.checkVisibility())
    .filter((node) => !(node.getAttribute("aria-label") || node.labels?.length || node.textContent.trim()))
    .map((node) => node.outerHTML.slice(0, 120))"""


def at(watched: Watched, fragment: str) -> Page:
    page = watched.open(fragment)
    page.locator(PAGES[fragment]).first.wait_for()
    page.wait_for_timeout(200)
    return page


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("fragment", PAGES)
def test_all_is_named_and_can_be_read(window: Open, live: LiveService, fragment: str, scheme: str) -> None:
    watched = window(live, color_scheme=scheme, refusals=True)  # there is no queue here, which is said
    page = at(watched, fragment)
    if not fragment:
        page.get_by_role("button", name="Many lesions").click()
        page.locator(".verdict").wait_for()
        page.wait_for_timeout(500)
    assert page.evaluate(PALE) == []
    assert page.evaluate(NAMELESS) == []
    assert page.locator("h1").count() == 1
    watched.shoot(f"page-{fragment.removeprefix('#/') or 'predict'}-{scheme}")


@pytest.mark.parametrize("fragment", PAGES)
def test_it_fits_a_small_phone(window: Open, live: LiveService, fragment: str) -> None:
    watched = window(live, viewport={"width": 360, "height": 640}, refusals=True)
    page = at(watched, fragment)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_all_can_be_done_with_keys(window: Open, live: LiveService) -> None:
    page = at(window(live), "")
    focused = "document.activeElement.textContent.trim()"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "Skip to content"
    for _ in range(20):
        page.keyboard.press("Tab")
        if "Many lesions" in page.evaluate(focused):
            break
    page.keyboard.press("Enter")
    expect(page.locator(".verdict h2")).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_role("radio", name="Side by side")).to_be_checked()
    page.get_by_label("Threshold").focus()
    page.keyboard.press("End")
    expect(page.locator(".hint", has_text="cells exceed 1.00")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_the_content_can_be_skipped_to(window: Open, live: LiveService) -> None:
    page = at(window(live), "#/models")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    expect(page.get_by_role("heading", name="Models")).to_be_visible()


def test_a_page_of_another_version_asks_to_be_reloaded(window: Open, live: LiveService) -> None:
    page = at(window(live, refusals=True), "")
    page.route("**/pages/models.js", lambda route: route.fulfill(status=404))
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("alert")).to_contain_text("The service has been updated")


def test_the_state_is_told_when_the_service_is_gone_and_back(window: Open) -> None:
    service = LiveService(ROOT / "checkpoints")
    page = at(window(service, refusals=True), "#/service")
    service.stop()
    expect(page.get_by_role("alert")).to_contain_text("The service does not answer", timeout=600_000)
    again = LiveService(ROOT / "checkpoints", port=service.port)
    expect(page.locator(".tile").first).to_be_visible(timeout=600_000)
    again.stop()


def test_a_result_is_announced(window: Open, live: LiveService) -> None:
    page = at(window(live), "")
    page.get_by_role("button", name="Healthy").click()
    expect(page.locator("#announcer")).to_contain_text("no retinopathy")


def test_pages_are_addresses_and_the_image_stays(window: Open, live: LiveService) -> None:
    page = at(window(live, refusals=True), "")
    page.get_by_role("button", name="Healthy").click()
    page.locator(".verdict").wait_for()
    page.get_by_role("link", name="labn-idrid").click()
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    expect(page.locator("nav [aria-current]")).to_have_text("Models")
    page.go_back()
    expect(page.locator(".verdict h2")).to_have_text("no retinopathy")
    page.get_by_role("link", name="Evaluate it").click()
    expect(page.get_by_role("img", name="fundus-healthy.jpg")).to_be_visible()
    expect(page.get_by_role("alert").first).to_contain_text("This service only makes predictions")


def test_the_model_card_is_shown(window: Open, live: LiveService) -> None:
    page = at(window(live), "#/models")
    card = page.locator("#labn-idrid")
    expect(card).to_contain_text("compact")
    auroc = httpx.get(f"{live.url}/v1/models/labn-idrid").json()["card"]["evaluations"]["test"]["auroc"]["value"]
    expect(card.locator("tbody tr", has_text="AUROC")).to_contain_text(f"{auroc:.3f}")


def test_examples_are_for_the_models_that_are_served(window: Open) -> None:
    service = LiveService(ROOT / "checkpoints", default_model="labn-idrid")
    watched = window(service)
    page = at(watched, "")
    expect(page.locator(".example")).to_have_count(6)
    page.get_by_label("Model", exact=True).select_option(label="labn-magnetogram")  # offered before an image is
    page.get_by_role("button", name="Healthy").click()
    expect(page.locator(".verdict").get_by_role("link")).to_have_text("labn-idrid")
    page.get_by_role("button", name="Flaring region").click()
    expect(page.locator(".verdict").get_by_role("link")).to_have_text("labn-magnetogram")
    expect(page.get_by_label("Model", exact=True)).to_have_value(re.compile("^labn-magnetogram@"))
    watched.shoot("prediction-magnetogram")
    page.get_by_role("button", name="Healthy").click()
    expect(page.locator(".verdict").get_by_role("link")).to_have_text("labn-idrid")
    service.stop()


def test_the_theme_is_chosen_and_kept(window: Open, live: LiveService) -> None:
    page = at(window(live, color_scheme="dark"), "")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Theme: system").click()
    light = page.evaluate(ground)
    assert light != dark
    page.reload()
    assert page.evaluate(ground) == light


def test_it_is_light(window: Open, live: LiveService) -> None:
    watched = window(live)
    page = at(watched, "")
    sizes = page.evaluate(
        """() => performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
            .filter((entry) => !/examples|\\.png/.test(entry.name))
            .map((entry) => [entry.decodedBodySize, entry.transferSize])"""
    )
    assert len(sizes) > 20
    assert sum(plain for plain, _ in sizes) < MOST_BYTES
