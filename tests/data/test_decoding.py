"""Image files to RGB: every mode that JPEG, PNG and WebP can hold, and what must be refused."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from genmodels.data import decoding
from genmodels.data.decoding import BadImage, decode, to_rgb


def encoded(image: Image.Image, file_format: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def pixel(file: bytes, **options) -> tuple[int, int, int]:
    image = decode(file, **options)
    assert image.mode == "RGB"
    return image.getpixel((0, 0))


def flat(mode: str, colour, size=(9, 9)) -> Image.Image:
    return Image.new(mode, size, colour)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (flat("RGB", (10, 200, 30)), (10, 200, 30)),
        (flat("L", 77), (77, 77, 77)),
        (flat("1", 1), (255, 255, 255)),
        (flat("RGBA", (10, 200, 30, 255)), (10, 200, 30)),
        (flat("RGBA", (10, 200, 30, 0)), (255, 255, 255)),  # transparent: white, whatever colour hides there
        (flat("RGBA", (0, 100, 200, 51)), (204, 224, 244)),  # 51 / 255 = 1/5 of the colour, 4/5 white
        (flat("LA", (0, 51)), (204, 204, 204)),
        (flat("P", 0), (0, 0, 0)),
    ],
    ids=["rgb", "grey", "bilevel", "opaque", "transparent", "veil", "grey veil", "palette"],
)
def test_png_modes(image, expected):
    assert pixel(encoded(image)) == expected


def test_16_bit_grey_is_scaled_rather_than_clipped():
    values = np.array([[0, 257, 128 * 257, 65535]], np.uint16)
    image = decode(encoded(Image.fromarray(values)))
    np.testing.assert_array_equal(np.asarray(image)[0, :, 0], [0, 1, 128, 255])


def test_16_bit_colour_keeps_its_high_bytes():
    # Pillow does not write 16-bit colour, so the file is put together by hand: signature, IHDR, IDAT, IEND.
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" + struct.pack(">HHH", 0x1234, 0xFF00, 0x0080))
    file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    assert pixel(file) == (0x12, 0xFF, 0x00)


def test_palette_transparency_shows_white():
    image = Image.new("P", (9, 9), 1)
    image.putpalette([0, 0, 0, 200, 10, 10])
    assert pixel(encoded(image)) == (200, 10, 10)
    assert pixel(encoded(image, transparency=1)) == (255, 255, 255)


def test_rgb_colour_key_shows_white():
    assert pixel(encoded(flat("RGB", (1, 2, 3)), transparency=(1, 2, 3))) == (255, 255, 255)


def test_cmyk_jpeg():
    # No ink is white; full cyan, magenta and yellow is black.
    assert pixel(encoded(flat("CMYK", (0, 0, 0, 0)), "JPEG", quality=100)) == (255, 255, 255)
    assert max(pixel(encoded(flat("CMYK", (255, 255, 255, 0)), "JPEG", quality=100))) <= 2


def test_webp():
    assert pixel(encoded(flat("RGB", (10, 200, 30)), "WEBP", lossless=True)) == (10, 200, 30)


@pytest.mark.parametrize("file_format", ["GIF", "BMP", "TIFF", "PPM", "PNG"])
@pytest.mark.parametrize("mode", ["RGB", "L", "1"])
def test_lossless_formats(file_format, mode):
    image = Image.effect_noise((16, 9), 80).convert(mode)
    np.testing.assert_array_equal(np.asarray(decode(encoded(image, file_format))), np.asarray(image.convert("RGB")))


def test_avif():
    assert (
        np.abs(np.subtract(pixel(encoded(flat("RGB", (10, 200, 30)), "AVIF", quality=100)), (10, 200, 30))).max() <= 2
    )


@pytest.mark.parametrize("file_format", ["TIFF", "PPM"])
def test_16_bit_grey_of_other_formats_is_scaled(file_format):
    image = Image.fromarray(np.array([[0, 257, 128 * 257, 65535]], np.uint16))
    np.testing.assert_array_equal(np.asarray(decode(encoded(image, file_format)))[0, :, 0], [0, 1, 128, 255])


def test_transparent_gif_shows_white():
    image = Image.new("P", (9, 9), 1)
    image.putpalette([0, 0, 0, 200, 10, 10])
    assert pixel(encoded(image, "GIF", transparency=1)) == (255, 255, 255)


def test_jpeg_with_a_preview_behind_it():
    file = encoded(flat("RGB", (10, 200, 30)), "MPO", save_all=True, append_images=[flat("RGB", "red")], quality=100)
    assert np.abs(np.subtract(pixel(file), (10, 200, 30))).max() <= 2


LONG = "words " * 1_000_000  # 6 MB


def info(**chunk) -> PngImagePlugin.PngInfo:
    made = PngImagePlugin.PngInfo()
    made.add_text("Comment", LONG, **chunk)
    return made


@pytest.mark.parametrize(
    "options",
    [{"pnginfo": info(zip=False)}, {"pnginfo": info(zip=True)}, {"icc_profile": LONG.encode()}],
    ids=["text", "compressed text", "colour profile"],
)
def test_png_with_megabytes_beside_its_pixels(options):
    assert pixel(encoded(flat("RGB", (10, 200, 30)), **options)) == (10, 200, 30)


def test_png_with_a_compression_bomb_beside_its_pixels():
    made = PngImagePlugin.PngInfo()
    made.add_text("Comment", LONG * 12, zip=True)  # 72 MB from 70 kB
    with pytest.raises(BadImage, match="cannot be read"):
        decode(encoded(flat("RGB", "red"), pnginfo=made))


def test_exif_orientation_only_when_asked_for():
    image = Image.new("RGB", (16, 24))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    file = encoded(image, "JPEG", exif=exif)
    assert decode(file).size == (16, 24)
    assert decode(file, upright=True).size == (24, 16)


def test_other_modes_of_pillow():
    assert to_rgb(flat("HSV", (0, 255, 255))).getpixel((0, 0)) == (255, 0, 0)
    assert to_rgb(flat("I", 128 * 257)).getpixel((0, 0)) == (128, 128, 128)


def test_reads_paths(tmp_path):
    flat("RGB", (1, 2, 3)).save(tmp_path / "a.png")
    assert decode(tmp_path / "a.png").getpixel((0, 0)) == (1, 2, 3)
    with pytest.raises(BadImage, match="cannot be read"):
        decode(tmp_path / "missing.png")


def animation(file_format: str) -> bytes:
    return encoded(flat("RGB", "red"), file_format, save_all=True, append_images=[flat("RGB", "blue")])


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"", "not a readable JPEG, PNG, WebP, GIF, BMP, TIFF, PPM or AVIF image"),
        (b"not an image at all", "not a readable JPEG"),
        (encoded(flat("RGB", "red"), "TGA"), "not a readable JPEG"),
        (encoded(flat("RGB", "red"), "PDF"), "not a readable JPEG"),
        (animation("GIF"), "animated"),
        (animation("PNG"), "animated"),
        (animation("WEBP"), "animated"),
        (animation("AVIF"), "animated"),
        (animation("TIFF"), "several pages"),
        (encoded(flat("F", 0.5), "TIFF"), "more than 16 bits"),
        (encoded(flat("I", 1 << 20), "TIFF"), "more than 16 bits"),
        (b"Pf\n2 1\n-1.0\n" + struct.pack("<2f", 0.2, 0.9), "more than 16 bits"),
        (encoded(flat("RGB", "red"), "TIFF")[:-100], "cannot be read"),
        (encoded(Image.effect_noise((64, 64), 50), "AVIF")[:-500], "not a readable JPEG"),
        (encoded(Image.effect_noise((64, 64), 50), "JPEG")[:-500], "cannot be read"),
        (encoded(Image.effect_noise((64, 64), 50), "PNG")[:-500], "cannot be read"),
    ],
    ids=[
        *("empty", "text", "tga", "pdf", "gif", "apng", "animated webp", "animated avif", "pages", "float tiff"),
        *("32-bit tiff", "pfm", "cut tiff", "cut avif", "cut jpeg", "cut png"),
    ],
)
def test_refuses(file, reason):
    with pytest.raises(BadImage, match=reason):
        decode(file)


@pytest.mark.parametrize("side", [8_001, 12_000, 60_000])  # Pillow passes the first, warns at the second, then raises
def test_refuses_decompression_bombs_by_their_header(side):
    file = bytearray(encoded(flat("L", 0)))
    file[16:24] = struct.pack(">II", side, side)  # width and height in IHDR
    file[29:33] = struct.pack(">I", zlib.crc32(bytes(file[12:29])))
    with pytest.raises(BadImage, match=f"{decoding.MAX_PIXELS:,}"):
        decode(bytes(file))
