"""A function for each picture of a camera, wherever its frames go."""

import numpy as np
import pytest

from whatsit import CameraError, ListSink, Live, MappedCamera, Project, capture, load_image, open_camera


def masked(image):
    image[:, : image.shape[1] // 2] = 0
    return image


def half_size(image):
    return image[::2, ::2]


def test_every_frame_goes_through_the_function_and_keeps_what_is_known_of_it():
    with open_camera("synthetic:?object=mug") as plain, MappedCamera("synthetic:?object=mug", masked) as camera:
        whole, frame = plain.read(), camera.read()
    assert not frame.image[:, :320].any() and np.array_equal(frame.image[:, 320:], whole.image[:, 320:])
    assert (frame.source, frame.truth) == (whole.source, "mug")


def test_captured_pictures_and_live_frames_went_through_it(tmp_path):
    with Project(tmp_path) as project, MappedCamera("synthetic:?fps=0", half_size) as camera:
        (taken,) = capture(project, camera, "scene")
        assert load_image(taken.path).size == (320, 240)
    seen = ListSink()
    Live(MappedCamera("synthetic:?fps=0", half_size), sinks=[seen]).run(count=1)
    assert seen.answers[0].frame.image.shape == (240, 320, 3)


def test_what_others_see_of_the_camera_stays_as_it_is():
    with open_camera("synthetic:?fps=0") as source:
        frame = source.read()

        class Again:
            """The same frame each time, as to several watchers of one camera."""

            source, dropped = "again:", 0

            def read(self):
                return frame

            def close(self):
                pass

        before = frame.image.copy()
        MappedCamera(Again(), masked).read()
    assert np.array_equal(frame.image, before)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda image: None, "the function gave NoneType"),
        (lambda image: image / 255, "the function gave float64 of shape"),
        (lambda image: image[:, :, 0], r"shape \(480, 640\)"),
    ],
)
def test_what_is_no_picture_is_refused_by_what_it_is(change, said):
    with MappedCamera("synthetic:", change) as camera, pytest.raises(CameraError, match=said):
        camera.read()
