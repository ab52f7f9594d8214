"""How a picture becomes a network's input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from whatsit import Colour, DataError, Fit, ImageError, Preprocess, load_image
from whatsit.imaging.preprocess import check_fit

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


@pytest.fixture
def flag():
    """90 x 30: a red, a green and a blue square, side by side."""
    return np.repeat(np.repeat(np.array([[RED, GREEN, BLUE]], np.uint8), 30, axis=0), 30, axis=1)


def near(pixels, colour):
    return np.abs(pixels.astype(int) - colour).max() < 40


def test_cover_cuts_the_middle_out(flag):
    pixels = Preprocess(16, 16, Fit.COVER).pixels(flag)
    assert near(pixels[:, 2:-2], GREEN)


def test_contain_keeps_everything_between_black_bars(flag):
    pixels = Preprocess(18, 18, Fit.CONTAIN).pixels(flag)
    assert not pixels[:6].any() and not pixels[12:].any()
    assert near(pixels[8:10, 1:5], RED) and near(pixels[8:10, 7:11], GREEN) and near(pixels[8:10, 13:17], BLUE)


def test_squash_keeps_everything_and_loses_proportions(flag):
    pixels = Preprocess(18, 18, Fit.SQUASH).pixels(flag)
    assert near(pixels[:, 1:5], RED) and near(pixels[:, 7:11], GREEN) and near(pixels[:, 13:17], BLUE)


def test_an_input_need_not_be_square(flag):
    assert near(Preprocess(30, 10).pixels(flag)[:, 1:8], RED)
    assert Preprocess(30, 10).pixels(flag).shape == (10, 30, 3)


@settings(deadline=None, max_examples=120)
@given(
    st.integers(1, 300), st.integers(1, 300), st.integers(1, 64), st.integers(1, 64),
    st.sampled_from(Fit), st.sampled_from(Colour),
)  # fmt: skip
def test_any_picture_fits_any_input(width, height, target_width, target_height, fit, colour):
    preprocess = Preprocess(target_width, target_height, fit, colour)
    pixels = preprocess.pixels(np.full((height, width, 3), 200, np.uint8))
    assert pixels.shape == (target_height, target_width, preprocess.channels) and pixels.dtype == np.uint8
    shown = pixels[pixels > 0] if fit is Fit.CONTAIN else pixels
    assert np.abs(shown.astype(int) - 200).max() <= 1


@pytest.mark.parametrize("shape", [(1, 5000, 3), (5000, 1, 3), (3, 2000, 3)])
@pytest.mark.parametrize("fit", Fit)
def test_pictures_of_extreme_proportions_work(shape, fit):
    assert Preprocess(224, 224, fit).pixels(np.zeros(shape, np.uint8)).shape == (224, 224, 3)


def test_a_picture_of_the_right_size_is_passed_on_without_a_copy():
    picture = np.zeros((8, 8, 3), np.uint8)
    assert Preprocess(8, 8).pixels(picture) is picture


def test_grey_has_one_channel_of_luminance(flag):
    pixels = Preprocess(90, 30, colour=Colour.GREY).pixels(flag)
    assert pixels.shape == (30, 90, 1)
    assert [int(pixels[0, x, 0]) for x in (15, 45, 75)] == [76, 150, 29]


def test_a_path_its_bytes_the_opened_picture_and_its_array_give_the_same_pixels(photographs):
    preprocess = Preprocess(300, 300)  # too large for the decoder to shrink a picture of 640 x 427
    path = photographs["china"]
    ways = [path, str(path), path.read_bytes(), Image.open(path), load_image(path), np.asarray(load_image(path))]
    first, *others = (preprocess.pixels(image) for image in ways)
    for other in others:
        np.testing.assert_array_equal(other, first)


def test_shrinking_while_decoding_changes_next_to_nothing(photographs):
    for path in photographs.values():
        quick = Preprocess(96, 96).pixels(path).astype(int)
        exact = Preprocess(96, 96).pixels(np.asarray(load_image(path))).astype(int)
        assert np.abs(quick - exact).mean() < 3


def test_a_chequerboard_shrinks_to_grey_and_not_to_a_pattern_of_its_own():
    board = np.indices((900, 900)).sum(axis=0) % 2 * 255
    pixels = Preprocess(64, 64).pixels(np.repeat(board[:, :, np.newaxis], 3, axis=2).astype(np.uint8))
    assert np.abs(pixels.astype(int) - 127).max() <= 8


def test_normalisation_is_pixel_less_mean_by_std():
    preprocess = Preprocess(2, 1, mean=(127.0,), std=(128.0,))
    values = preprocess.normalised(np.array([[[255, 127, 0], [1, 2, 3]]], np.uint8))
    assert values.dtype == np.float32 and values[0, 0].tolist() == [1.0, 0.0, -0.9921875]


def test_each_channel_may_have_its_own_normalisation():
    preprocess = Preprocess(1, 1, mean=(0.0, 10.0, 20.0), std=(1.0, 2.0, 4.0))
    assert preprocess.normalised(np.array([[[8, 20, 40]]], np.uint8))[0, 0].tolist() == [8.0, 5.0, 5.0]


def test_equal_settings_are_one_value():
    assert Preprocess(8, 8) == Preprocess(8, 8) and len({Preprocess(8, 8), Preprocess(8, 8), Preprocess(8, 9)}) == 2


@pytest.mark.parametrize(
    "settings",
    [
        {"width": 0}, {"height": -3}, {"std": (0.0,)}, {"mean": (1.0, 2.0)}, {"std": ()}, {"mean": (float("nan"),)},
        {"mean": (1.0,) * 3, "colour": Colour.GREY}, {"std": (float("inf"),)},
    ],
    ids=str,
)  # fmt: skip
def test_settings_that_cannot_work_are_refused_in_one_line(settings):
    with pytest.raises(DataError) as error:
        Preprocess(**({"width": 8, "height": 8} | settings))
    assert "\n" not in str(error.value)


def test_a_fit_goes_by_its_name_and_an_unknown_one_lists_those_there_are():
    assert check_fit("contain") is Fit.CONTAIN
    with pytest.raises(DataError, match="fit 'zoom': expected one of cover, contain, squash"):
        check_fit("zoom")


def test_an_array_that_is_no_picture_is_refused():
    with pytest.raises(ImageError):
        Preprocess(8, 8).pixels(np.zeros((8, 8), np.uint8))
