"""Pictures of every format that can be read: told by their content, decoded under the same limits."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from whatsit import ImageError, load_image
from whatsit.imaging.image import MAX_PIXELS, picture_header
from whatsit.imaging.picture_format import FORMATS, format_of, is_picture_name, same_format

KINDS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "GIF": ".gif", "BMP": ".bmp", "TIFF": ".tif", "AVIF": ".avif"}


def picture(size=(32, 24)):
    image = Image.new("RGB", size, (200, 30, 40))
    image.paste((20, 40, 210), (0, 0, size[0] // 2, size[1] // 2))
    return image


def encoded(kind, image=None, **options):
    stream = io.BytesIO()
    (image or picture()).save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["x.jpg", "x", "x.png", "x.dat"])
def test_a_picture_is_told_by_its_content_whatever_it_is_called(tmp_path, kind, name):
    (tmp_path / name).write_bytes(encoded(kind))
    shown = np.asarray(load_image(tmp_path / name)).astype(int)
    assert np.abs(shown[2, 2] - (20, 40, 210)).max() < 40 and np.abs(shown[-3, -3] - (200, 30, 40)).max() < 40
    header = picture_header(encoded(kind))
    assert (header.format, header.width, header.height, header.suffix) == (kind, 32, 24, KINDS[kind])


def test_of_several_pictures_in_a_file_the_first_counts():
    others = [Image.new("RGB", (32, 24), "white")]
    for kind in ("GIF", "TIFF", "WEBP", "MPO"):
        content = encoded(kind, save_all=True, append_images=others)
        assert np.asarray(load_image(content))[2, 2, 2] > 150 > np.asarray(load_image(content))[2, 2, 0]


@pytest.mark.parametrize("kind", ["TIFF", "AVIF", "WEBP", "JPEG"])
def test_the_orientation_of_exif_is_applied(kind):
    exif = Image.Exif()
    exif[0x0112] = 6
    assert load_image(encoded(kind, exif=exif)).size == (24, 32)


@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_sixteen_bits_of_grey_are_scaled(order):
    deep = np.full((24, 32), 257 * 90, order)
    assert np.asarray(load_image(encoded("TIFF", Image.fromarray(deep))))[0, 0].tolist() == [90, 90, 90]


def test_a_tiff_of_floating_point_numbers_is_refused():
    with pytest.raises(ImageError, match="a TIFF of floating-point numbers; save it as 8 or 16 bit"):
        load_image(encoded("TIFF", Image.fromarray(np.zeros((9, 9), np.float32))))


def huge(kind):
    """A picture whose header says 60,000 x 60,000."""
    side = 60_000
    content = bytearray(encoded(kind, picture((32, 32))))
    if kind == "BMP":
        content[18:26] = struct.pack("<ii", side, side)
    elif kind == "GIF":
        content[6:10] = struct.pack("<HH", side, side)
    elif kind == "TIFF":
        for tag in (256, 257):  # ImageWidth, ImageLength
            at = content.index(struct.pack("<H", tag))
            content[at : at + 12] = struct.pack("<HHII", tag, 4, 1, side)
    else:
        at = content.index(b"ispe") + 8
        content[at : at + 8] = struct.pack(">II", side, side)
    return bytes(content)


@pytest.mark.parametrize("kind", ["BMP", "GIF", "TIFF", "AVIF"])
def test_a_bomb_is_refused_before_it_is_decoded(kind):
    with pytest.raises(ImageError) as error:
        load_image(huge(kind))
    assert "\n" not in str(error.value)
    assert f"more than the {MAX_PIXELS:,} pixels" in str(error.value) or "broken picture" in str(error.value)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "AVIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_torn_file_is_an_error_in_one_line(kind, share):
    content = encoded(kind)
    with pytest.raises(ImageError) as error:
        load_image(content[: int(len(content) * share)])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "AVIF"])
def test_damaged_bytes_give_a_picture_or_an_error_in_one_line_and_nothing_else(kind):
    content, random = encoded(kind), np.random.default_rng(0)
    for _ in range(150):
        damaged = bytearray(content)
        for at in random.integers(0, len(content), 3):
            damaged[at] = random.integers(0, 256)
        try:
            assert load_image(bytes(damaged)).mode == "RGB"
        except ImageError as error:
            assert "\n" not in str(error)


def test_text_that_begins_like_a_bitmap_is_no_picture():
    assert format_of(b"BM is how bitmaps begin, and this text does so too") is None
    assert format_of(b"II*\0\x10\0\0\0CR\x02\0") is None, "a camera's raw file"


def test_heic_needs_the_extra_and_says_so(monkeypatch):
    content = b"\0\0\0\x1cftypheic\0\0\0\0mif1heicmiaf" + bytes(100)
    assert format_of(content).name == "HEIF"
    monkeypatch.setattr("whatsit.plugins.requirement.find_spec", lambda _: None)
    with pytest.raises(ImageError, match=r"a HEIC picture, which needs pillow-heif: pip install 'whatsit\[heif\]'"):
        load_image(content)


def test_heic_is_decoded_where_the_extra_is_installed():
    heif = pytest.importorskip("pillow_heif", reason="the extra heif is not installed")
    stream = io.BytesIO()
    heif.from_pillow(picture((64, 48))).save(stream)
    shown = np.asarray(load_image(stream.getvalue())).astype(int)
    assert shown.shape == (48, 64, 3) and np.abs(shown[4, 4] - (20, 40, 210)).max() < 40


def test_endings_belong_to_formats():
    assert all(is_picture_name(f"a{suffix.upper()}") for one in FORMATS for suffix in one.suffixes)
    assert same_format(".JFIF", ".jpg") and same_format(".tiff", ".tif") and not same_format(".png", ".jpg")
