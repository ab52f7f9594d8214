"""The one decoder: whatever the file, an upright RGB picture or one line that says why not."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from whatsit import ImageError, load_image

FORMATS = ("JPEG", "PNG", "WEBP")
O = Image.Transpose  # noqa: E741
# How a picture lies in the file when a camera notes each of EXIF's eight orientations.
STORED = {
    1: None, 2: O.FLIP_LEFT_RIGHT, 3: O.ROTATE_180, 4: O.FLIP_TOP_BOTTOM,
    5: O.TRANSPOSE, 6: O.ROTATE_90, 7: O.TRANSVERSE, 8: O.ROTATE_270,
}  # fmt: skip
ORIENTATION = 0x0112


def encoded(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def array(image):
    return np.asarray(image).astype(int)


def png(width, height, colour_type, depth, rows, *extra):
    """A PNG written by hand, for what Pillow does not write: ``rows`` are bytes without the filter byte."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(b"\0" + row) for row in rows) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    chunks = [chunk(b"IHDR", header), *(chunk(*one) for one in extra), chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def assert_one_line(error, *words):
    text = str(error.value)
    assert "\n" not in text and len(text) > 10
    for word in words:
        assert word in text


@pytest.fixture(scope="module")
def flower(photographs):
    """A real picture small enough for many tries, its sides multiples of 16 so that JPEG turns it exactly."""
    return load_image(photographs["flower"]).resize((96, 64))


class TestWhatCannotBeRead:
    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(ImageError) as error:
            load_image(tmp_path / "nobody.jpg")
        assert_one_line(error, "nobody.jpg", "no such file")

    def test_an_empty_file_is_called_empty(self, tmp_path):
        (tmp_path / "empty.jpg").touch()
        with pytest.raises(ImageError) as error:
            load_image(tmp_path / "empty.jpg")
        assert_one_line(error, "empty.jpg", "empty")

    def test_a_folder_is_not_a_picture(self, tmp_path):
        with pytest.raises(ImageError) as error:
            load_image(tmp_path)
        assert_one_line(error, str(tmp_path), "not a file")

    def test_a_pipe_is_refused_instead_of_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "pipe.jpg")
        with pytest.raises(ImageError) as error:
            load_image(tmp_path / "pipe.jpg")
        assert_one_line(error, "pipe.jpg", "not a file")

    @pytest.mark.parametrize("content", [b"hello", b"\0" * 4096, b"<svg/>", b"%PDF-1.7\n"])
    def test_what_is_no_picture_is_told_which_formats_are(self, content):
        with pytest.raises(ImageError) as error:
            load_image(content)
        assert_one_line(error, "not a JPEG, PNG, WebP")

    @pytest.mark.parametrize("kind", ["ICO", "PPM", "PCX", "TGA"])
    def test_formats_that_nobody_asked_for_stay_closed(self, flower, kind):
        with pytest.raises(ImageError, match="not a JPEG, PNG, WebP"):
            load_image(encoded(flower, kind))

    @pytest.mark.parametrize("kind", FORMATS)
    @pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9, 0.99])
    def test_a_truncated_file_is_an_error_and_not_a_half_grey_picture(self, flower, kind, share):
        content = encoded(flower, kind)
        with pytest.raises(ImageError) as error:
            load_image(content[: int(len(content) * share)])
        assert_one_line(error)

    def test_a_corrupt_file_is_an_error(self, flower):
        content = bytearray(encoded(flower, "PNG"))
        middle = len(content) // 2
        content[middle : middle + 200] = bytes(200)
        with pytest.raises(ImageError) as error:
            load_image(bytes(content))
        assert_one_line(error, "broken picture")

    @pytest.mark.parametrize(
        "wrong",
        [
            np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32),
            np.zeros((0, 4, 3), np.uint8), np.zeros((1, 4, 4, 3), np.uint8),
        ],
        ids=lambda a: f"{a.shape} {a.dtype}",
    )  # fmt: skip
    def test_an_array_of_another_shape_or_type_is_named(self, wrong):
        with pytest.raises(ImageError) as error:
            load_image(wrong)
        assert_one_line(error, str(wrong.shape), str(wrong.dtype), "(height, width, 3)")

    @pytest.mark.parametrize("thing", [None, 3, object(), ["a.jpg"]])
    def test_what_is_no_image_at_all_is_named_by_its_type(self, thing):
        with pytest.raises(ImageError, match=type(thing).__name__):
            load_image(thing)


class TestHugePictures:
    REFUSED = (
        "import sys, pathlib\n"
        "from whatsit.imaging.image import load_image\n"
        "from whatsit.errors import ImageError\n"
        "def peak():\n"
        "    status = pathlib.Path('/proc/self/status').read_text()\n"
        "    return int(status.split('VmHWM:')[1].split()[0]) // 1024\n"
        "before = peak()\n"
        "try:\n"
        "    load_image(sys.argv[1], **({'at_least': 224} if len(sys.argv) > 2 else {}))\n"
        "except ImageError as error:\n"
        "    print(error)\n"
        "print(peak() - before)\n"
    )

    @pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
    def test_a_decompression_bomb_is_refused_before_it_takes_memory(self, tmp_path, run_python, kind):
        file = tmp_path / "bomb"
        if kind == "PNG":
            file.write_bytes(png(12_000, 12_000, 0, 8, [bytes(12_000)] * 12_000))
        else:
            small = bytearray(
                encoded(Image.new("RGB", (64, 64)), kind, **({"lossless": True} if kind == "WEBP" else {}))
            )
            if kind == "WEBP":  # VP8L: 14 bits each of width and height, less one
                struct.pack_into("<I", small, 21, 16_383 - 1 | (16_383 - 1) << 14)
            else:
                frame = small.index(b"\xff\xc0")
                struct.pack_into(">HH", small, frame + 5, 12_000, 12_000)
            file.write_bytes(small)
        done = run_python(self.REFUSED, file)
        message, megabytes = done.stdout.splitlines()
        assert "more than the 67,108,864 pixels allowed; make it smaller first" in message
        assert int(megabytes) < 16, f"memory grew by {megabytes} MB"
        assert done.stderr == "", "and nothing is printed beside the error"

    def test_the_largest_camera_sensors_fit(self):
        content = png(11_000, 6_000, 2, 8, [bytes(33_000)] * 6_000)
        assert load_image(content).size == (11_000, 6_000)


class TestKindsOfPictures:
    def test_cmyk_becomes_rgb(self, flower):
        cmyk = Image.merge("CMYK", [*(channel.point(lambda v: 255 - v) for channel in flower.split()),
                                    Image.new("L", flower.size)])  # fmt: skip
        found = load_image(encoded(cmyk, "JPEG", quality=95))
        assert found.mode == "RGB"
        assert np.abs(array(found) - array(flower)).mean() < 4

    def test_adobe_files_with_inverted_cmyk_are_not_negatives(self, flower):
        cmyk = Image.merge("CMYK", [*(channel.point(lambda v: 255 - v) for channel in flower.split()),
                                    Image.new("L", flower.size)])  # fmt: skip
        content = encoded(cmyk, "JPEG", quality=95)
        assert b"Adobe" in content, "Pillow writes CMYK as Adobe does: inverted, with the marker that says so"
        for at_least in (None, 16):
            found = load_image(content, at_least=at_least).resize(flower.size)
            assert np.corrcoef(array(found).ravel(), array(flower).ravel())[0, 1] > 0.9

    def test_sixteen_bit_grey_keeps_its_whole_range(self):
        levels = np.linspace(0, 65_535, 256).astype(np.uint16)
        found = load_image(encoded(Image.fromarray(np.tile(levels, (4, 1)))))
        assert array(found)[0, :, 0].tolist() == list(range(256))

    def test_sixteen_bit_rgb_keeps_its_whole_range(self):
        levels = np.linspace(0, 65_535, 256).astype(">u2")
        row = np.repeat(levels[:, np.newaxis], 3, axis=1).tobytes()
        found = array(load_image(png(256, 2, 2, 16, [row, row])))
        assert np.abs(found[0, :, 1] - np.arange(256)).max() <= 1

    def test_sixteen_bit_grey_with_alpha_is_laid_on_white(self):
        row = np.array([[0, 65_535], [0, 0]], ">u2").tobytes()
        found = array(load_image(png(2, 1, 4, 16, [row])))
        assert found[0].tolist() == [[0, 0, 0], [255, 255, 255]]

    def test_a_palette_is_resolved(self, flower):
        found = load_image(encoded(flower.quantize(256)))
        assert np.abs(array(found) - array(flower)).mean() < 8

    def test_a_transparent_palette_entry_is_laid_on_white(self):
        image = Image.new("P", (2, 1))
        image.putpalette([200, 0, 0, 0, 200, 0])
        image.putpixel((1, 0), 1)
        found = load_image(encoded(image, transparency=1))
        assert array(found)[0].tolist() == [[200, 0, 0], [255, 255, 255]]

    def test_a_transparent_colour_of_an_rgb_file_is_laid_on_white(self):
        image = Image.fromarray(np.array([[[1, 2, 3], [9, 9, 9]]], np.uint8))
        found = load_image(encoded(image, transparency=(1, 2, 3)))
        assert array(found)[0].tolist() == [[255, 255, 255], [9, 9, 9]]

    @pytest.mark.parametrize("kind", ["PNG", "WEBP"])
    def test_alpha_is_laid_on_white(self, kind):
        pixels = np.zeros((1, 3, 4), np.uint8)
        pixels[0, :, 3] = [0, 128, 255]
        options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
        found = load_image(encoded(Image.fromarray(pixels), kind, **options))
        assert array(found)[0, :, 0].tolist() == [255, 127, 0]

    def test_grey_with_alpha_is_laid_on_white(self):
        image = Image.fromarray(np.array([[[50, 255], [50, 0]]], np.uint8), "LA")
        assert array(load_image(encoded(image)))[0].tolist() == [[50] * 3, [255] * 3]

    @pytest.mark.parametrize("kind", ["JPEG", "PNG"])
    def test_grey_has_three_equal_channels(self, flower, kind):
        found = array(load_image(encoded(flower.convert("L"), kind)))
        assert (found == found[:, :, :1]).all() and found.shape == (64, 96, 3)

    def test_one_bit_is_black_and_white(self, flower):
        assert set(np.unique(array(load_image(encoded(flower.convert("1")))))) == {0, 255}

    @pytest.mark.parametrize("kind", ["PNG", "WEBP"])
    def test_of_an_animation_the_first_frame_is_taken(self, flower, kind):
        frames = [flower, Image.new("RGB", flower.size, "red"), Image.new("RGB", flower.size, "blue")]
        content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, lossless=True)
        assert np.abs(array(load_image(content)) - array(flower)).max() <= 1

    def test_a_colour_profile_does_not_change_the_pixels(self, flower):
        """What networks were trained on, and what every other program feeds them, is the numbers as stored."""
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
        assert load_image(encoded(flower, icc_profile=profile)).tobytes() == flower.tobytes()

    def test_progressive_files_are_read(self, flower):
        assert load_image(encoded(flower, "JPEG", progressive=True)).size == flower.size

    def test_names_do_not_matter_only_content_does(self, flower, tmp_path):
        (tmp_path / "really.jpg").write_bytes(encoded(flower))
        assert load_image(tmp_path / "really.jpg").tobytes() == flower.tobytes()


class TestOrientation:
    @staticmethod
    def turned(image, orientation, kind, **options):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        step = STORED[orientation]
        return encoded(image if step is None else image.transpose(step), kind, exif=exif.tobytes(), **options)

    @pytest.mark.parametrize("orientation", STORED)
    @pytest.mark.parametrize("kind", ["PNG", "WEBP"])
    def test_all_eight_orientations_give_the_same_picture(self, flower, kind, orientation):
        options = {"lossless": True} if kind == "WEBP" else {}
        content = self.turned(flower, orientation, kind, **options)
        assert load_image(content).tobytes() == load_image(encoded(flower, kind, **options)).tobytes()

    @pytest.mark.parametrize("at_least", [None, 16, 32])
    def test_all_eight_orientations_of_a_jpeg_agree_however_small_it_is_decoded(self, flower, at_least):
        options = {"quality": 95, "subsampling": 0}
        first, *others = (
            load_image(self.turned(flower, orientation, "JPEG", **options), at_least=at_least) for orientation in STORED
        )
        assert (first.size == flower.size) == (at_least is None)
        for other in others:
            assert other.size == first.size
            assert np.abs(array(other) - array(first)).mean() < 1

    def test_a_pillow_image_is_turned_too_and_the_callers_own_is_left_alone(self, flower):
        mine = Image.open(io.BytesIO(self.turned(flower, 6, "PNG")))
        assert load_image(mine).tobytes() == flower.tobytes()
        assert mine.size == (64, 96)

    @pytest.mark.parametrize("value", [0, 9, 255, 65_535])
    def test_an_orientation_that_does_not_exist_is_passed_over(self, flower, value):
        exif = Image.Exif()
        exif[ORIENTATION] = value
        assert load_image(encoded(flower, exif=exif.tobytes())).tobytes() == flower.tobytes()

    @pytest.mark.parametrize("damage", [slice(8, 10), slice(6, 14), slice(14, 40), slice(0, 6)])
    @pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
    def test_broken_exif_does_not_make_the_pixels_wrong(self, flower, tmp_path, run_python, kind, damage):
        exif = Image.Exif()
        exif[ORIENTATION] = 6
        exif[0x010F] = "a camera maker"
        notes = bytearray(exif.tobytes())
        notes[damage] = b"\xff" * len(notes[damage])
        file = tmp_path / "broken-exif"
        file.write_bytes(encoded(flower, kind, exif=bytes(notes)))
        done = run_python(
            "import sys; from whatsit.imaging.image import load_image; print(load_image(sys.argv[1]).size)", file
        )
        assert done.stdout in {"(96, 64)\n", "(64, 96)\n"}
        assert done.stderr == "", "nothing about it stands in the way of the answer"


class TestDecodingSmaller:
    @settings(deadline=None, max_examples=150)
    @given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 300))
    @example(49, 49, 1)
    @example(895, 1200, 448)
    def test_the_shorter_side_never_falls_below_what_is_needed(self, width, height, at_least):
        content = encoded(Image.new("L", (width, height)), "JPEG")
        found = load_image(content, at_least=at_least)
        assert min(found.size) >= min(at_least, width, height)
        assert max(found.size) <= max(width, height)

    def test_a_large_jpeg_is_decoded_at_a_fraction(self, photographs):
        assert load_image(photographs["china"], at_least=100).size == (160, 107)
        assert load_image(photographs["china"], at_least=200).size == (320, 214)

    def test_other_formats_ignore_it(self, flower):
        assert load_image(encoded(flower), at_least=8).size == flower.size


@settings(deadline=None, max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), kind=st.sampled_from([*FORMATS, "exif JPEG", "palette PNG", "moving WEBP", "moving PNG"]))
@pytest.mark.filterwarnings("ignore")
def test_damaged_bytes_give_a_picture_or_an_image_error_and_nothing_else(flower, kind, data):
    content = bytearray(_sample(flower, kind))
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), min_size=1, max_size=12)
    ):
        content[place] = value
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(1, len(content) - 1)) :]
    try:
        found = load_image(bytes(content), at_least=data.draw(st.sampled_from([None, 16])))
    except ImageError as error:
        assert "\n" not in str(error)
    else:
        assert found.mode == "RGB"


_samples: dict[str, bytes] = {}


def _sample(flower, kind):
    if kind not in _samples:
        picture, exif = flower.resize((48, 32)), Image.Exif()
        exif[ORIENTATION] = 6
        extra = {"exif": exif.tobytes()} if kind.startswith("exif") else {}
        if kind.startswith("moving"):
            extra = {"save_all": True, "append_images": [picture.rotate(90), picture.rotate(180)]}
        _samples[kind] = encoded(picture.quantize(16) if "palette" in kind else picture, kind.split()[-1], **extra)
    return _samples[kind]
