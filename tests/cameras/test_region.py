"""A region of interest: the part of a camera's picture that everything uses."""

import numpy as np
import pytest
from PIL import Image

from whatsit import CameraError, ListSink, Live, Project, capture, load_image, open_camera
from whatsit.cameras.camera import PushedCamera, StagedCamera
from whatsit.cameras.opening import camera_source
from whatsit.cameras.region import Region, split_region


@pytest.fixture
def quarters(tmp_path):
    """A folder camera of one picture whose four quarters have different colours."""
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:20, :30], picture[:20, 30:], picture[20:, :30] = (200, 0, 0), (0, 200, 0), (0, 0, 200)
    (tmp_path / "seen").mkdir()
    Image.fromarray(picture).save(tmp_path / "seen" / "one.png")
    return f"folder:{tmp_path / 'seen'}"


def test_only_the_region_is_seen_and_every_frame_says_so(quarters):
    with open_camera(f"{quarters}?roi=0.5,0,0.5,0.5") as camera:
        frame = camera.read()
    assert frame.image.shape == (20, 30, 3) and frame.image.flags.c_contiguous
    assert (frame.image == (0, 200, 0)).all()
    assert frame.source == camera.source and frame.source.endswith("?roi=0.5,0,0.5,0.5")


def test_it_goes_with_other_options_and_opens_the_same_camera_again(quarters):
    address = f"{quarters}?fps=0&roi=0,0.5,0.5,0.5&loop=1"
    with open_camera(address) as camera:
        frame = camera.read()
        camera.read()  # the option behind it counts too
    assert (frame.image == (0, 0, 200)).all()
    with open_camera(frame.source) as again:
        assert np.array_equal(again.read().image, frame.image)


def test_captured_pictures_are_of_the_region_and_keep_it_on_record(quarters, tmp_path):
    with Project(tmp_path / "project") as project:
        capture(project, f"{quarters}?roi=0.5,0,0.5,0.5", "green")
        (picture,) = project.dataset.pictures()
        assert load_image(picture.path).size == (30, 20)
        assert picture.source.endswith("?roi=0.5,0,0.5,0.5")


def test_live_sees_the_region_alone(quarters):
    class Widths:
        def __init__(self):
            from whatsit import PixelEmbedder

            self.preprocess = PixelEmbedder().preprocess

        def classify_pixels(self, pixels, top_k=5):
            from whatsit import Prediction, Predictions

            return Predictions((Prediction("green" if pixels[:, :, 1].min() > 150 else "other", 1.0, 0),))

    answers = ListSink()
    Live(f"{quarters}?roi=0.5,0,0.5,0.5", Widths(), [answers]).run()
    assert answers.answers[0].label == "green"


@pytest.mark.parametrize(
    "wrong",
    ["0,0,1", "a,b,c,d", "0,0,0,1", "0.6,0,0.5,1", "-0.1,0,1,1", "nan,0,1,1", "0,0,inf,1", "0,0,1,1&roi=0,0,1,1"],
)
def test_what_is_no_region_is_refused_in_one_line(quarters, wrong):
    with pytest.raises(CameraError, match=r"roi=") as refused:
        open_camera(f"{quarters}?roi={wrong}")
    assert "expected" in str(refused.value) and "\n" not in str(refused.value)


def test_a_url_keeps_its_own_query_and_its_password_is_not_shown():
    plain, region = split_region("http://me:secret@camera/video?size=2&roi=0,0,0.5,1")
    assert (plain, region) == ("http://me:secret@camera/video?size=2", Region(0, 0, 0.5, 1))
    assert camera_source("rtsp://camera/main?roi=0,0,0.5,1") is camera_source("rtsp://camera/main")
    with open_camera("http://me:secret@camera.invalid/video?roi=0,0,0.5,1") as camera:
        assert "secret" not in camera.source and camera.source.endswith("?roi=0,0,0.5,1")


def test_the_scene_can_still_be_staged_and_a_page_can_still_send():
    with open_camera("synthetic:?object=mug&roi=0.25,0.25,0.5,0.5") as scene:
        assert isinstance(scene, StagedCamera) and "duck" in scene.objects
        scene.show("duck")
        assert scene.read().truth == "duck"
    with open_camera("browser:?roi=0,0,0.5,1") as page:
        assert isinstance(page, PushedCamera)
