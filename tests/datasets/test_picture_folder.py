"""One walk of folders for all who read pictures: the same labels, the same files, and what is left out is named."""

import os

import pytest

from drawn_pictures import fill, jpeg
from whatsit import Project, find_examples
from whatsit.datasets.folder_tree import Refusal, walk
from whatsit.datasets.picture_folder import labelled_folder, picture_folder
from whatsit.errors import DataError, SourceError
from whatsit.teaching.maixpy_file import parse
from whatsit.teaching.teach import labelled_examples

LABELS = ("50% off", "a/b", "_other", ".net", "CON", "plain")


@pytest.fixture
def project(tmp_path):
    """A project whose labels need every spelling there is, with a picture that has no label."""
    with Project(tmp_path / "project") as opened:
        for number, label in enumerate(LABELS):
            opened.dataset.add(jpeg(number), label)
        opened.dataset.add(jpeg(90))
        yield opened


def test_teaching_from_a_project_has_the_labels_of_the_project(project):
    examples = find_examples(project.path / "dataset")
    assert {label for _, label in examples} == set(LABELS)
    assert examples == [(path, label) for path, label, _ in project.dataset]


def test_what_teaching_leaves_out_is_named(project):
    dataset = project.path / "dataset"
    (dataset / "plain" / "notes.txt").touch()
    (dataset / "loose.jpg").write_bytes(jpeg(1))
    os.mkfifo(dataset / "plain" / "pipe.jpg")
    left_out = {skip.path.split("/")[-1]: skip.reason for skip in labelled_examples(dataset).left_out}
    unlabelled = project.dataset.pictures("_unlabelled")[0].path.name
    assert left_out == {
        "notes.txt": "not a picture file", "loose.jpg": "not in the folder of a label", "pipe.jpg": "not a file",
        unlabelled: "has no label",
    }  # fmt: skip


def test_teach_says_what_it_left_out_and_shows_the_labels_as_they_are(project, tmp_path, whatsit_line):
    status, said = whatsit_line("teach", project.path / "dataset", "-o", tmp_path / "m.bin", "--size", "32")
    assert status == 0
    assert "Note: left out, has no label: _unlabelled/" in " ".join(said.split())
    assert set(parse((tmp_path / "m.bin").read_bytes()).labels) == set(LABELS)


@pytest.mark.parametrize("strict", [True, False])
def test_links_are_followed_only_in_folders_that_are_just_read_and_never_in_a_circle(tmp_path, strict):
    fill(tmp_path / "in", labels=("cat",), each=1)
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "cat" / "gone.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "in" / "cat" / "same.jpg").symlink_to(tmp_path / "in" / "cat" / "000.jpg")
    found = {entry.inner: entry.refusal for entry in walk(tmp_path / "in", strict=strict)}
    assert found == {
        "again": Refusal.LINK, "cat/000.jpg": None, "cat/gone.jpg": Refusal.LINK,
        "cat/same.jpg": Refusal.LINK if strict else None,
    }  # fmt: skip


def test_hidden_folders_and_what_other_programs_leave_are_passed_over(tmp_path):
    for path in ("cat/1.jpg", "cat/.thumbs/2.jpg", "__MACOSX/cat/._1.jpg", ".cache/3.jpg", "cat/deep/4.JPEG"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(jpeg(1))
    assert [path.name for path in picture_folder(tmp_path).pictures] == ["1.jpg", "4.JPEG"]
    assert labelled_folder(tmp_path).left_out == ()


def test_pictures_come_in_the_order_of_their_paths_part_by_part(tmp_path):
    for path in ("a b/1.jpg", "a/2.jpg", "a/b/1.jpg", "a/b.jpg", "a.jpg"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(jpeg(1))
    found = [path.relative_to(tmp_path) for path in picture_folder(tmp_path).pictures]
    assert found == sorted(found)


def test_a_name_that_is_not_utf8_is_read_where_it_is_but_never_copied(tmp_path):
    (tmp_path / "cat").mkdir()
    with open(os.fsencode(tmp_path / "cat") + b"/\xff.jpg", "wb") as stream:
        stream.write(jpeg(1))
    assert len(picture_folder(tmp_path).pictures) == 1
    assert [entry.refusal for entry in walk(tmp_path)] == [Refusal.NAME]


def test_a_folder_that_cannot_be_listed_is_an_error_in_one_line(tmp_path):
    with pytest.raises(SourceError, match="nowhere: cannot be read"):
        list(walk(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"no pictures found; expected .*/<label>/\*\.jpg"):
        find_examples(tmp_path)
