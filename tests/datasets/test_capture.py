"""Pictures from a camera into a project."""

import pytest

from whatsit import ArgumentError, CameraEndedError, DataError, Project, capture, load_image, open_camera


def test_pictures_taken_in_one_go_lie_in_the_label_s_folder_and_are_undone_together(tmp_path):
    seen = []
    with Project(tmp_path / "things") as project:
        taken = capture(project, "synthetic:?object=mug", "mug", 3, every=0, on_picture=seen.append)
        assert seen == taken and len({picture.path for picture in taken}) == 3
        assert all(load_image(picture.path).size == (640, 480) for picture in taken)
        assert sum(project.dataset.counts()["mug"].values()) == 3
        assert len({picture.split for picture in taken}) == 1


def test_a_camera_that_is_given_stays_open_and_pictures_taken_before_it_ended_stay(tmp_path, photographs):
    with Project(tmp_path / "things") as project, open_camera(f"folder:{photographs['china'].parent}?fps=0") as camera:
        with pytest.raises(CameraEndedError):
            capture(project, camera, "photo", 5, every=0)
        assert sum(project.dataset.counts()["photo"].values()) == 2


@pytest.mark.parametrize(("label", "count", "error"), [("mug", 0, ArgumentError), ("", 1, DataError)])
def test_what_cannot_be_taken_is_refused_before_the_camera_is_opened(tmp_path, label, count, error):
    with Project(tmp_path / "things") as project, pytest.raises(error):
        capture(project, "no camera:", label, count)
