"""Heatmaps over pictures: colours, places, sizes and the PNG writer."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from model.config import Preprocessing
from model.errors import ConfigurationError
from model.images.overlay import (
    COLORMAPS,
    Style,
    coverage,
    encode_png,
    render_heatmap,
    render_layer,
    render_overlay,
)
from model.images.preprocessing import Picture, crop_box, decode_image, decode_size

STYLE = Style(threshold=0.5, colormap="inferno", opacity=0.6)
ENDS = {  # the first and the last colour of each map
    "inferno": ((0, 0, 3), (252, 254, 164)),
    "viridis": ((68, 1, 84), (253, 231, 36)),
    "magma": ((0, 0, 3), (251, 252, 191)),
    "plasma": ((12, 7, 134), (239, 248, 33)),
    "cividis": ((0, 34, 77), (253, 231, 55)),
}


def constant(value, shape=(7, 7)):
    return np.full(shape, value, dtype=np.float32)


def one_hot_cell(row, column, shape=(7, 7)):
    values = np.zeros(shape, dtype=np.float32)
    values[row, column] = 1
    return values


class TestHeatmap:
    @pytest.mark.parametrize("colormap", COLORMAPS)
    def test_colours_of_the_scale(self, colormap):
        style = replace(STYLE, threshold=-1.0, colormap=colormap)
        first, last = (
            render_heatmap(constant(value), height=3, width=4, style=style).getpixel((1, 1))[:3] for value in (0, 1)
        )
        assert (first, last) == ENDS[colormap]

    @pytest.mark.parametrize("colormap", COLORMAPS)
    def test_lightness_grows_with_the_value(self, colormap):
        ramp = np.linspace(0, 1, 256, dtype=np.float32)[None]
        style = replace(STYLE, threshold=-1.0, colormap=colormap)
        colours = np.asarray(render_heatmap(ramp, height=1, width=256, style=style))[0, :, :3] / 255
        lightness = colours**2.2 @ (0.2126, 0.7152, 0.0722)
        assert (lightness[8:] > lightness[:-8]).all()

    @pytest.mark.parametrize(("value", "level"), [(0.501, 128), (0.6, 153), (0.75, 192), (0.999, 255)])
    def test_the_colour_of_a_value_is_absolute(self, value, level):
        """The same colour whatever else is in the map."""
        ramp = ((np.arange(256, dtype=np.float32) + 0.5) / 256)[None]
        style = replace(STYLE, threshold=-1.0)
        table = np.asarray(render_heatmap(ramp, height=1, width=256, style=style))[0, :, :3]
        flat = render_heatmap(constant(value), height=2, width=2, style=STYLE)
        assert flat.getpixel((0, 0)) == (*table[level].tolist(), 153)

    def test_transparent_where_not_above_the_threshold(self):
        values = np.random.default_rng(0).random((5, 6), dtype=np.float32)
        heatmap = render_heatmap(values, height=50, width=90, style=STYLE)
        upsampled = torch.nn.functional.interpolate(
            torch.from_numpy(values)[None, None], size=(50, 90), mode="bilinear", align_corners=False
        )[0, 0].numpy()
        alpha = np.asarray(heatmap)[..., 3]
        clear = np.abs(upsampled - 0.5) > 1e-5
        assert heatmap.size == (90, 50)
        assert np.array_equal(alpha[clear], np.where(upsampled > 0.5, 153, 0)[clear])
        assert set(np.unique(alpha)) == {0, 153}

    def test_the_threshold_itself_is_not_above(self):
        assert np.asarray(render_heatmap(constant(0.5), height=9, width=9, style=STYLE))[..., 3].max() == 0

    def test_nothing_above_zero_in_a_gated_map(self):
        style = replace(STYLE, threshold=0.0)
        assert np.asarray(render_heatmap(constant(0.0), height=9, width=9, style=style))[..., 3].max() == 0

    @pytest.mark.parametrize(("opacity", "alpha"), [(0.0, 0), (0.5, 128), (1.0, 255)])
    def test_opacity(self, opacity, alpha):
        heatmap = render_heatmap(constant(1), height=2, width=2, style=replace(STYLE, opacity=opacity))
        assert heatmap.getpixel((0, 0))[3] == alpha

    def test_unknown_colormap(self):
        with pytest.raises(ConfigurationError, match="jet"):
            render_heatmap(constant(1), height=2, width=2, style=replace(STYLE, colormap="jet"))


class TestOverlay:
    PREPROCESSING = Preprocessing(
        mode="rgb", height=28, width=28, mean=(0.5,) * 3, std=(0.5,) * 3, crop=(0.2, 0.1, 0.9, 1.0)
    )

    @pytest.mark.parametrize(
        ("longest", "reduced", "row", "column"),
        [(None, False, 0, 6), (None, True, 6, 0), (1000, False, 0, 0), (230, False, 2, 5), (97, True, 3, 3)],
    )
    def test_a_hot_cell_lies_on_its_part_of_the_crop(self, longest, reduced, row, column):
        buffer = io.BytesIO()
        Image.new("RGB", (400, 300)).save(buffer, "JPEG")
        least = decode_size(self.PREPROCESSING) if reduced else (0, 0)
        picture = decode_image(buffer.getvalue(), "rgb", at_least=least)
        assert (picture.pixels.width < 400) == reduced
        region = crop_box(self.PREPROCESSING, 300, 400)
        overlay = render_overlay(picture, one_hot_cell(row, column), region, longest=longest, style=STYLE)
        rows, columns = np.nonzero(np.asarray(overlay).sum(axis=2) > 60)
        scale = min(1.0, (longest or 400) / 400)
        left, top, right, bottom = region
        cell_height, cell_width = (bottom - top) / 7 * scale, (right - left) / 7 * scale
        centre = top * scale + (row + 0.5) * cell_height, left * scale + (column + 0.5) * cell_width
        # At a border of the map the bilinear cone is cut off, and its plateau reaches the border.
        assert rows.min() >= centre[0] - 0.5 * cell_height - 1.5
        assert rows.max() <= centre[0] + 0.5 * cell_height + 0.5
        assert columns.min() >= centre[1] - 0.5 * cell_width - 1.5
        assert columns.max() <= centre[1] + 0.5 * cell_width + 0.5
        assert rows.min() <= centre[0] <= rows.max() + 1
        assert columns.min() <= centre[1] <= columns.max() + 1

    @pytest.mark.parametrize(
        ("longest", "size"),
        [(None, (400, 300)), (5000, (400, 300)), (400, (400, 300)), (200, (200, 150)), (1, (1, 1))],
    )
    @pytest.mark.parametrize("decoded", [(400, 300), (50, 38)])
    def test_size_is_of_the_upload_and_never_larger(self, longest, size, decoded):
        picture = Picture(Image.new("RGB", decoded), 300, 400)
        overlay = render_overlay(picture, constant(1), (0, 0, 400, 300), longest=longest, style=STYLE)
        assert (overlay.size, overlay.mode) == (size, "RGB")

    def test_blend(self):
        picture = Picture(Image.new("RGB", (20, 10), (100, 200, 50)), 10, 20)
        overlay = np.asarray(render_overlay(picture, constant(1), (5, 2, 15, 8), longest=None, style=STYLE)).astype(
            int
        )
        wanted = np.rint(0.4 * np.array((100, 200, 50)) + 0.6 * np.array(ENDS["inferno"][1]))
        assert np.abs(overlay[2:8, 5:15] - wanted).max() <= 1
        overlay[2:8, 5:15] = (100, 200, 50)
        assert (overlay == (100, 200, 50)).all()

    def test_the_picture_shows_under_the_threshold(self):
        array = np.random.default_rng(4).integers(0, 256, (30, 40, 3), dtype=np.uint8)
        picture = Picture(Image.fromarray(array), 30, 40)
        overlay = render_overlay(picture, constant(0.5), (0, 0, 40, 30), longest=None, style=STYLE)
        assert np.array_equal(np.asarray(overlay), array)

    def test_grey_pictures_get_coloured_maps(self):
        picture = Picture(Image.new("L", (20, 10), 77), 10, 20)
        overlay = np.asarray(render_overlay(picture, constant(1), (0, 0, 10, 10), longest=None, style=STYLE))
        assert (overlay[:, 10:] == 77).all()
        assert np.ptp(overlay[0, 0]) > 50

    @pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 5000), (5000, 1)])
    def test_thin(self, height, width):
        picture = Picture(Image.new("RGB", (width, height)), height, width)
        region = crop_box(self.PREPROCESSING, height, width)
        overlay = render_overlay(picture, constant(1), region, longest=100, style=STYLE)
        assert max(overlay.size) == min(max(height, width), 100)
        assert np.asarray(overlay).max() > 100

    def test_layer_is_the_overlay_without_the_picture(self):
        values = np.random.default_rng(5).random((4, 5), dtype=np.float32)
        picture = Picture(Image.new("RGB", (64, 48)), 96, 128)
        layer = render_layer(picture, values, (20, 0, 100, 96), longest=64, style=STYLE)
        overlay = render_overlay(picture, values, (20, 0, 100, 96), longest=64, style=STYLE)
        black = Image.new("RGBA", layer.size, "black")
        difference = np.asarray(Image.alpha_composite(black, layer).convert("RGB")).astype(int) - np.asarray(
            overlay
        )
        assert layer.mode == "RGBA"
        assert np.abs(difference).max() <= 1
        assert np.asarray(layer)[:, :10, 3].max() == 0


@pytest.mark.parametrize(("threshold", "share"), [(-0.1, 1.0), (0.0, 0.75), (0.5, 0.25), (1.0, 0.0)])
def test_coverage_counts_cells_strictly_above(threshold, share):
    assert coverage(np.array([[0.0, 0.5], [0.25, 1.0]], dtype=np.float32), threshold) == share


class TestPng:
    @pytest.mark.parametrize(
        ("mode", "size"), [("L", (61, 37)), ("RGB", (1, 7)), ("RGBA", (9, 1)), ("RGB", (61, 37))]
    )
    def test_lossless(self, mode, size):
        channels = len(mode)
        levels = np.random.default_rng(6).integers(0, 256, (size[1], size[0], channels), dtype=np.uint8)
        image = Image.fromarray(levels.squeeze(2) if channels == 1 else levels)
        with Image.open(io.BytesIO(encode_png(image))) as read:
            assert (read.format, read.mode, read.size) == ("PNG", mode, size)
            assert np.array_equal(np.asarray(read), np.asarray(image))

    def test_checksums_hold(self):
        with Image.open(io.BytesIO(encode_png(Image.new("RGB", (30, 20), "red")))) as image:
            image.verify()

    def test_smooth_images_shrink(self):
        ramp = np.tile(np.arange(256, dtype=np.uint8), (100, 1))
        assert len(encode_png(Image.fromarray(ramp))) < 0.05 * ramp.size
