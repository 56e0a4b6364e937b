"""Evaluations and sets on the page: a real Redis, a real worker, a tiny network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch
from playwright.sync_api import FilePayload, Page, expect

from model.evaluation.request import EvaluationRequest
from model.metrics.patches import PatchGrid, ranks
from tests.browser.chromium import Watched
from tests.browser.evaluation_form import begin, choose, prepare
from tests.browser.whole import Whole, start_whole
from tests.conftest import Encode
from tests.service.archives import zipped
from tests.worker.images import white_half

Open = Callable[..., Watched]
SHOWN_MS = 600_000  # for a job of a tiny network, on a machine that may be ten times slower


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path) -> Iterator[Whole]:
    with ExitStack() as stack:
        yield start_whole(stack, tmp_path_factory.mktemp("whole"), tiny_checkpoint)


@pytest.fixture
def own(tmp_path: Path, tiny_checkpoint: Path) -> Iterator[Whole]:
    """Processes that a test may kill; a job whose worker vanishes is not tried again."""
    with ExitStack() as stack:
        yield start_whole(stack, tmp_path, tiny_checkpoint, retries=0)


def state_of(whole: Whole, path: str) -> dict[str, Any]:
    state: dict[str, Any] = httpx.get(f"{whole.service.url}/v1/{path}").json()
    return state


def test_an_image_is_evaluated_and_looked_at(window: Open, whole: Whole, encode: Encode) -> None:
    watched = window(whole.service)
    page = watched.open("#/evaluate")
    prepare(page, encode(96, 96, seed=1), methods=("attention", "rise", "random"), sizes=(4, 16))
    page.get_by_label("Random orders").fill("3")
    request = EvaluationRequest(
        methods=("attention", "rise", "random"), patch_sizes=(4, 16), rise_masks=100, random_orders=3
    )
    expect(page.locator(".estimate")).to_contain_text(f"{request.forwards(32, 32):,} forward passes")
    watched.shoot("evaluate")
    job = begin(page)
    expect(page.locator("h1 .succeeded")).to_be_visible(timeout=SHOWN_MS)
    expect(page.locator(".strip-cells li")).to_have_count(9)
    watched.shoot("evaluation")
    result = state_of(whole, f"evaluations/{job}")["result"]
    for row in page.locator("table tbody tr").all():
        name, size, score = (cell.inner_text() for cell in row.locator("th, td").all()[:3])
        scores = result["methods"][name.lower()]["scores"]
        pid = next(one["pid"] for one in scores if one["patch_size"] == int(size))
        assert float(score.replace("−", "-")) == pytest.approx(pid, abs=0.0006)
    assert page.locator(".chart .band").count() == 2
    page.get_by_role("slider", name="Patches").fill("1")
    expect(page.locator(".perturbed .readout")).to_contain_text("4 of 4 patches")
    page.locator("canvas.viewer").press("0")  # which reads out the middle
    expect(page.locator(".viewer-frame .readout")).to_contain_text("RISE")


def test_the_link_is_shared_and_survives_a_reload(window: Open, whole: Whole, encode: Encode) -> None:
    watched = window(whole.service)
    page = watched.open("#/evaluate")
    prepare(page, encode(80, 120, seed=2), methods=("attention",), sizes=(16,))
    job = begin(page)
    expect(page.locator(".sequence")).to_be_visible(timeout=SHOWN_MS)
    page.reload()
    expect(page.locator(".strip-cells li")).to_have_count(9)
    elsewhere = window(whole.service, viewport={"width": 360, "height": 740}, color_scheme="light")
    other = elsewhere.open(f"#/evaluations/{job}")
    expect(other.locator(".strip-cells li")).to_have_count(9)
    assert other.evaluate("document.documentElement.scrollWidth") <= 360
    elsewhere.shoot("evaluation-phone")
    page.goto(f"{whole.service.url}/#/evaluate")
    expect(page.locator(f".jobs a[href='#/evaluations/{job}']")).to_contain_text("succeeded")
    expect(page.locator(".estimate")).to_contain_text("as measured in earlier evaluations")


@pytest.mark.parametrize(
    "asked",
    [
        {"protocol": "published", "step": 1},
        {"protocol": "paper", "step": 1},
        {"protocol": "paper", "step": "auto", "patch_sizes": (1, 2)},
        {"protocol": "published", "step": "auto", "patch_sizes": (1, 2)},
    ],
)
def test_the_cost_is_told_as_the_service_counts_it(
    window: Open, whole: Whole, encode: Encode, asked: dict[str, Any]
) -> None:
    page = window(whole.service).open("#/evaluate")
    sizes = asked.get("patch_sizes", (4, 8))
    prepare(page, encode(), methods=("attention", "rise"), sizes=sizes, masks=123)
    page.get_by_role(
        "radio", name={"published": "Published code", "paper": "Paper"}[asked["protocol"]], exact=True
    ).check()
    if asked["step"] == 1:
        page.get_by_label("Steps").select_option("exact")
    request = EvaluationRequest(
        **{"methods": ("attention", "rise"), "patch_sizes": sizes, "rise_masks": 123, **asked}
    )
    expect(page.locator(".estimate")).to_contain_text(f"{request.forwards(32, 32):,} forward passes")


@pytest.mark.parametrize(("height", "width", "patch_size"), [(32, 32, 5), (30, 44, 8), (7, 5, 1)])
def test_patches_are_ranked_as_the_metric_ranks_them(
    window: Open, whole: Whole, height: int, width: int, patch_size: int
) -> None:
    page = window(whole.service).open()
    module = page.evaluate("document.querySelector('script[type=module]').src").replace(
        "main.js", "picture/patch_ranks.js"
    )
    saliency = torch.randint(0, 9, (height, width), generator=torch.Generator().manual_seed(1)).float()  # with ties
    grid = PatchGrid(height, width, patch_size)
    expected = grid.spread(ranks(grid.strongest(saliency), "row_major"))
    found = page.evaluate(
        """async ([module, values, ...sizes]) => {
            const {patchRanks} = await import(module);
            return Array.from(patchRanks(Float32Array.from(values), ...sizes));
        }""",
        [module, saliency.flatten().tolist(), height, width, patch_size],
    )
    assert found == expected.flatten().tolist()


def test_an_evaluation_is_cancelled_and_run_again(window: Open, whole: Whole, encode: Encode) -> None:
    watched = window(whole.service)
    page = watched.open("#/evaluate")
    prepare(page, encode(seed=3), methods=("rise",), sizes=(16,), masks=100_000)
    job = begin(page)
    expect(page.locator(".progress")).to_contain_text("forward passes", timeout=SHOWN_MS)
    watched.shoot("running")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("h1 .cancelled")).to_be_visible()
    page.get_by_role("button", name="Run it again").click()
    expect(page.locator("h1 .running, h1 .queued")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("h1 .cancelled")).to_be_visible()
    assert state_of(whole, f"evaluations/{job}")["status"] == "cancelled"


def test_maps_are_compared_with_a_mask(window: Open, whole: Whole, encode: Encode) -> None:
    watched = window(whole.service, refusals=True)  # of a mask that does not fit
    page = watched.open("#/evaluate")
    prepare(page, encode(64, 96, seed=10), methods=("attention", "random"), sizes=(8,))
    page.get_by_role("radio", name="Published code").check()  # which has no estimate of the error
    page.get_by_label("Steps").select_option("exact")
    choose_mask(page, white_half(96, 64), "upright.png")
    page.get_by_role("button", name="Evaluate", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("The mask does not fit the image")
    page.get_by_role("button", name="Remove the mask").click()
    expect(page.get_by_role("img", name="upright.png")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
    choose_mask(page, white_half(64, 96), "lesions.png")
    watched.shoot("evaluate-mask")
    job = begin(page)
    pointed = page.locator("section", has=page.get_by_role("heading", name="Agreement of each map with the mask"))
    expect(pointed.locator("tbody tr")).to_have_count(2, timeout=SHOWN_MS)
    watched.shoot("evaluation-mask")
    state = state_of(whole, f"evaluations/{job}")
    found = state["result"]["methods"]["attention"]["localisation"]
    assert found["mask_share"] == 0.5
    cells = pointed.locator("tbody tr", has_text="Attention").locator("td").all_inner_texts()
    assert f"{found['energy_inside']:.3f}" in cells
    page.goto(f"{whole.service.url}/#/evaluate")
    choose(page, encode(seed=11))
    expect(page.get_by_role("img", name="lesions.png")).to_have_count(0)


def choose_mask(page: Page, mask: bytes, name: str) -> None:
    page.get_by_label("Choose a mask", exact=True).and_(page.locator("input")).set_input_files(
        FilePayload(name=name, mimeType="image/png", buffer=mask)
    )
    expect(page.get_by_role("img", name=name)).to_be_visible()


def test_scores_and_curves_grow_while_the_job_runs(window: Open, whole: Whole, encode: Encode) -> None:
    watched = window(whole.service)
    page = watched.open("#/evaluate")
    prepare(page, encode(seed=9), methods=("attention", "rise"), sizes=(8, 16), masks=20_000)
    job = begin(page)
    grown = page.locator(".partial")
    expect(grown.locator("tbody tr")).to_have_count(2, timeout=SHOWN_MS)
    expect(page.locator("h1 .running")).to_be_visible()
    expect(grown.locator("section", has_text="Curves so far").locator(".chart .dashed")).to_have_count(1)
    grown.get_by_role("radio", name="16 px").check(force=True)
    watched.shoot("growing")
    shown = grown.locator("tbody tr").first.locator("td").all_inner_texts()[1]
    expect(page.locator("h1 .succeeded")).to_be_visible(timeout=SHOWN_MS)
    expect(page.locator(".sequence")).to_be_visible(timeout=SHOWN_MS)
    expect(grown).to_have_count(0)
    pid = state_of(whole, f"evaluations/{job}")["result"]["methods"]["attention"]["scores"][0]["pid"]
    assert float(shown.replace("−", "-")) == pytest.approx(pid, abs=0.0006)


def test_a_curve_grows_before_there_is_a_score(window: Open, whole: Whole, encode: Encode) -> None:
    watched = window(whole.service)
    page = watched.open("#/evaluate")
    prepare(page, encode(seed=14), methods=("grad_cam",), sizes=(1,))
    page.get_by_label("Steps").select_option("exact")
    page.get_by_label("Random orders").fill("60")  # so that it is still running when its curve is whole
    begin(page)
    grown = page.locator(".partial")
    expect(grown.locator(".chart .dashed").first).to_be_visible(timeout=SHOWN_MS)
    expect(page.locator(".progress")).to_contain_text(re.compile(r"(Grad-CAM|Random orders): patch size 1"))
    watched.shoot("growing-curve")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("h1 .cancelled")).to_be_visible()


def test_nothing_is_asked_for_without_an_image(window: Open, whole: Whole, encode: Encode) -> None:
    page = window(whole.service).open("#/evaluate")
    expect(page.locator(".estimate")).to_contain_text("Choose an image")
    expect(page.get_by_role("button", name="Evaluate", exact=True)).to_be_disabled()
    prepare(page, encode(seed=15), methods=("attention",), sizes=(8,))
    expect(page.locator(".estimate")).not_to_contain_text("Choose an image")
    expect(page.get_by_role("button", name="Evaluate", exact=True)).to_be_enabled()
    page.goto(f"{whole.service.url}/#/sets")
    expect(page.locator(".estimate")).to_contain_text("Choose a zip")


def test_a_file_of_the_result_that_cannot_be_had_is_told(window: Open, whole: Whole, encode: Encode) -> None:
    page = window(whole.service, refusals=True).open("#/evaluate")
    prepare(page, encode(seed=16), methods=("attention",), sizes=(16,))
    job = begin(page)
    expect(page.locator(".sequence")).to_be_visible(timeout=SHOWN_MS)
    whole.redis.client().delete(f"labn:result:{job}")
    page.get_by_role("button", name="Curves as CSV").click()
    expect(page.get_by_role("alert")).to_be_visible()


def test_a_worker_killed_in_mid_job_is_told(own: Whole, window: Open, encode: Encode) -> None:
    watched = window(own.service)
    page = watched.open("#/evaluate")
    prepare(page, encode(seed=4), methods=("rise",), sizes=(16,), masks=100_000)
    begin(page)
    expect(page.locator("h1 .running")).to_be_visible(timeout=SHOWN_MS)
    own.worker.kill()
    expect(page.get_by_role("alert")).to_contain_text("The worker stopped unexpectedly", timeout=SHOWN_MS)
    watched.shoot("problem-worker")
    page.goto(f"{own.service.url}/#/service")
    expect(page.locator(".state")).to_contain_text("Predictions only", timeout=SHOWN_MS)
    watched.shoot("service-degraded")
    own.restart_worker()
    expect(page.locator(".state")).to_contain_text("Operational", timeout=SHOWN_MS)


def test_redis_away_is_told_and_outlived(own: Whole, window: Open, encode: Encode) -> None:
    watched = window(own.service, refusals=True)
    page = watched.open("#/evaluate")
    prepare(page, encode(seed=5), methods=("attention",), sizes=(16,))
    expect(page.locator(".estimate")).to_contain_text("forward passes")
    own.redis.kill()
    page.get_by_role("button", name="Evaluate", exact=True).click()
    alert = page.get_by_role("alert").filter(has_text="The job queue is not available")
    expect(alert).to_be_visible(timeout=SHOWN_MS)
    watched.shoot("problem-redis")
    page.goto(f"{own.service.url}/#/")
    expect(page.get_by_role("heading", name="Classify an image")).to_be_visible()
    page.get_by_label("Choose an image").set_input_files(
        FilePayload(name="mine.jpg", mimeType="image/jpeg", buffer=encode(seed=5))
    )
    expect(page.locator(".verdict h2")).to_be_visible()
    own.redis.start()
    own.worker.kill()
    own.restart_worker()
    page.get_by_role("link", name="Service").click()
    expect(page.locator(".state")).to_contain_text("Operational", timeout=SHOWN_MS)
    page.get_by_role("link", name="Evaluate").click()
    expect(page.get_by_role("img", name="mine.jpg")).to_be_visible()
    page.get_by_role("button", name="Evaluate", exact=True).click()
    expect(page.locator("h1 .succeeded")).to_be_visible(timeout=SHOWN_MS)


def test_what_is_not_kept_is_said(window: Open, whole: Whole) -> None:
    watched = window(whole.service, refusals=True)
    page = watched.open(f"#/evaluations/{'0' * 32}")
    expect(page.get_by_role("alert")).to_contain_text("This evaluation is no longer available")


def test_a_set_fills_its_table_and_is_sorted(window: Open, whole: Whole, encode: Encode) -> None:
    table = "file,label\na.jpg,positive\nb.jpg,negative\nbroken.jpg,positive\n"
    files = {"a.jpg": encode(seed=6), "b.jpg": encode(seed=7), "broken.jpg": encode()[:500]}
    archive = zipped({"labels.csv": table.encode(), **files})
    watched = window(whole.service)
    page = watched.open("#/sets")
    page.get_by_role("group", name="Methods").wait_for()
    page.get_by_label("Choose a zip").set_input_files(
        FilePayload(name="mine.zip", mimeType="application/zip", buffer=archive)
    )
    expect(page.locator(".dropzone")).to_contain_text("mine.zip")
    page.get_by_role("checkbox", name="Grad-CAM").uncheck()
    watched.shoot("sets")
    page.get_by_role("button", name="Evaluate the set").click()
    page.wait_for_url(re.compile("#/evaluation-sets/[0-9a-f]{32}"))
    expect(page.locator(".items tbody tr")).to_have_count(3)
    expect(page.locator("table.means").first).to_be_visible(timeout=SHOWN_MS)
    expect(page.locator(".items")).not_to_contain_text("…", timeout=SHOWN_MS)
    expect(page.locator("details table.means small").first).to_have_text("–")  # one image a label: no interval
    expect(page.locator("h1 .mark")).to_contain_text("1 of 3 images failed")
    expect(page.locator(".items tr", has_text="broken.jpg")).to_contain_text("does not decode")
    page.get_by_role("button", name="Attention 16").click()
    scores = [text for text in page.locator(".items tbody td:nth-child(4)").all_inner_texts() if text != "✕"]
    numbers = [float(text.replace("−", "-")) for text in scores]
    assert len(numbers) == 2
    assert numbers == sorted(numbers, reverse=True)
    assert not [url for url in watched.requests if re.search("/v1/evaluations/", url)]  # the list has the scores
    watched.shoot("set")
    page.get_by_role("link", name="a.jpg").click()
    expect(page.locator(".strip-cells li")).to_have_count(9, timeout=SHOWN_MS)


def test_a_zip_that_is_no_set_is_told_in_words(window: Open, whole: Whole) -> None:
    page = window(whole.service, refusals=True).open("#/sets")
    page.get_by_role("group", name="Methods").wait_for()
    page.get_by_label("Choose a zip").set_input_files(
        FilePayload(name="mine.zip", mimeType="application/zip", buffer=zipped({"a.txt": b"a"}))
    )
    page.get_by_role("button", name="Evaluate the set").click()
    expect(page.get_by_role("alert")).to_contain_text("The zip file is not a valid set")
