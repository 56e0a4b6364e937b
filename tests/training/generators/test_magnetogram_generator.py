"""Generated magnetograms: exact masks, classes of equal size, the statistics of the real ones."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from tests.training.logistic import fit_logistic
from training.generators.magnetogram.disk import draw_disk
from training.generators.magnetogram.generator import Magnetogram, generate_magnetogram, write_folder

Floats = npt.NDArray[np.float64]
FINE_CLIP = 500.0  # gauss, of levels fine enough to see the noise


@cache
def magnetogram(seed: int, label: int, clip: float = FINE_CLIP) -> Magnetogram:
    return generate_magnetogram(seed, label=label, clip=clip)


def gauss(seed: int, label: int, clip: float = FINE_CLIP) -> Floats:
    """The field of the pixels within the field stop."""
    pixels = magnetogram(seed, label, clip).pixels
    return (pixels[pixels > 0] / 127.5 - 1) * clip


def radius(disk_limb: float) -> Floats:
    y, x = np.indices((512, 512))
    return np.asarray(np.hypot(x - 256.5, y - 255.75) / disk_limb)


@pytest.mark.parametrize("label", [0, 1])
def test_same_seed_gives_the_same_bytes(label: int) -> None:
    first, second = generate_magnetogram(7, label=label), generate_magnetogram(7, label=label)
    assert first.pixels.tobytes() == second.pixels.tobytes()
    assert first.mask.tobytes() == second.mask.tobytes()


def test_other_seed_gives_another_sun() -> None:
    assert (magnetogram(1, 0).pixels != magnetogram(2, 0).pixels).mean() > 0.3


def test_classes_of_a_seed_are_equal_outside_the_mask() -> None:
    for seed in range(20):
        flaring, quiet = magnetogram(seed, 1), magnetogram(seed, 0)
        changed = flaring.pixels != quiet.pixels
        assert not (changed & ~flaring.mask).any()
        assert changed[flaring.mask].mean() > 0.3


def test_mask_is_the_flaring_core_alone() -> None:
    for seed in range(20):
        assert not magnetogram(seed, 0).mask.any()
        mask = magnetogram(seed, 1).mask
        rows, columns = np.nonzero(mask)
        assert 8 <= mask.sum() <= 1700
        assert np.ptp(rows) < 60
        assert np.ptp(columns) < 60


def test_a_flaring_core_has_a_sharp_inversion_line_and_most_quiet_ones_have_none() -> None:
    def inversion(seed: int, label: int) -> int:
        """Steepest step between neighbours of opposite polarity, in levels at 1500 G, within the core."""
        pixels = magnetogram(seed, label, 1500.0).pixels.astype(float) - 127.5
        mask = magnetogram(seed, 1, 1500.0).mask
        above, below = pixels[:-1], pixels[1:]
        steps = np.where(above * below < 0, np.abs(above - below), 0) * (mask[:-1] & mask[1:])
        return int((steps > 40).sum())

    flaring, quiet = (np.array([inversion(seed, label) for seed in range(20)]) for label in (1, 0))
    assert np.median(flaring) >= 4
    assert np.median(quiet) <= 1


def test_size_and_flux_do_not_tell_the_classes_apart() -> None:
    seeds = np.arange(160)
    labels = seeds // 2 % 2
    features = np.array([flux_and_area(int(seed), int(label)) for seed, label in zip(seeds, labels, strict=True)])
    features = np.column_stack([(features - features.mean(axis=0)) / features.std(axis=0), np.ones(len(seeds))])
    probabilities = np.empty(len(seeds))
    for half in (0, 1):
        chosen = seeds % 2 == half
        weights = fit_logistic(features[~chosen], labels[~chosen])
        probabilities[chosen] = features[chosen] @ weights
    true_positives, false_positives = (probabilities[labels == label] > 0 for label in (1, 0))
    assert true_positives.mean() - false_positives.mean() < 0.5


def flux_and_area(seed: int, label: int) -> tuple[float, float]:
    """Logarithms of the total unsigned flux and of the area over 100 G."""
    field = np.abs(gauss(seed, label, 1500.0))
    return float(np.log(field[field > 50].sum())), float(np.log((field > 100).sum() + 1))


def test_disk_lies_as_the_real_ones_do() -> None:
    # Measured: field stop 245 to 248 px, background 0, median level 127 or 128.
    for seed in range(10):
        pixels = magnetogram(seed, 0).pixels
        columns = np.flatnonzero((pixels > 0).any(axis=0))
        assert (columns[-1] - columns[0] + 1) / 2 == pytest.approx(246.5, abs=2.1)
        assert not pixels[:5].any()
        assert np.median(pixels[pixels > 0]) in (127, 128)


def test_limb_follows_the_earths_distance() -> None:
    disks = [draw_disk(np.random.default_rng(seed)) for seed in range(300)]
    limbs = [disk.limb for disk in disks]
    assert 234 <= min(limbs) < 234.5
    assert 241.5 < max(limbs) <= 242
    assert max(abs(disk.tilt) for disk in disks) == pytest.approx(np.radians(7.25), abs=0.002)


def test_noise_is_that_of_the_real_ones() -> None:
    # Real: 0.64 and 0.72 of the pixels of the inner disk within a level of zero, 0.64 and 0.68 near the limb.
    inner, outer = [], []
    for seed in range(12):
        pixels = magnetogram(seed, 0).pixels.astype(int)
        weak = np.abs(pixels - 127.5) < 1
        place = radius(238)
        inner.append(weak[place < 0.4].mean())
        outer.append(weak[(place > 0.85) & (place < 0.95)].mean())
    assert 0.55 < np.median(inner) < 0.75
    assert 0.6 < np.median(outer) < 0.72


def test_strong_field_fills_as_much_of_the_disk_as_on_the_real_ones() -> None:
    shares = [(np.abs(gauss(seed, seed % 2)) > 100).mean() for seed in range(40)]
    assert min(shares) < 0.004  # real, 2016: 0.0032
    assert max(shares) > 0.01  # real, 2011: 0.0135
    assert max(shares) < 0.03


def test_polarities_follow_hales_law() -> None:
    """In cycle 24 the west of a northern region was negative, of a southern one positive."""
    moments = np.zeros((2, 2))  # hemisphere north and south; east and west of the region's centre
    for seed in range(30):
        pixels = magnetogram(seed, 0).pixels
        rows, columns = np.nonzero(magnetogram(seed, 1).mask)
        y, x = int(rows.mean()), int(columns.mean())
        window = np.where(pixels > 0, pixels / 127.5 - 1, 0)[max(y - 20, 0) : y + 20]
        window[magnetogram(seed, 1).mask[max(y - 20, 0) : y + 20]] = 0
        south = int(y > 256)
        moments[south] += window[:, max(x - 30, 0) : x].sum(), window[:, x : x + 30].sum()
    (north_east, north_west), (south_east, south_west) = moments
    assert north_west < north_east
    assert south_west > south_east


@pytest.mark.parametrize("size", [256, 32])
def test_smaller_images_show_the_same_sun(size: int) -> None:
    small = generate_magnetogram(3, label=1, size=size)
    assert small.pixels.shape == small.mask.shape == (size, size)
    block = 512 // size
    whole = magnetogram(3, 1, 1500.0).pixels.reshape(size, block, size, block).mean(axis=(1, 3))
    assert np.abs(whole - small.pixels).max() < 1
    assert small.mask.any()


@pytest.mark.parametrize(("changes", "message"), [
    ({"label": 2}, "label must be 0 or 1, is 2"),
    ({"size": 500}, r"size must be one of \(512, 256, 128, 64, 32\), is 500"),
    ({"seed": -1}, "non-negative"),
])  # fmt: skip
def test_wrong_argument_is_refused(changes: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        generate_magnetogram(**{"seed": 0, "label": 0, **changes})


def test_write_folder(tmp_path: Path) -> None:
    write_folder(tmp_path, count=4, seed=5, positive_share=0.25, size=128)
    with (tmp_path / "labels.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert [row["file"] for row in rows] == [f"images/magnetogram_{index:05d}.png" for index in range(4)]
    assert sum(int(row["label"]) for row in rows) == 1
    for row in rows:
        with Image.open(tmp_path / row["file"]) as image, Image.open(tmp_path / row["mask"]) as mask:
            assert (image.mode, image.size, mask.size) == ("L", (128, 128), (128, 128))
            assert np.asarray(mask).any() == (row["label"] == "1")
