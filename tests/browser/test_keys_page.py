"""The page of a service with API keys: with a key of each scope, a wrong key, and none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import FilePayload, Page, expect

from service.auth.key import SCOPES, ApiKey, digest_of, make_secret
from service.auth.key_file import append_key, parse_scopes
from tests.browser.chromium import Watched
from tests.browser.evaluation_form import begin, prepare
from tests.browser.whole import Whole, start_whole
from tests.conftest import Encode
from tests.worker.live import wait_for

Open = Callable[..., Watched]
Secrets = dict[str, str]
SHOWN_MS = 600_000  # for a job of a tiny network, on a machine that may be ten times slower
LOCKED = "Your API key only permits predictions"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "keys"


@pytest.fixture(scope="module")
def secrets(file: Path) -> Secrets:
    """A key of each scope, each of the scope's name; "team" predicts and evaluates."""
    made = {name: make_secret() for name in (*SCOPES, "team")}
    for name, secret in made.items():
        scopes = parse_scopes("predict,evaluate" if name == "team" else name)
        append_key(file, ApiKey(name=name, digest=digest_of(secret), scopes=scopes))
    return made


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path, file: Path, secrets: Secrets
) -> Iterator[Whole]:
    assert secrets
    with ExitStack() as stack:
        yield start_whole(stack, tmp_path_factory.mktemp("whole"), tiny_checkpoint, api_keys_file=file)


def give(page: Page, secret: str) -> None:
    page.get_by_label("API key").fill(secret)
    page.get_by_role("button", name="Continue").click()


def drop(page: Page, image: bytes) -> None:
    file = FilePayload(name="mine.jpg", mimeType="image/jpeg", buffer=image)
    page.get_by_label("Choose an image").set_input_files(file)


def refused(watched: Watched) -> list[str]:
    """What the key was not let in with."""
    return [text for text in watched.complaints if "403" in text]


def test_a_wrong_key_is_told_and_a_right_one_works(
    window: Open, whole: Whole, secrets: Secrets, encode: Encode
) -> None:
    watched = window(whole.service, refusals=True)
    page = watched.open()
    expect(page.get_by_role("dialog")).to_contain_text("This service requires a key")
    expect(page.get_by_role("alert")).to_have_count(0)
    give(page, "guess")
    expect(page.get_by_role("alert")).to_contain_text("does not accept this key")
    expect(page.get_by_label("API key")).to_have_value("")
    watched.shoot("wrong-key")
    give(page, secrets["team"])
    expect(page.get_by_role("dialog")).to_have_count(0)
    drop(page, encode())
    expect(page.locator(".verdict h2")).to_be_visible()
    page.reload()
    expect(page.locator(".examples, .choices").first).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)  # kept until the tab is closed


def test_who_gives_no_key_can_give_one_later(window: Open, whole: Whole, secrets: Secrets) -> None:
    page = window(whole.service, refusals=True).open("#/models")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("An API key is required")
    page.get_by_role("button", name="Use another key").click()
    give(page, secrets["predict"])
    expect(page.locator(".model")).to_be_visible()


def test_a_key_for_predictions_predicts_and_is_told_what_it_does_not(
    window: Open, whole: Whole, secrets: Secrets, encode: Encode
) -> None:
    watched = window(whole.service, refusals=True)
    page = watched.open("#/evaluate")
    give(page, secrets["predict"])
    expect(page.locator(".notice")).to_contain_text(LOCKED)
    expect(page.get_by_role("button", name="Evaluate", exact=True)).to_have_count(0)
    expect(page.get_by_text("Recent evaluations")).to_have_count(0)
    watched.shoot("predict-only")
    page.get_by_role("link", name="Sets").click()
    expect(page.locator(".notice")).to_contain_text(LOCKED)
    expect(page.get_by_label("Choose a zip")).to_have_count(0)
    page.get_by_role("link", name="Service").click()
    expect(page.locator("main")).to_contain_text("Your API key is predict. Scopes: predict.")
    page.get_by_role("link", name="Predict").click()
    drop(page, encode())
    expect(page.locator(".verdict h2")).to_be_visible()
    assert refused(watched) == []
    page.goto(f"{whole.service.url}/#/evaluations/{'0' * 32}")  # a link that somebody has sent
    expect(page.get_by_role("alert")).to_contain_text("Your API key does not permit this")
    page.get_by_role("button", name="Use another key").click()
    give(page, secrets["team"])
    expect(page.get_by_role("alert")).to_contain_text("no longer available")


def test_a_key_for_evaluations_alone_is_told_so_at_a_prediction(
    window: Open, whole: Whole, secrets: Secrets, encode: Encode
) -> None:
    page = window(whole.service, refusals=True).open()
    give(page, secrets["evaluate"])
    drop(page, encode())
    expect(page.get_by_role("alert")).to_contain_text("the key evaluate lacks the scope predict")
    expect(page.get_by_role("button", name="Use another key")).to_be_visible()


def is_timed(whole: Whole, secret: str) -> bool:
    """Whether the service has seen how long a forward took: at most a second after the job."""
    status = httpx.get(f"{whole.service.url}/v1/status", headers={"X-API-Key": secret}).json()
    return bool(status["queue"]["forward_s"])


def test_a_key_for_evaluations_works_without_the_lists(
    window: Open, whole: Whole, secrets: Secrets, encode: Encode
) -> None:
    watched = window(whole.service, refusals=True)
    page = watched.open("#/evaluate")
    give(page, secrets["team"])
    prepare(page, encode(), methods=("attention",), sizes=(16,))
    expect(page.locator(".jobs")).to_contain_text("Only keys with the scope admin can list jobs")
    watched.shoot("no-lists")
    begin(page)
    expect(page.locator("h1 .mark")).to_contain_text("succeeded", timeout=SHOWN_MS)
    expect(page.locator(".strip-cells li").first).to_be_visible(timeout=SHOWN_MS)
    wait_for(lambda: is_timed(whole, secrets["team"]))
    page.get_by_role("link", name="Sets").click()
    expect(page.get_by_role("button", name="Evaluate the set")).to_be_visible()
    expect(page.locator(".jobs")).to_contain_text("Only keys with the scope admin can list jobs")
    expect(page.locator(".estimate")).to_contain_text("as measured in earlier evaluations")
    assert refused(watched) == []


def test_an_admins_key_sees_the_lists(window: Open, whole: Whole, secrets: Secrets, encode: Encode) -> None:
    watched = window(whole.service, refusals=True)
    page = watched.open("#/evaluate")
    give(page, secrets["admin"])
    prepare(page, encode(seed=1), methods=("attention",), sizes=(16,))
    begin(page)
    page.get_by_role("link", name="Evaluate").click()
    expect(page.locator(".jobs a").first).to_be_visible()
    assert refused(watched) == []
