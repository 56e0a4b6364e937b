"""Every kind of file that is read, from bytes to tensor; all images are made here."""

import io
import random
import struct
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image

from model.config import Preprocessing
from model.errors import BrokenImage, ImageError, TooManyPixels, UnsupportedImage
from model.images.preprocessing import (
    Picture,
    crop_box,
    decode_image,
    decode_size,
    read_image,
    to_pixels,
    to_tensor,
)
from model.presets import PREPROCESSINGS

IDRID = PREPROCESSINGS["idrid"]
PLAIN = Preprocessing(mode="rgb", height=8, width=8, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))


def encoded(image, type_name, **options):
    buffer = io.BytesIO()
    image.save(buffer, type_name, **options)
    return buffer.getvalue()


def pixels_of(data, mode="rgb", **options):
    return np.asarray(decode_image(data, mode, **options).pixels)


@pytest.fixture
def corners():
    """32 x 48 px: red top left, green top right, blue bottom left, white bottom right."""
    array = np.zeros((32, 48, 3), dtype=np.uint8)
    array[:16, :24, 0] = array[:16, 24:, 1] = array[16:, :24, 2] = 255
    array[16:, 24:] = 255
    return Image.fromarray(array)


@pytest.fixture
def photograph():
    """A smooth 512 x 768 picture, as cameras make them."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (16, 24, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((768, 512), Image.Resampling.BICUBIC)


class TestTypes:
    @pytest.mark.parametrize("type_name", ["PNG", "TIFF", "BMP"])
    def test_lossless(self, corners, type_name):
        assert np.array_equal(pixels_of(encoded(corners, type_name)), np.asarray(corners))

    @pytest.mark.parametrize("type_name", ["JPEG", "WEBP"])
    def test_lossy(self, photograph, type_name):
        difference = pixels_of(encoded(photograph, type_name, quality=95)).astype(int) - np.asarray(photograph)
        assert np.abs(difference).mean() < 2

    @pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
    def test_compressed_tiff(self, corners, compression):
        assert np.array_equal(pixels_of(encoded(corners, "TIFF", compression=compression)), np.asarray(corners))

    def test_gif_is_refused(self, corners):
        frames = [corners, corners.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
        with pytest.raises(UnsupportedImage):
            decode_image(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]), "rgb")

    @pytest.mark.parametrize("type_name", ["PNG", "WEBP", "TIFF"])
    def test_first_frame_of_many(self, type_name):
        frames = [Image.new("RGB", (24, 16), colour) for colour in ("red", "blue", "green")]
        options = {} if type_name == "TIFF" else {"duration": 100}
        if type_name == "WEBP":
            options["lossless"] = True
        data = encoded(frames[0], type_name, save_all=True, append_images=frames[1:], **options)
        assert np.array_equal(pixels_of(data), np.asarray(frames[0]))

    @pytest.mark.parametrize("data", [b"", b"\xff", b"hello, I am a JPEG", bytes(100), b"<svg></svg>"])
    def test_not_an_image(self, data):
        with pytest.raises(UnsupportedImage, match="JPEG, PNG, WebP, TIFF or BMP"):
            decode_image(data, "rgb")

    @pytest.mark.parametrize("type_name", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
    @pytest.mark.parametrize("share", [0.02, 0.3, 0.7])
    def test_truncated(self, photograph, type_name, share):
        data = encoded(photograph, type_name)
        with pytest.raises(BrokenImage, match=type_name):
            decode_image(data[: max(int(len(data) * share), 16)], "rgb")

    @pytest.mark.parametrize(("height", "width"), [(1, 1), (5000, 1), (1, 5000)])
    @pytest.mark.parametrize("type_name", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
    def test_thin(self, type_name, height, width):
        data = encoded(Image.new("RGB", (width, height), (200, 100, 50)), type_name)
        picture = decode_image(data, "rgb", at_least=decode_size(IDRID))
        assert (picture.height, picture.width) == (height, width)
        levels = to_pixels(to_tensor(picture, IDRID)[0], IDRID).reshape(-1, 3)
        assert np.abs(levels.astype(int) - (200, 100, 50)).max() <= 3


class TestBounds:
    def test_a_bomb_is_known_by_its_header(self):
        data = png(20_000, 20_000, bits=8, rows=b"")
        tracemalloc.start()
        with pytest.raises(TooManyPixels, match="20000 x 20000"):
            decode_image(data, "rgb")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1_000_000

    def test_sizes_of_which_pillow_warns_are_ours_to_judge(self):
        with pytest.raises(BrokenImage):  # declared, allowed, but without pixels
            decode_image(png(10_000, 10_000, bits=8, rows=b""), "rgb", max_pixels=100_000_000)
        with pytest.raises(TooManyPixels):
            decode_image(png(10_000, 10_000, bits=8, rows=b""), "rgb")

    @pytest.mark.parametrize("type_name", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
    def test_the_bound_itself_is_allowed(self, type_name):
        data = encoded(Image.new("RGB", (20, 10)), type_name)
        assert decode_image(data, "rgb", max_pixels=200).width == 20
        with pytest.raises(TooManyPixels, match="at most 199"):
            decode_image(data, "rgb", max_pixels=199)

    def test_a_webp_canvas_beyond_pillows_bound(self):
        canvas = (20_000 - 1).to_bytes(3, "little") * 2
        chunk = b"VP8X" + struct.pack("<I", 10) + bytes(4) + canvas
        with pytest.raises(TooManyPixels):
            decode_image(b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk, "rgb")

    def test_a_small_tiff_of_huge_tiles(self):
        tags = [(256, 1), (257, 1), (258, 8), (259, 8), (262, 1), (277, 1)]
        tags += [(322, 32_768), (323, 32_768), (324, 200), (325, 10)]
        entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
        data = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(200)
        with pytest.raises(TooManyPixels, match="tiles"):
            decode_image(data, "grey")

    def test_no_pixels(self):
        with pytest.raises(BrokenImage):
            decode_image(png(0, 5, bits=8, rows=b""), "rgb")


def png(width, height, bits, rows):
    """A PNG of colour type RGB, written by hand: header and rows need not fit."""
    header = struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


class TestPixels:
    @pytest.mark.parametrize(("mode", "pillow_mode"), [("rgb", "RGB"), ("grey", "L")])
    @pytest.mark.parametrize("stored", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
    def test_mode(self, stored, mode, pillow_mode):
        data = encoded(Image.new(stored, (5, 4)), "PNG")
        assert decode_image(data, mode).pixels.mode == pillow_mode

    @pytest.mark.parametrize("byte_order", ["<u2", ">u2"])
    @pytest.mark.parametrize("type_name", ["PNG", "TIFF"])
    def test_16_bit_grey_is_scaled_not_clipped(self, type_name, byte_order):
        levels = np.array([[0, 255, 257, 32_768, 65_278, 65_535]], dtype=byte_order)
        image = Image.frombytes("I;16" if byte_order == "<u2" else "I;16B", (6, 1), levels.tobytes())
        assert pixels_of(encoded(image, type_name), "grey").tolist() == [[0, 1, 1, 128, 254, 255]]

    def test_16_bit_ramp_within_half_a_level(self):
        ramp = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
        read = pixels_of(encoded(Image.fromarray(ramp), "PNG"), "grey")
        assert np.abs(read - ramp / 257).max() <= 0.5

    def test_16_bit_grey_becomes_equal_channels(self):
        image = Image.fromarray(np.array([[0, 32_768, 65_535]], dtype=np.uint16))
        assert pixels_of(encoded(image, "PNG")).tolist() == [[[0] * 3, [128] * 3, [255] * 3]]

    def test_32_bit_grey_with_16_bit_data(self):
        levels = np.array([[0, 32_768, 65_535]], dtype=np.int32)
        assert pixels_of(encoded(Image.fromarray(levels), "TIFF"), "grey").tolist() == [[0, 128, 255]]

    @pytest.mark.parametrize("levels", [[-1, 5], [0, 65_536]])
    def test_grey_of_unknown_range_is_refused(self, levels):
        image = Image.fromarray(np.array([levels], dtype=np.int32))
        with pytest.raises(UnsupportedImage, match=f"from {levels[0]} to {levels[1]}"):
            decode_image(encoded(image, "TIFF"), "grey")

    def test_floating_point_is_refused(self):
        image = Image.fromarray(np.array([[0.0, 0.5, 1.0]], dtype=np.float32))
        with pytest.raises(UnsupportedImage, match="floating-point"):
            decode_image(encoded(image, "TIFF"), "grey")

    def test_16_bit_colour(self):
        data = png(1, 1, bits=16, rows=b"\0" + struct.pack(">3H", 65_535, 32_768, 0))
        assert pixels_of(data).tolist() == [[[255, 128, 0]]]

    @pytest.mark.parametrize("type_name", ["PNG", "WEBP", "TIFF"])
    def test_alpha_lies_on_black(self, type_name):
        array = np.array([[[200, 100, 50, 255], [200, 100, 50, 51], [200, 100, 50, 0]]], dtype=np.uint8)
        options = {"lossless": True, "exact": True} if type_name == "WEBP" else {}
        data = encoded(Image.fromarray(array), type_name, **options)
        assert pixels_of(data).tolist() == [[[200, 100, 50], [40, 20, 10], [0, 0, 0]]]

    def test_grey_with_alpha(self):
        array = np.array([[[200, 255], [200, 51], [200, 0]]], dtype=np.uint8)
        assert pixels_of(encoded(Image.fromarray(array, "LA"), "PNG"), "grey").tolist() == [[200, 40, 0]]

    def test_palette(self, corners):
        assert np.array_equal(pixels_of(encoded(corners.quantize(4), "PNG")), np.asarray(corners))

    def test_palette_with_transparency(self):
        image = Image.new("P", (2, 1))
        image.putpalette([250, 10, 20, 30, 240, 50])
        image.putdata([0, 1])
        data = encoded(image, "PNG", transparency=bytes([0, 255]))
        assert pixels_of(data).tolist() == [[[0, 0, 0], [30, 240, 50]]]

    @pytest.mark.parametrize("mode", ["L", "RGB"])
    def test_transparent_colour(self, mode):
        key = (9, 9, 9) if mode == "RGB" else 9
        image = Image.new(mode, (2, 1), key)
        image.putpixel((1, 0), (80, 80, 80) if mode == "RGB" else 80)
        assert pixels_of(encoded(image, "PNG", transparency=key), "grey").tolist() == [[0, 80]]

    @pytest.mark.parametrize("type_name", ["JPEG", "TIFF"])
    @pytest.mark.parametrize("mode", ["rgb", "grey"])
    def test_cmyk(self, type_name, mode):
        colours = [(255, 255, 255), (255, 0, 0), (0, 0, 255), (0, 0, 0)]
        strip = Image.new("RGB", (64, 16))
        for index, colour in enumerate(colours):
            strip.paste(colour, (16 * index, 0, 16 * index + 16, 16))
        options = {"quality": 95} if type_name == "JPEG" else {}
        read = pixels_of(encoded(strip.convert("CMYK"), type_name, **options), mode)[8, 8::16]
        wanted = np.asarray(strip.convert("RGB" if mode == "rgb" else "L"))[8, 8::16]
        assert np.abs(read.astype(int) - wanted).max() <= 6


class TestOrientation:
    # What the stored picture's corners (red, green, blue, white in reading order) look like upright.
    UPRIGHT = {1: "rgbw", 2: "grwb", 3: "wbgr", 4: "bwrg", 5: "rbgw", 6: "brwg", 7: "wgbr", 8: "gwrb"}  # noqa: RUF012

    @pytest.mark.parametrize(
        ("type_name", "orientation", "at_least"),
        [
            *(("JPEG", orientation, (0, 0)) for orientation in range(1, 9)),
            *((type_name, 6, (0, 0)) for type_name in ("PNG", "WEBP", "TIFF")),
            ("JPEG", 5, (8, 8)),  # decoded at reduced size
            ("JPEG", 8, (8, 8)),
        ],
    )
    def test_all(self, corners, type_name, orientation, at_least):
        exif = Image.Exif()
        exif[0x0112] = orientation
        picture = decode_image(encoded(corners, type_name, exif=exif), "rgb", at_least=at_least)
        assert (picture.height, picture.width) == ((32, 48) if orientation < 5 else (48, 32))
        width, height = picture.pixels.size
        assert (height < width) == (orientation < 5)
        places = [(x, y) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
        assert "".join(name_colour(picture.pixels.getpixel(place)) for place in places) == self.UPRIGHT[orientation]

    @pytest.mark.parametrize(("orientation", "reduced"), [(1, (128, 192)), (6, (384, 256))])
    def test_the_least_size_is_meant_upright(self, photograph, orientation, reduced):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = encoded(photograph, "JPEG", exif=exif)  # stored 512 x 768
        width, height = decode_image(data, "rgb", at_least=(100, 180)).pixels.size
        assert (height, width) == reduced

    @pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
    @pytest.mark.parametrize("type_name", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("garbage", [b"garbage, no TIFF", b"II*\0", b"MM\0*\xff\xff\xff\xff"])
    def test_unreadable_exif_is_ignored(self, corners, type_name, garbage):
        data = encoded(corners, type_name, exif=b"Exif\0\0" + garbage)
        assert decode_image(data, "rgb").width == 48

    def test_orientation_out_of_range_is_ignored(self, corners):
        exif = Image.Exif()
        exif[0x0112] = 77
        assert decode_image(encoded(corners, "JPEG", exif=exif), "rgb").width == 48


def name_colour(pixel):
    return {(1, 0, 0): "r", (0, 1, 0): "g", (0, 0, 1): "b", (1, 1, 1): "w"}[tuple(int(v > 127) for v in pixel)]


class TestReducedDecoding:
    @pytest.mark.parametrize(
        ("at_least", "size"),
        [((0, 0), (512, 768)), ((512, 768), (512, 768)), ((257, 1), (512, 768)), ((256, 1), (256, 384)),
         ((1, 193), (256, 384)), ((64, 96), (64, 96)), ((1, 1), (64, 96)), ((9999, 9999), (512, 768))],
    )  # fmt: skip
    def test_never_below_the_least(self, photograph, at_least, size):
        picture = decode_image(encoded(photograph, "JPEG"), "rgb", at_least=at_least)
        assert picture.pixels.size == size[::-1]
        assert (picture.height, picture.width) == (512, 768)

    def test_other_types_stay_whole(self, photograph):
        assert decode_image(encoded(photograph, "PNG"), "rgb", at_least=(8, 8)).pixels.size == (768, 512)

    @pytest.mark.parametrize("mode", ["rgb", "grey"])
    def test_close_to_the_full_decode(self, photograph, mode):
        channels = 3 if mode == "rgb" else 1
        small = Preprocessing(
            mode=mode,
            height=48,
            width=40,
            mean=(0.0,) * channels,
            std=(1.0,) * channels,
            crop=(0.1, 0.0, 0.85, 1.0),
        )
        data = encoded(photograph, "JPEG", quality=90)
        reduced = decode_image(data, mode, at_least=decode_size(small))
        assert reduced.pixels.width < 768
        difference = (to_tensor(reduced, small) - to_tensor(decode_image(data, mode), small)).abs() * 255
        assert difference.mean() < 0.5
        assert difference.max() < 8

    @pytest.mark.parametrize(
        "crop", [(0.0, 0.0, 1.0, 1.0), (0.1, 0.0, 0.9, 0.7), (290 / 4288, 0.0, 3701 / 4288, 1.0)]
    )
    def test_the_crop_of_the_least_size_is_twice_the_input(self, crop):
        preprocessing = Preprocessing(mode="grey", height=37, width=61, mean=(0.0,), std=(1.0,), crop=crop)
        least_height, least_width = decode_size(preprocessing)
        for extra in range(200):
            left, top, right, bottom = crop_box(preprocessing, least_height + extra, least_width + extra)
            assert right - left >= 2 * 61
            assert bottom - top >= 2 * 37

    def test_the_least_size_is_no_larger_than_needed(self):
        assert decode_size(PREPROCESSINGS["magnetogram"]) == (1024, 1024)
        assert decode_size(IDRID) == (448, 565)


class TestTensor:
    def test_crop_is_the_authors_at_their_resolution(self):
        assert crop_box(IDRID, 2848, 4288) == (290, 0, 3701, 2848)

    def test_crop_is_rounded(self):
        inner = Preprocessing(
            mode="grey", height=4, width=4, mean=(0.0,), std=(1.0,), crop=(0.26, 0.24, 0.76, 0.74)
        )
        assert crop_box(inner, 10, 10) == (3, 2, 8, 7)

    @pytest.mark.parametrize("scale", [2, 3, 4, 8, 13])
    def test_crop_is_the_same_part_at_other_resolutions(self, scale):
        box = crop_box(IDRID, 2848 // scale, 4288 // scale)
        assert np.abs(np.array(box) * scale - (290, 0, 3701, 2848)).max() <= scale

    @pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 5000), (5000, 1), (2, 3)])
    def test_crop_has_a_pixel(self, height, width):
        sliver = Preprocessing(
            mode="grey", height=4, width=4, mean=(0.0,), std=(1.0,), crop=(0.999, 0.999, 1.0, 1.0)
        )
        left, top, right, bottom = crop_box(sliver, height, width)
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height

    def test_only_the_crop_is_seen(self):
        array = np.zeros((40, 60, 3), dtype=np.uint8)
        array[10:30, 15:45] = (51, 102, 153)
        inner = Preprocessing(
            mode="rgb", height=5, width=6, mean=(0.0,) * 3, std=(1.0,) * 3, crop=(0.25, 0.25, 0.75, 0.75)
        )
        tensor = to_tensor(Picture(Image.fromarray(array), 40, 60), inner)
        assert tensor.shape == (1, 3, 5, 6)
        assert torch.allclose(tensor, torch.tensor([0.2, 0.4, 0.6]).view(1, 3, 1, 1).expand(1, 3, 5, 6))

    def test_normalised(self):
        tensor = to_tensor(Picture(Image.new("RGB", (8, 8), (255, 102, 0)), 8, 8), PLAIN)
        assert tensor.dtype == torch.float32
        assert tensor.is_contiguous()
        assert torch.allclose(tensor[0, :, 3, 4], torch.tensor([2.5, 0.0, -0.75]), atol=1e-6)

    def test_pixels_and_back(self):
        array = np.random.default_rng(1).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        tensor = to_tensor(Picture(Image.fromarray(array), 8, 8), PLAIN)
        assert np.array_equal(to_pixels(tensor[0], PLAIN), array)

    def test_grey(self):
        grey = Preprocessing(mode="grey", height=4, width=6, mean=(0.5,), std=(0.25,))
        array = np.random.default_rng(2).integers(0, 256, (4, 6), dtype=np.uint8)
        tensor = to_tensor(Picture(Image.fromarray(array), 4, 6), grey)
        assert tensor.shape == (1, 1, 4, 6)
        assert np.array_equal(to_pixels(tensor[0], grey)[..., 0], array)

    def test_out_of_range_is_clamped(self):
        tensor = torch.tensor([-100.0, 100.0]).view(1, 1, 2)
        grey = Preprocessing(mode="grey", height=1, width=2, mean=(0.5,), std=(0.25,))
        assert to_pixels(tensor, grey).ravel().tolist() == [0, 255]

    def test_reduction_averages(self):
        """A fine checkerboard becomes grey, not one of its colours."""
        board = np.indices((512, 512)).sum(axis=0) % 2 * np.uint8(255)
        grey = Preprocessing(mode="grey", height=8, width=8, mean=(0.0,), std=(1.0,))
        tensor = to_tensor(Picture(Image.fromarray(board.astype(np.uint8)), 512, 512), grey)
        assert (tensor - 0.5).abs().max() < 0.01


class TestFiles:
    def test_read(self, tmp_path, corners):
        path = tmp_path / "corners.png"
        corners.save(path)
        assert np.array_equal(np.asarray(read_image(path, "rgb").pixels), np.asarray(corners))

    @pytest.mark.parametrize(
        ("content", "error"),
        [(b"text", UnsupportedImage), (b"\xff\xd8\xff broken", BrokenImage), (None, ImageError)],
    )
    def test_errors_name_the_file(self, tmp_path, content, error):
        path = tmp_path / "eye.jpg"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(error, match=r"eye\.jpg"):
            read_image(path, "rgb")

    def test_a_directory_is_no_image(self, tmp_path):
        with pytest.raises(ImageError, match=tmp_path.name):
            read_image(tmp_path, "rgb")

    def test_a_huge_file_is_not_read(self, tmp_path):
        path = tmp_path / "huge.tif"
        with path.open("wb") as file:
            file.truncate(1 << 40)  # sparse
        with pytest.raises(ImageError, match=r"huge\.tif: 1099511627776 bytes"):
            read_image(path, "rgb")


def test_threads_decode_alike(photograph):
    data = encoded(photograph, "JPEG")
    wanted = to_tensor(decode_image(data, "rgb", at_least=(100, 100)), PLAIN)
    with ThreadPoolExecutor(8) as pool:
        pictures = pool.map(lambda _: decode_image(data, "rgb", at_least=(100, 100)), range(64))
        assert all(torch.equal(to_tensor(picture, PLAIN), wanted) for picture in pictures)


FUZZED = {
    "jpeg": ("JPEG", "RGB", {}), "progressive jpeg": ("JPEG", "RGB", {"progressive": True}),
    "cmyk jpeg": ("JPEG", "CMYK", {}), "png": ("PNG", "RGB", {}), "palette png": ("PNG", "P", {}),
    "alpha png": ("PNG", "RGBA", {}), "16-bit png": ("PNG", "I;16", {}), "webp": ("WEBP", "RGB", {}),
    "lossless webp": ("WEBP", "RGBA", {"lossless": True}), "tiff": ("TIFF", "RGB", {}),
    "lzw tiff": ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    "jpeg tiff": ("TIFF", "RGB", {"compression": "jpeg"}),
    "16-bit tiff": ("TIFF", "I;16", {}), "bmp": ("BMP", "RGB", {}),
}  # fmt: skip


@pytest.mark.parametrize("name", FUZZED)
def test_corrupt_files_decode_or_raise_an_image_error(name):
    type_name, mode, options = FUZZED[name]
    exif = Image.Exif()
    exif[0x0112] = 6
    levels = np.random.default_rng(3).integers(0, 256, (24, 40, 3), dtype=np.uint8)
    image = Image.fromarray(levels)
    image = Image.fromarray(levels[..., 0].astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)
    data = encoded(image, type_name, **options, **({} if type_name == "BMP" else {"exif": exif}))
    chance = random.Random(name)
    outcomes = []
    for _ in range(300):
        try:
            picture = decode_image(corrupted(data, chance), "rgb", max_pixels=1_000_000, at_least=(8, 8))
            outcomes.append(to_tensor(picture, PLAIN).shape == (1, 3, 8, 8))
        except ImageError:
            outcomes.append(False)
    assert True in outcomes
    assert False in outcomes


def corrupted(data, chance):
    """Some bytes changed (half of the time in the header) and, in one of three cases, the end cut off."""
    changed = bytearray(data)
    for _ in range(chance.choice((0, 1, 2, 8))):
        changed[chance.randrange(min(len(changed), chance.choice((120, len(changed)))))] = chance.randrange(256)
    return bytes(changed[: chance.randrange(len(changed))] if chance.random() < 1 / 3 else changed)
