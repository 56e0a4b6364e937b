"""The Predict page: every way to give an image, and the view of the answer."""

from __future__ import annotations

import base64
import io
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.chromium import ROOT, Watched
from tests.conftest import Encode
from tests.service.live import LiveService

EXAMPLE = ROOT / "service" / "page" / "static" / "examples" / "fundus-many-lesions.jpg"
VIEWPORTS = {"phone": (360, 740), "laptop": (1440, 900), "4k": (3840, 2160)}
Open = Callable[..., Watched]
Pixels = NDArray[np.uint8]


def choose(page: Page, data: bytes, name: str = "mine.jpg") -> None:
    page.get_by_label("Choose an image").set_input_files(
        FilePayload(name=name, mimeType="application/octet-stream", buffer=data)
    )


def ask(live: LiveService, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.post(
        f"{live.url}/v1/predictions", params=query, files={"image": EXAMPLE.read_bytes()}, timeout=600
    ).json()
    return answer


def picture(data: bytes, mode: str) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(data)).convert(mode))


def seen(viewer: Locator) -> Pixels:
    return picture(viewer.screenshot(), "RGB")


def download(page: Page, button: str) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button, exact=True).click()
    return Path(waiting.value.path()).read_bytes()


def predicted(page: Page) -> Page:
    """Show the example, at rest."""
    choose(page, EXAMPLE.read_bytes())
    expect(page.locator(".verdict h2")).to_be_visible()
    page.wait_for_function("document.querySelector('canvas.viewer').width > 300")
    return page


@pytest.fixture
def page(window: Open, live: LiveService) -> Page:
    return predicted(window(live).open())


@pytest.mark.parametrize(
    ("size", "scheme"), [("phone", "dark"), ("phone", "light"), ("laptop", "light"), ("4k", "dark")]
)
def test_an_example_is_answered_at_every_size(window: Open, live: LiveService, size: str, scheme: str) -> None:
    width, height = VIEWPORTS[size]
    watched = window(live, viewport={"width": width, "height": height}, color_scheme=scheme)
    page = watched.open()
    page.get_by_role("button", name="Many lesions").wait_for()
    watched.shoot(f"start-{size}-{scheme}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Many lesions").click()
    expect(page.locator(".verdict h2")).to_have_text(ask(live)["prediction"]["label"])
    page.wait_for_function("document.querySelector('canvas.viewer').width > 300")
    page.wait_for_timeout(100)
    watched.shoot(f"prediction-{size}-{scheme}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_probabilities_are_the_answers(page: Page, live: LiveService) -> None:
    entries = page.locator(".bars li")
    for number, entry in enumerate(ask(live)["probabilities"]):
        expect(entries.nth(number)).to_contain_text(f"{entry['label']}{100 * entry['probability']:.1f} %")


def test_the_map_is_drawn_as_the_service_draws_it(page: Page, live: LiveService) -> None:
    page.get_by_role("radio", name="viridis").check()
    page.get_by_label("Threshold").fill("0.62")
    answer = ask(live, include="heatmap", size="upload", colormap="viridis", threshold=0.62)["explanation"]
    region = answer["region"]
    box = (region["left"], region["top"], region["left"] + region["width"], region["top"] + region["height"])
    theirs = np.asarray(Image.open(io.BytesIO(base64.b64decode(answer["heatmap_png"]))).crop(box))
    ours = picture(download(page, "Map"), "RGBA")
    assert ours.shape == theirs.shape
    shown = (ours[..., 3] > 0) & (theirs[..., 3] > 0)
    assert 0.05 < shown.mean() < 0.95
    assert ((ours[..., 3] > 0) == (theirs[..., 3] > 0)).mean() > 0.999
    difference = np.abs(ours[shown][:, :3].astype(int) - theirs[shown][:, :3].astype(int))
    assert difference.max() <= 6  # a level up or down where rounding differs


def test_the_overlay_to_keep_is_the_services(page: Page, live: LiveService) -> None:
    page.get_by_label("Opacity").fill("0.35")
    answer = ask(live, include="overlay", size="upload", opacity=0.35)["explanation"]
    theirs = picture(base64.b64decode(answer["overlay_png"]), "RGB").astype(int)
    ours = picture(download(page, "Overlay"), "RGB").astype(int)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).mean() < 2  # two JPEG decoders


def test_sliders_and_colours_act_at_once_without_a_request(window: Open, live: LiveService) -> None:
    watched = window(live)
    page = predicted(watched.open())
    viewer = page.locator("canvas.viewer")
    before, asked = seen(viewer), len(watched.requests)
    for act in (
        lambda: page.get_by_label("Threshold").fill("0.8"),
        lambda: page.get_by_label("Opacity").fill("1"),
        lambda: page.get_by_role("radio", name="cividis").check(),
    ):
        act()
        page.wait_for_timeout(60)
        after = seen(viewer)
        assert np.abs(after.astype(int) - before).mean() > 1
        before = after
    expect(page.locator(".hint", has_text="cells exceed 0.80")).to_be_visible()
    assert len(watched.requests) == asked


def test_theta_is_marked_and_leads_back(page: Page) -> None:
    page.get_by_label("Threshold").fill("0.9")
    page.get_by_role("button", name="θ 0.50").click()
    assert page.get_by_label("Threshold").input_value() == "0.5"


def test_image_and_map_side_by_side_move_as_one(page: Page) -> None:
    page.get_by_role("radio", name="Side by side").check()
    page.get_by_label("Opacity").fill("0")
    viewer = page.locator("canvas.viewer")
    viewer.hover()
    page.mouse.wheel(0, -400)
    page.mouse.down()
    page.mouse.move(600, 500)
    page.mouse.up()
    page.mouse.move(0, 0)
    page.wait_for_timeout(100)
    pixels = seen(viewer).astype(int)
    half = (pixels.shape[1] - 6) // 2
    captions = 30
    left, right = pixels[captions:-4, :half], pixels[captions:-4, -half:]
    assert np.abs(left - right).mean() < 3
    assert left.std() > 10


def test_blinking_shows_image_and_map_in_turn(page: Page) -> None:
    page.get_by_role("radio", name="Blink").check()
    page.get_by_label("Opacity").fill("1")
    frames = page.evaluate(
        """async () => {
            const frames = new Set();
            for (let look = 0; look < 20; look += 1) {
                await new Promise((wake) => setTimeout(wake, 100));
                frames.add(document.querySelector("canvas.viewer").toDataURL("image/webp", 0.1));
            }
            return frames.size;
        }"""
    )
    assert frames == 2


def test_wheel_keys_and_buttons_zoom(page: Page) -> None:
    viewer = page.locator("canvas.viewer")
    whole = seen(viewer)
    viewer.focus()
    for key in ("+", "+", "ArrowLeft"):
        page.keyboard.press(key)
    page.wait_for_timeout(60)
    assert np.abs(seen(viewer).astype(int) - whole).mean() > 3
    expect(page.locator(".readout")).to_contain_text("α")
    page.keyboard.press("0")
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Fit to view").click()
    page.wait_for_timeout(60)
    assert np.abs(seen(viewer).astype(int) - whole).mean() < 1


def test_two_fingers_pinch(window: Open, live: LiveService) -> None:
    watched = window(live, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = predicted(watched.open())
    viewer = page.locator("canvas.viewer")
    viewer.scroll_into_view_if_needed()
    box = viewer.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = watched.context.new_cdp_session(page)

    def touch(kind: str, apart: float) -> None:
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}] if apart else []
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 20)
    for apart in (30, 45, 60):
        touch("touchMove", apart)
    touch("touchEnd", 0)
    expect(viewer).to_have_class("viewer enlarged")


def test_a_place_is_read_out_with_its_value(page: Page, live: LiveService) -> None:
    explanation = ask(live, include="values")["explanation"]
    region, values = explanation["region"], np.array(explanation["values"])
    box = page.locator("canvas.viewer").bounding_box()
    assert box
    scale = min(box["width"] / 1024, box["height"] / 680)
    left, top = box["width"] / 2 - 512 * scale, box["height"] / 2 - 340 * scale
    for row, column in ((3, 4), (14, 20)):
        x = region["left"] + (column + 0.5) * region["width"] / values.shape[1]
        y = region["top"] + (row + 0.5) * region["height"] / values.shape[0]
        page.mouse.move(box["x"] + left + x * scale, box["y"] + top + y * scale)
        text = page.locator(".readout strong").inner_text()
        assert float(text.removeprefix("α ")) == pytest.approx(values[row, column], abs=0.02)


def test_the_curl_line_is_the_request(page: Page) -> None:
    ours = json.loads(download(page, "JSON"))
    words = shlex.split(page.locator(".copyable code").inner_text())
    assert words[:3] == ["curl", "-F", "image=@mine.jpg"]
    theirs = httpx.post(words[3], files={"image": EXAMPLE.read_bytes()}, timeout=600).json()
    assert theirs["explanation"] == ours["explanation"]
    assert ours["explanation"]["values"]


def test_another_map_is_another_question(window: Open, live: LiveService) -> None:
    watched = window(live)
    page = predicted(watched.open())
    page.get_by_label("Map", exact=True).select_option(label="Lambda layer")
    expect(page.get_by_role("heading", name="Lambda attention map")).to_be_visible()
    assert watched.asked("/v1/predictions") == 2
    assert "explanation=lambda_attention" in page.locator(".copyable code").inner_text()


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_an_image_may_be_dropped_or_pasted(window: Open, live: LiveService, how: str) -> None:
    page = window(live).open()
    page.locator(".dropzone").wait_for()
    page.evaluate(
        """async ([how, base64]) => {
            const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "given.jpg", {type: "image/jpeg"}));
            document.body.dispatchEvent(how === "drop"
                ? new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true})
                : new ClipboardEvent("paste", {clipboardData: transfer, bubbles: true}));
        }""",
        [how, base64.b64encode(EXAMPLE.read_bytes()).decode()],
    )
    expect(page.locator(".verdict h2")).to_be_visible()
    expect(page.locator(".copyable code")).to_contain_text("image=@given.jpg")


def test_what_only_the_service_can_decode_is_shown_too(window: Open, live: LiveService, encode: Encode) -> None:
    watched = window(live)
    page = watched.open()
    choose(page, encode(480, 640, kind="TIFF"), "scan.tif")
    expect(page.locator(".verdict h2")).to_be_visible()
    page.get_by_label("Opacity").fill("0")
    page.wait_for_timeout(100)
    assert seen(page.locator("canvas.viewer")).std() > 20
    expect(page.locator(".verdict .notice.warn")).to_contain_text("This answer is less reliable")
    watched.shoot("prediction-unusual")


def test_an_image_larger_than_what_is_kept_of_it(window: Open, live: LiveService, encode: Encode) -> None:
    page = window(live).open()
    choose(page, encode(1200, 4800))
    expect(page.locator(".verdict h2")).to_be_visible()
    box = page.locator("canvas.viewer").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    expect(page.locator(".readout")).to_contain_text(re.compile(r"x 47\d\d, y 5\d\d|x 47\d\d, y 6\d\d"))
    assert picture(download(page, "Overlay"), "RGB").shape == (1024, 4096, 3)


def test_what_a_map_does_is_said(page: Page) -> None:
    words = page.locator(".hint", has_text="cells exceed")
    expect(words).to_contain_text("elsewhere they are set to 0")
    page.get_by_label("Threshold").fill("0.8")
    expect(words).to_contain_text("The network itself uses the threshold θ = 0.50")
    expect(page.locator(".accuracy")).to_contain_text("Accuracy on 102 test images: 82 %")
    page.get_by_label("Map", exact=True).select_option(label="Lambda layer")
    expect(words).to_contain_text("This map does not gate any features")


def test_a_map_that_lets_nothing_through_is_told(window: Open, live: LiveService) -> None:
    page = window(live).open()
    grey = io.BytesIO()
    Image.new("RGB", (300, 200), (90, 90, 90)).save(grey, "PNG")
    choose(page, grey.getvalue(), "grey.png")
    expect(page.locator(".notice", has_text="No region passed the threshold")).to_be_visible()
    predicted(page)
    expect(page.locator(".notice", has_text="No region passed the threshold")).to_have_count(0)


def test_a_slow_answer_is_waited_for_in_words(window: Open, live: LiveService) -> None:
    watched = window(live)
    page = watched.open()
    page.get_by_role("button", name="Many lesions").wait_for()
    page.route("**/v1/predictions?**", lambda route: (page.wait_for_timeout(1500), route.continue_()))
    page.get_by_role("button", name="Many lesions").click()
    expect(page.get_by_text("Classifying fundus-many-lesions.jpg")).to_be_visible()
    expect(page.locator(".verdict h2")).to_be_visible(timeout=600_000)
    expect(page.get_by_text("Classifying")).to_have_count(0)
    expect(page.locator(".example[aria-current]")).to_have_attribute("title", "Many lesions")


def test_an_example_that_cannot_be_had_is_told(window: Open, live: LiveService) -> None:
    page = window(live, refusals=True).open()
    page.get_by_role("button", name="Many lesions").wait_for()
    page.wait_for_load_state("networkidle")
    page.route("**/examples/**", lambda route: route.abort())
    page.evaluate("fetch = ((real) => (url, options) => real(url, {...options, cache: 'reload'}))(fetch)")
    page.get_by_role("button", name="Many lesions").click()
    expect(page.get_by_role("alert")).to_contain_text("The service does not answer")


@pytest.mark.parametrize(
    ("name", "words"),
    [("broken", "The image is damaged"), ("text", "This file type is not supported")],
)
def test_what_is_no_image_is_said_in_words(
    window: Open, live: LiveService, encode: Encode, name: str, words: str
) -> None:
    watched = window(live, refusals=True)
    page = watched.open()
    choose(page, encode(200, 300)[:900] if name == "broken" else b"patient,grade\n1,2\n", f"{name}.jpg")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(words)
    watched.shoot(f"problem-{name}")
    predicted(page)
    expect(alert).to_have_count(0)


def test_a_service_that_went_away_is_said_and_asked_again(window: Open) -> None:
    service = LiveService(ROOT / "checkpoints")
    watched = window(service, refusals=True)
    page = predicted(watched.open())
    service.stop()
    page.get_by_role("button", name="Healthy").wait_for()
    choose(page, EXAMPLE.read_bytes())
    expect(page.get_by_role("alert")).to_contain_text("The service does not answer")
    again = LiveService(ROOT / "checkpoints", port=service.port)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".verdict h2")).to_be_visible()
    again.stop()


def test_a_key_is_asked_for_and_sent(window: Open) -> None:
    service = LiveService(ROOT / "checkpoints", api_key="swordfish")
    watched = window(service, refusals=True)
    page = watched.open()
    page.get_by_label("API key").fill("guess")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("API key")).to_have_value("")
    watched.shoot("key")
    page.get_by_label("API key").fill("swordfish")
    page.get_by_role("button", name="Continue").click()
    predicted(page)
    expect(page.locator(".copyable code")).to_contain_text('-H "X-API-Key: $LABN_API_KEY"')
    assert "swordfish" not in page.content()
    service.stop()
