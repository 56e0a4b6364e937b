"""`python -m training report`: one page of figures that agree with its JSON and ask for nothing outside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import torch

from model.metrics.patches import PatchGrid
from model.metrics.pid import Protocol, patch_insertion_deletion
from tests.training.conftest import MakeConfig
from tests.training.folders import idrid_mask, write_idrid, write_mask
from training.__main__ import main
from training.data.sources import training_data
from training.experiments.page.blocks import Line, Page, Section, Table, cells
from training.experiments.page.html import page_html
from training.experiments.page.markdown import page_markdown
from training.experiments.published_results import DEFN, IDRID, published_scores
from training.experiments.report.claims import FAILS, HOLDS, OPEN, TOO_TIED, claims_section
from training.experiments.report.scores import constant_score
from training.fit.trainer import Trainer
from training.scoring.over_runs import rows_over_runs

VOID_TAGS = {"meta", "img"}


class Reader(HTMLParser):
    """Follows the tags of a page: what stands in cells, what it would fetch, whether all is closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.cells: list[str] = []
        self.sources: list[str] = []
        self.headings: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.sources += [
            value or "" for name, value in attributes if name in ("src", "href", "srcset", "action", "data")
        ]
        if tag not in VOID_TAGS:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")
        if tag == "h2":
            self.headings.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open):
            self.cells[-1] += data
        if "h2" in self.open:
            self.headings[-1] += data


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen images a split, the positives of the training split with masks."""
    root = tmp_path_factory.mktemp("masked")
    names = [f"IDRiD_{i:03}" for i in range(1, 17)]
    for split in ("train", "test"):
        write_idrid(root, split, {name: i % 2 for i, name in enumerate(names)})
    for name in names[1::2]:
        write_mask(idrid_mask(root, "train", name), width=60)
    return root


@pytest.fixture(scope="module")
def checkpoints(make_config: MakeConfig, data: Path) -> list[Path]:
    """Two seeds of one configuration."""
    found = []
    for seed in (0, 1):
        config = make_config(data={"kind": "idrid", "validation_share": 0.5}, run={"seed": seed, "epochs": 2})
        trainer = Trainer(config, training_data(config, data), data / f"run{seed}")
        trainer.run()
        found.append(trainer.checkpoint)
    return found


@pytest.fixture(scope="module")
def out(checkpoints: list[Path], data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of both, with an ablation."""
    out, ablation = tmp_path_factory.mktemp("report"), tmp_path_factory.mktemp("ablation")
    (ablation / "ablation.json").write_text(json.dumps(ABLATED))
    assert main(["report", *command(checkpoints, data, out), "--ablation", str(ablation)]) == 0
    return out


def command(checkpoints: list[Path], data: Path, out: Path) -> list[str]:
    asked = ["--methods", "attention,lambda_attention,rise,random", "--patch-sizes", "8,16", "--step", "1"]
    few = ["--rise-masks", "8", "--sample", "3", "--pictures", "2", "--blur", "2"]
    return [*map(str, checkpoints), "--data", str(data), "--out", str(out), *asked, *few]


ROW = {
    "variation": "base", "says": "base: B = 1 of 2", "published": "B = 7 of 16", "protocol": "paper", "step": 1,
    "blank": "black", "method": "attention", "patch_size": 16, "runs": 1, "images": 3, "pid": 0.4321, "sd": None,
    "low": 0.1, "high": 0.7, "tied_fraction": 0.0, "counts": True, "auroc": 0.9, "auroc_sd": None,
}  # fmt: skip
ABLATED = {"rows": [ROW], "differences": [], "data": "idrid", "beside": True, "seeds": [0]}


@pytest.fixture(scope="module")
def document(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "report.json").read_text())
    return found


@pytest.fixture(scope="module")
def page(out: Path) -> Reader:
    reader = Reader((out / "report.html").read_text())
    assert reader.open == []
    return reader


def test_the_page_is_one_file_that_asks_for_nothing(page: Reader) -> None:
    assert all(source.startswith(("data:image/png;base64,", "#")) for source in page.sources)
    assert sum(source.startswith("data:") for source in page.sources) == 3
    assert not page.tags & {"script", "link", "iframe", "object"}


def test_the_page_has_every_part(page: Reader) -> None:
    assert page.headings == [
        "Explanations (Table 2)", "The paper's claims", "Maps", "Localisation of lesions", "Classification",
        "What coarse maps gain (section 4.4)", "Ablation (Table 3)", "Provenance",
    ]  # fmt: skip


def figures(document: dict[str, Any]) -> Iterator[str]:
    """The figures of the JSON as the tables write them."""
    for protocol in document["protocols"].values():
        yield from (f"{row['pid']:.3f} ± {row['sd']:.3f}" for row in protocol["rows"])
        yield from (f"{row['difference']:+.3f}" for row in protocol["differences"] if row["first"] == "attention")
        yield f"{protocol['constant']:.3f}"
    yield from (f"{run['figures']['auroc']['value']:.3f}" for run in document["runs"])
    yield from (f"{row['blurred_pid']:.3f}" for row in document["blur"]["rows"])
    yield from (run["version"] for run in document["runs"])


def test_tables_hold_the_figures_of_the_json_and_of_the_paper(
    out: Path, document: dict[str, Any], page: Reader
) -> None:
    markdown = (out / "report.md").read_text()
    wanted = [*figures(document), "0.230 ± 0.329", "-0.093 ± 0.054", "0.432"]
    for figure in wanted:
        assert any(cell.startswith(figure) for cell in page.cells), figure
        assert figure in markdown, figure


def test_means_over_runs_are_those_of_each_runs_own_table(out: Path, document: dict[str, Any]) -> None:
    for protocol in ("paper", "published"):
        for row in document["protocols"][protocol]["rows"]:
            each = []
            for run in document["runs"]:
                folder = out / "runs" / run["version"] / f"pid-{protocol}"
                scores = [
                    json.loads(path.read_text())["methods"][row["method"]]["scores"]
                    for path in folder.glob("IDRiD_*.json")
                ]
                found = [s["pid"] for image in scores for s in image if s["patch_size"] == row["patch_size"]]
                each.append(sum(found) / len(found))
            assert row["of_runs"] == pytest.approx(each)
            assert row["pid"] == pytest.approx(sum(each) / 2)
            assert row["sd"] == pytest.approx(abs(each[0] - each[1]) / 2**0.5)


def test_the_same_command_measures_nothing_again(
    checkpoints: list[Path], data: Path, out: Path, document: dict[str, Any]
) -> None:
    files = {path: path.stat().st_mtime_ns for path in out.rglob("IDRiD_*.json")}
    assert len(files) == 2 * 2 * 3 + 2
    assert main(["report", *command(checkpoints, data, out)]) == 0
    assert {path: path.stat().st_mtime_ns for path in out.rglob("IDRiD_*.json")} == files
    assert json.loads((out / "report.json").read_text())["protocols"] == document["protocols"]


def test_checkpoints_of_two_configurations_are_refused(
    make_config: MakeConfig, checkpoints: list[Path], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = make_config(
        data={"kind": "idrid", "validation_share": 0.5}, network={"threshold": 0.1}, run={"epochs": 1}
    )
    trainer = Trainer(config, training_data(config, data), tmp_path / "run")
    trainer.run()
    asked = ["--data", str(data), "--out", str(tmp_path / "out")]
    assert main(["report", str(checkpoints[0]), str(trainer.checkpoint), *asked]) == 2
    assert "network.threshold, run.epochs differ" in capsys.readouterr().err
    assert main(["report", str(checkpoints[0]), str(checkpoints[0]), *asked]) == 2
    assert "named twice" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_generated_images_need_no_folder_and_are_what_the_network_validated_on(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    cropped = {"crop": [0.1, 0.0, 0.9, 1.0]}
    config = make_config(
        data={"kind": "generated-fundus", "count": 16, "labels": []}, preprocessing=cropped, run={"epochs": 1}
    )
    data = training_data(config, None)
    trainer = Trainer(config, data, tmp_path / "run")
    trainer.run()
    out = tmp_path / "out"
    asked = ["--methods", "attention", "--patch-sizes", "16", "--step", "1", "--protocol", "paper", "--blur", "0"]
    assert main(["report", str(trainer.checkpoint), "--out", str(out), *asked]) == 0
    document = json.loads((out / "report.json").read_text())
    assert document["protocols"]["paper"]["images"] == int(data.validation.labels.sum())
    assert "blur" not in document
    probabilities = trainer.validate(data.validation)[0].logits.double().softmax(1)[:, 1]
    positives = probabilities[data.validation.labels == 1]
    assert document["protocols"]["paper"]["p_full"] == pytest.approx(float(positives.mean()), abs=1e-4)
    assert document["protocols"]["paper"]["localisation"]


@pytest.mark.parametrize("protocol", ["paper", "published"])
def test_the_score_of_a_constant_map_is_what_the_metric_gives_it(protocol: Protocol) -> None:
    def predict(images: torch.Tensor) -> torch.Tensor:
        return images.mean(dim=(1, 2, 3)) * torch.linspace(1, 2, 1).expand(len(images)) ** 2

    image, blank = torch.rand(1, 16, 16, generator=torch.Generator().manual_seed(0)), torch.full((1, 16, 16), 0.05)
    found = patch_insertion_deletion(
        predict, image, torch.ones(16, 16), blank, patch_size=4, protocol=protocol, step=1
    )
    assert PatchGrid(16, 16, 4).count == found.patches
    assert found.score == pytest.approx(constant_score(protocol, found.ends.full, found.ends.blank), abs=1e-6)


def test_tied_figures_do_not_count() -> None:
    rows = rows_over_runs([[_image(0.06)], [_image(0.0)]])
    assert [(row["counts"], row["tied_fraction"]) for row in rows] == [(False, 0.06)]
    assert [row["counts"] for row in rows_over_runs([[_image(0.04)]])] == [True]


def _image(tied: float) -> dict[str, Any]:
    score = {
        "patch_size": 16, "protocol": "paper", "step": 1, "blank": "black", "pid": 0.5, "insertion": 0.8,
        "deletion": 0.3, "error_estimate": 0.0, "tied_fraction": tied, "random_band": None,
    }  # fmt: skip
    method = {"scores": [score], "localisation": None}
    return {"path": "image.png", "p_full": 0.9, "p_blank": 0.1, "methods": {"attention": method}}


@pytest.mark.parametrize(("low", "high", "counts", "verdict"), [
    (0.1, 0.3, True, HOLDS), (-0.3, -0.1, True, FAILS), (-0.1, 0.1, True, OPEN), (0.1, 0.3, False, TOO_TIED),
])  # fmt: skip
def test_claims_are_judged_by_their_intervals(low: float, high: float, verdict: str, *, counts: bool) -> None:
    difference = {"first": "attention", "second": "rise", "patch_size": 16, "difference": (low + high) / 2}
    difference |= {"low": low, "high": high, "p_holm": 0.01}
    scored = {"patch_size": 16, "counts": counts, "pid": 0.2, "low": 0.1, "high": 0.3, "of_images": [0.1, 0.3]}
    rows = [{**scored, "method": method} for method in ("attention", "rise")]
    section = claims_section({"paper": {"rows": rows, "differences": [difference]}}, IDRID)
    assert section is not None
    [table] = section.blocks
    assert isinstance(table, Table)
    assert table.lines[0].cells[-1].text == verdict


def test_words_of_a_page_are_escaped() -> None:
    page = Page("a < b", "<script>", [Section("s & t", [Table("|", ["x"], [Line(cells("<b>|"))])])])
    reader = Reader(page_html(page))
    assert not reader.tags & {"script", "b"}
    assert reader.cells == ["x", "<b>|"]
    assert "<b>\\|" in page_markdown(page)


def test_the_papers_tables_are_as_printed() -> None:
    assert IDRID.mean("attention", 16) == 0.230
    assert (DEFN.mean("rise", 128), DEFN.sd("rise", 128)) == (0.461, 0.164)
    assert IDRID.mean("attention", 3) is None
    assert published_scores("own") is None
    for table in (IDRID, DEFN):
        assert {len(row) for row in (*table.means.values(), *table.sds.values())} == {len(table.sizes)}
