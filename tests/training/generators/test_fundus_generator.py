"""Generated fundus photographs: exact masks, equal classes, the statistics of the real ones."""

import csv
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from tests.training.logistic import fit_logistic
from training.generators.fundus.eye import draw_eye
from training.generators.fundus.generator import Fundus, generate_cropped, generate_fundus, write_folder
from training.generators.fundus.lesions import draw_disease

Floats = npt.NDArray[np.float64]

CROP = (290 / 4288, 0.0, 3701 / 4288, 1.0)  # fractions of the frame: left, top, right, bottom


@cache
def crop(seed: int, label: int) -> Fundus:
    return generate_cropped(seed, label=label)


def inner_ellipse(shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Pixels well inside the field of view of the 224 px crop, whose half axes are 112 and 134 px."""
    y, x = np.indices(shape)
    return np.hypot((x - 111) / 112, (y - 111) / 134) < 0.95


def component_sizes(mask: npt.NDArray[np.bool_]) -> list[int]:
    """Pixels of each 8-connected component."""
    left = set(map(tuple, np.argwhere(mask).tolist()))
    sizes = []
    while left:
        front = [left.pop()]
        size = 0
        while front:
            y, x = front.pop()
            size += 1
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            front.extend(near)
        sizes.append(size)
    return sizes


@pytest.mark.parametrize("label", [0, 1])
def test_same_seed_gives_the_same_bytes(label: int) -> None:
    first, second = generate_cropped(7, label=label), generate_cropped(7, label=label)
    assert first.pixels.tobytes() == second.pixels.tobytes()
    assert first.mask.tobytes() == second.mask.tobytes()


def test_other_seed_gives_another_eye() -> None:
    assert np.abs(crop(1, 0).pixels.astype(int) - crop(2, 0).pixels).mean() > 5


def test_classes_of_a_seed_differ_exactly_inside_the_mask() -> None:
    for seed in range(20):
        ill, healthy = crop(seed, 1), crop(seed, 0)
        np.testing.assert_array_equal((ill.pixels != healthy.pixels).any(axis=-1), ill.mask)


def test_mask_is_empty_without_lesions_and_never_with_them() -> None:
    assert not any(crop(seed, 0).mask.any() for seed in range(60))
    assert all(crop(seed, 1).mask.any() for seed in range(60))
    assert {crop(seed, label).label for seed in range(3) for label in (0, 1)} == {0, 1}


@pytest.mark.parametrize("size", [(214, 322), (100, 151), (16, 16), (856, 1288)])
def test_any_resolution(size: tuple[int, int]) -> None:
    ill, healthy = (generate_fundus(3, label=label, height=size[0], width=size[1]) for label in (1, 0))
    assert ill.pixels.shape == (*size, 3)
    assert ill.pixels.dtype == np.uint8
    assert ill.mask.shape == size
    np.testing.assert_array_equal((ill.pixels != healthy.pixels).any(axis=-1), ill.mask)


def test_field_of_view_is_the_cameras() -> None:
    # Measured on the real photographs at 644x428: columns 41..554, all rows, 289 and 284 px of the first and last.
    bright = generate_fundus(2, label=0).pixels[..., 0] > 25
    columns = np.flatnonzero(bright.any(axis=0))
    assert columns[0] == pytest.approx(41, abs=3)
    assert columns[-1] == pytest.approx(554, abs=3)
    assert bright.any(axis=1).all()
    assert bright[0].sum() == pytest.approx(289, abs=6)
    assert bright[-1].sum() == pytest.approx(284, abs=6)


def test_median_colours_spread_like_the_real_ones() -> None:
    inside = inner_ellipse((224, 224))
    medians = np.array([np.median(crop(seed, 0).pixels[inside], axis=0) for seed in range(50)])
    red, green, blue = np.median(medians, axis=0)
    assert 145 < red < 180  # real: 164
    assert 62 < green < 92  # 77
    assert 10 < blue < 30  # 20
    low, high = np.percentile(medians, (5, 95), axis=0)
    assert (low < (140, 60, 12)).all()
    assert (high > (190, 95, 35)).all()
    assert np.corrcoef(medians.T)[0, 1] > 0.6  # real: 0.87


def test_optic_disc_is_brightest_and_fovea_darker_than_around() -> None:
    for seed in range(10):
        eye = draw_eye(np.random.default_rng((seed, 0)))
        green = crop(seed, 0).pixels[..., 1].astype(float)
        disc, fovea, between = (
            green[round(107 + 134 * v) :, round(107 + 112 * u) :][:9, :9].mean()
            for u, v in (eye.disc, eye.fovea, np.mean([eye.disc, eye.fovea], axis=0))
        )
        assert disc > 1.15 * between
        assert fovea < between


def test_lesions_have_the_real_sizes_and_counts() -> None:
    components = [component_sizes(crop(seed, 1).mask) for seed in range(60)]
    counts = [len(sizes) for sizes in components]
    diameters = 2 * np.sqrt(np.concatenate(components) / np.pi)
    assert 1.1 < np.median(diameters) < 2.6  # real: 1.4 px; 2.0 where neighbours at a corner count as one
    assert 3.5 < np.percentile(diameters, 95) < 8.5  # 5.4; 7.7
    assert 40 < np.median(counts) < 130
    assert min(counts) < 10  # mild: a few microaneurysms
    assert max(counts) > 150


def test_lesion_contrast_is_as_small_as_the_real_one() -> None:
    change = [
        crop(s, 1).pixels[crop(s, 1).mask].astype(int) - crop(s, 0).pixels[crop(s, 1).mask] for s in range(60)
    ]
    green = np.concatenate(change)[:, 1]
    assert -14 < np.median(green[green < 0]) < -2
    assert 2 < np.median(green[green > 0]) < 25


def test_no_lesion_on_the_optic_disc() -> None:
    for seed in range(100):
        rng = np.random.default_rng(seed)
        eye = draw_eye(rng)
        disease = draw_disease(rng, eye)
        for spots in (disease.dark, disease.bright, disease.soft):
            assert (np.hypot(*((spots[:, :2] - eye.disc) / eye.disc_radii).T) > 1.15).all()


def test_crop_shows_the_same_eye_as_the_frame() -> None:
    for seed in range(4):
        frame = Image.fromarray(generate_fundus(seed, label=1, height=856, width=1288).pixels)
        box = (CROP[0] * frame.width, 0, CROP[2] * frame.width, frame.height)
        resized = np.asarray(frame.resize((224, 224), Image.Resampling.BOX, box), dtype=float)
        difference = np.abs(crop(seed, 1).pixels - resized)[inner_ellipse((224, 224))]
        assert difference.mean() < 3
        assert np.percentile(difference, 99) < 12


def test_nothing_but_lesions_tells_the_classes_apart() -> None:
    labels = np.arange(200) % 2
    features = np.array([healthy_colours(crop(seed, int(labels[seed]))) for seed in range(200)])
    halves = np.arange(200) // 2 % 2
    scores = np.empty(200)
    for half in (0, 1):
        weights = fit_logistic(features[halves != half], labels[halves != half])
        scores[halves == half] = features[halves == half] @ weights
    positive, negative = scores[labels == 1], scores[labels == 0]
    assert (positive[:, None] > negative).mean() == pytest.approx(0.5, abs=0.1)


def healthy_colours(fundus: Fundus) -> Floats:
    """Mean and spread of what no lesion touched (channels standardised roughly), and a constant."""
    pixels = fundus.pixels[inner_ellipse(fundus.mask.shape) & ~fundus.mask] / 100
    return np.concatenate([pixels.mean(axis=0), pixels.std(axis=0) * 4, np.median(pixels, axis=0), [1]])


def test_wrong_label_is_refused() -> None:
    with pytest.raises(ValueError, match="label must be 0 or 1, is 2"):
        generate_cropped(0, label=2)


def test_too_few_pixels_are_refused() -> None:
    with pytest.raises(ValueError, match="16 px a side, not 8 x 100"):
        generate_fundus(0, label=0, height=8, width=100)


def test_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="non-negative"):
        generate_cropped(-1, label=0)


def test_write_folder(tmp_path: Path) -> None:
    write_folder(tmp_path, count=8, seed=5, positive_share=0.25, height=107, width=161)
    with (tmp_path / "labels.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert [row["file"] for row in rows] == [f"images/fundus_{index:05d}.jpg" for index in range(8)]
    assert sum(int(row["label"]) for row in rows) == 2
    for row in rows:
        with Image.open(tmp_path / row["file"]) as image, Image.open(tmp_path / row["mask"]) as mask:
            assert image.size == mask.size == (161, 107)
            assert np.asarray(mask).any() == (row["label"] == "1")


def test_write_folder_repeats_itself(tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_folder(tmp_path / name, count=2, seed=9, height=107, width=161)
    for path in sorted(path for path in (tmp_path / "first").rglob("*") if path.is_file()):
        assert path.read_bytes() == (tmp_path / "second" / path.relative_to(tmp_path / "first")).read_bytes()
