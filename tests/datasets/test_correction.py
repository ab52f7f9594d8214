"""A correction is an ordinary picture, one edit, and remembered as a correction."""

import numpy as np
import pytest
from PIL import Image

from drawn_pictures import encoded, fill, jpeg
from whatsit.cameras import Frame
from whatsit.datasets.correction import correct, corrections
from whatsit.datasets.edit import EditKind
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.label import STRANGERS
from whatsit.datasets.project import Project
from whatsit.errors import DataError, ImageError
from whatsit.imaging.image import load_image


@pytest.fixture
def project(tmp_path):
    fill(tmp_path / "in", labels=("cat", "dog"), each=6)
    with Project(tmp_path / "project") as project:
        import_path(project.dataset, tmp_path / "in")
        yield project


def state(project):
    records = {p.key: (p.hash, p.record) for p in project.dataset.pictures()}
    return records, corrections(project.dataset)


def test_a_picture_from_elsewhere_becomes_one_of_its_class(project, tmp_path):
    (tmp_path / "seen.jpg").write_bytes(jpeg(70))
    kept = project.correct(tmp_path / "seen.jpg", "dog")
    assert kept.path.read_bytes() == jpeg(70)
    assert (kept.label, project.dataset.totals()) == ("dog", {"cat": 6, "dog": 7})
    assert [(one.key, one.label) for one in corrections(project.dataset)] == [(kept.key, "dog")]


def test_none_of_these_is_kept_as_a_stranger(project):
    kept = project.correct(jpeg(70), None)
    assert (kept.label, project.dataset.strangers()) == (STRANGERS, [kept.key])
    assert [one.label for one in corrections(project.dataset)] == [None]
    assert project.dataset.undoable().kind is EditKind.STRANGER


def test_a_picture_of_the_dataset_gets_the_label_and_keeps_its_split(project):
    before = project.dataset.pictures("cat")[0]
    kept = project.correct(before, "dog")
    assert (kept.label, kept.hash, kept.split) == ("dog", before.hash, before.split)
    assert [one.key for one in corrections(project.dataset)] == [kept.key]
    assert len(project.dataset) == 12


@pytest.mark.parametrize("label", ["dog", "a new class", None])
@pytest.mark.parametrize("known", [True, False])
def test_undo_brings_back_exactly_what_was_there(project, label, known):
    picture = project.dataset.pictures("cat")[0] if known else jpeg(70)
    before = state(project)
    project.correct(picture, label)
    assert state(project) != before
    assert project.dataset.undo() is not None
    assert state(project) == before


def test_each_correction_is_undone_by_itself_and_a_burst_stays_on_one_side(project):
    kept = [project.correct(jpeg(seed), "dog") for seed in range(70, 90)]
    assert len({one.burst for one in kept}) == 1
    assert len({one.split for one in kept}) == 1
    assert len({one.hash for one in kept}) == 20
    for left in reversed(range(20)):
        project.dataset.undo()
        assert len(corrections(project.dataset)) == left


def test_a_near_copy_of_a_picture_follows_its_split(project):
    for number, original in enumerate(project.dataset.pictures()[:4]):
        with Image.open(original.path) as picture:
            again = encoded(picture, quality=60)
        seen = correct(project.dataset, again, "dog", source=f"camera {number}")
        assert (seen.hash != original.hash, seen.split) == (True, original.split)


def test_a_correction_survives_a_rename_and_an_index_that_is_lost(project):
    project.correct(jpeg(70), "dog")
    project.dataset.rename_label("dog", "wolf")
    project.dataset.rebuild()
    assert [one.label for one in corrections(project.dataset)] == ["wolf"]


@pytest.mark.parametrize("label", ["", "_unlabelled", "_strangers", "Dog", "x\n"])
def test_a_label_that_cannot_be_used_changes_nothing(project, label):
    before = state(project)
    with pytest.raises(DataError):
        project.correct(jpeg(70), label)
    assert state(project) == before


def test_what_is_no_picture_is_refused(project, tmp_path):
    with pytest.raises(ImageError):
        project.correct(b"no picture", "dog")
    with pytest.raises(ImageError):
        project.correct(tmp_path / "missing.jpg", "dog")


def test_the_command_says_what_it_did_and_refuses_in_one_line(project, tmp_path, whatsit_line):
    project.close()
    project.release()
    (tmp_path / "seen.jpg").write_bytes(jpeg(70))
    seen, where = tmp_path / "seen.jpg", ("--project", tmp_path / "project")
    assert whatsit_line("correct", seen, "bird", *where)[0] == 0
    assert whatsit_line("correct", seen, "--none", *where)[0] == 0
    assert project.dataset.strangers() != []
    for words in ((seen,), (seen, "cat", "--none"), (seen, "Dog"), (tmp_path / "no.jpg", "cat")):
        status, line = whatsit_line("correct", *words, *where)
        assert (status, line.count("\n")) == (1, 1)
    status, line = whatsit_line("correct", seen, "cat", "--project", tmp_path / "nowhere")
    assert (status, "no project here" in line, (tmp_path / "nowhere").exists()) == (1, True, False)
    project.acquire()


def test_pixels_a_pillow_image_and_a_frame_are_corrected_too(project):
    pixels = np.full((40, 60, 3), 90, np.uint8)
    given = (pixels, Image.fromarray(pixels + 60), Frame(pixels + 120, 1_764_251_846.0, "usb:0"))
    kept = [project.correct(one, "mug") for one in given]
    assert [load_image(one.path).size for one in kept] == [(60, 40)] * 3
    assert kept[2].record.source.endswith(": usb:0") and kept[2].record.time == given[2].time


def test_saying_the_same_again_is_no_edit(project):
    for label in ("mug", None):
        kept = project.correct(jpeg(50), label)
        edits = project.dataset.edits
        assert project.correct(jpeg(50), label) == kept
        assert project.dataset.edits == edits
