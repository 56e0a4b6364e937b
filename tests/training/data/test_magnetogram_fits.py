"""Full-disk magnetograms in gauss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from astropy.io import fits

from model.config import Preprocessing
from training.data.defn import defn_images
from training.data.magnetogram_fits import read_magnetogram
from training.errors import DatasetError


def write_fits(path: Path, field: Any, **header: float) -> Path:
    unit = fits.ImageHDU(np.asarray(field, dtype=np.float32))
    unit.header.update(header)
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(path)
    return path


@pytest.fixture
def corners() -> Any:
    """Rows run from the south up: the first row of the file is the lowest. South-west is sky."""
    field = np.zeros((8, 8))
    field[:2, :2], field[:2, 6:], field[6:, :2], field[6:, 6:] = 500, np.nan, -1000, 3000
    return field


def test_gauss_become_levels_between_the_clips_and_sky_black(tmp_path: Path, corners: Any) -> None:
    image = read_magnetogram(write_fits(tmp_path / "sun.fits", corners), size=8, clip=1000)
    assert (image.shape, image.dtype) == ((8, 8), np.uint8)
    assert [image[0, 0], image[0, 7], image[7, 0], image[7, 7], image[4, 4]] == [0, 255, 191, 0, 128]


def test_a_camera_upside_down_is_turned(tmp_path: Path, corners: Any) -> None:
    upright = read_magnetogram(write_fits(tmp_path / "a.fits", corners), size=8, clip=1000)
    path = write_fits(tmp_path / "b.fits", corners[::-1, ::-1], CROTA2=179.93)
    np.testing.assert_array_equal(read_magnetogram(path, size=8, clip=1000), upright)


def test_size_is_reduced_by_area_without_the_sky(tmp_path: Path, corners: Any) -> None:
    corners[:2, 6] = 400  # half of the block is sky
    image = read_magnetogram(write_fits(tmp_path / "sun.fits", corners), size=4, clip=1000)
    assert image[3].tolist() == [191, 128, 128, 179]


@pytest.mark.parametrize(("field", "header", "message"), [
    (np.zeros((8, 8)), {"CROTA2": 90.0}, "CROTA2 is 90.0 degrees"),
    (np.zeros((8, 9)), {}, "9 x 8 px; a full disk is square"),
    (np.zeros((2, 8, 8)), {}, "contains no image"),
])  # fmt: skip
def test_what_is_no_full_disk_is_named(tmp_path: Path, field: Any, header: dict[str, float], message: str) -> None:
    path = write_fits(tmp_path / "sun.fits", field, **header)
    with pytest.raises(DatasetError, match=message) as raised:
        read_magnetogram(path, size=4, clip=1500)
    assert str(path) in str(raised.value)


def test_what_is_no_fits_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sun.fits"
    path.write_bytes(b"no FITS file at all")
    with pytest.raises(DatasetError, match=r"sun\.fits is not a FITS image"):
        read_magnetogram(path, size=4, clip=1500)


def test_a_folder_may_hold_fits_instead_of_png(tmp_path: Path, corners: Any) -> None:
    (tmp_path / "2016.csv").write_text("image,flag,year\na/sun.png,2,2016\n")
    (tmp_path / "a").mkdir()
    path = write_fits(tmp_path / "a" / "sun.fits", corners)
    inputs = Preprocessing(mode="grey", height=4, width=4, mean=(0.36,), std=(0.22,))
    loaded = defn_images(tmp_path, "validation", inputs, clip=1000, for_training=True)
    expected = torch.from_numpy(read_magnetogram(path, size=4, clip=1000))
    assert torch.equal(loaded.images[torch.tensor([0])][0, 0], expected)


def test_without_astropy_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.data.magnetogram_fits.fits", None)
    with pytest.raises(DatasetError, match=r"a\.fits: reading FITS files needs astropy"):
        read_magnetogram(tmp_path / "a.fits", size=32, clip=100)
