"""What is done to the pictures outside the Teach page counts for the lesson, whoever does it and however."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from studio_pictures import jpeg, shade

from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.edit import EditKind
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.project import Project
from whatsit.errors import DataError
from whatsit.studio.lessons import store
from whatsit.studio.lessons.lesson import TaughtClass
from whatsit.studio.lessons.session import TeachSession


class Counting(PixelEmbedder):
    """Counts the pictures it looks at."""

    def __init__(self) -> None:
        super().__init__()
        self.looked = 0

    def embed_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.looked += 1
        return super().embed_pixels(pixels)


@contextmanager
def opened(folder: Path) -> Iterator[TeachSession]:
    """A studio's session on a folder."""
    with Project(folder) as project, closing(TeachSession(project.dataset, PixelEmbedder())) as session:
        yield session


@pytest.fixture
def taught(tmp_path: Path) -> Path:
    """A project with mug (2 pictures), sky (1) and an unlabelled sample; nobody has it open."""
    folder = tmp_path / "project"
    with opened(folder) as session:
        mug = session.add_class(jpeg("red"), "mug")
        session.add_class(jpeg("blue"), "sky")
        session.add_sample(jpeg("darkred"), mug.id)
        session.add_sample(jpeg("navy"))
    return folder


def counts(session: TeachSession) -> dict[str | None, int]:
    labels = [session.lesson.label_of(shot.class_id) for shot in session.lesson.shots]
    return {label: labels.count(label) for label in labels}


def recognises(session: TeachSession, colour: str) -> str:
    learner = session.learner
    return learner.classify_pixels(learner.preprocess.pixels(jpeg(colour)))[0].label


AT_FIRST = {"mug": 2, "sky": 1, None: 1}


def key_of(session: TeachSession, label: str | None, place: int = 0) -> str:
    shots = [shot for shot in session.lesson.shots if session.lesson.label_of(shot.class_id) == label]
    return shots[place].key


def a_picture(folder: Path, label: str) -> Path:
    return sorted((folder / "dataset" / label).iterdir())[0]


# ---- while the studio runs


def test_a_label_corrected_on_the_dataset_page_stays_corrected_after_a_restart(taught: Path) -> None:
    with opened(taught) as session:
        session.dataset.relabel([key_of(session, "mug", 1)], "sky")
        assert counts(session) == {"mug": 1, "sky": 2, None: 1}
        assert recognises(session, "darkred") == "mug"
    with opened(taught) as session:
        assert counts(session) == {"mug": 1, "sky": 2, None: 1}


def test_a_class_renamed_on_the_dataset_page_keeps_its_place_and_its_number(taught: Path) -> None:
    with opened(taught) as session:
        before = session.lesson.classes
        session.dataset.rename_label("mug", "cup")
        assert session.lesson.classes == (TaughtClass(before[0].id, "cup"), before[1])
        session.add_sample(jpeg("maroon"), before[0].id)
        assert (session.dataset.root / key_of(session, "cup", 2)).is_file()


def test_a_class_made_by_relabelling_on_the_dataset_page_is_a_class_of_the_lesson(taught: Path) -> None:
    with opened(taught) as session:
        session.dataset.relabel([key_of(session, None)], "night")
        assert [found.label for found in session.lesson.classes] == ["mug", "sky", "night"]
        new = session.lesson.classes[2].id
        assert session.lesson.classes[2].id == new
        session.add_sample(jpeg("black"), new)
        assert counts(session)["night"] == 2
        assert recognises(session, "black") == "night"


def test_imported_pictures_are_not_taught_and_a_taught_class_joins_their_folder(taught: Path, tmp_path: Path) -> None:
    (tmp_path / "in" / "sea").mkdir(parents=True)
    (tmp_path / "in" / "sea" / "1.jpg").write_bytes(jpeg("teal"))
    with opened(taught) as session:
        import_path(session.dataset, tmp_path / "in")
        assert counts(session) == AT_FIRST
        session.rename(session.lesson.classes[1].id, "sea")
        assert counts(session) == {"mug": 2, "sea": 1, None: 1}
        assert session.dataset.count("sea") == 2
        assert "sky" not in session.dataset.labels()
        session.dataset.undo()
        assert session.dataset.count("sea") == 1
        assert counts(session) == AT_FIRST


def test_clearing_on_teach_is_undone_by_the_one_undo(taught: Path) -> None:
    with opened(taught) as session:
        pictures = sorted(picture.key for picture in session.dataset.pictures())
        session.clear()
        assert session.dataset.pictures() == []
    with Project(taught) as project:  # as  whatsit dataset split --undo  does
        undone = project.dataset.undo()
        assert undone is not None and undone.edit.kind is EditKind.CLEAR
        assert sorted(picture.key for picture in project.dataset.pictures()) == pictures
    with opened(taught) as session:
        assert counts(session) == AT_FIRST


def test_undo_names_what_is_gone_and_does_the_rest(taught: Path) -> None:
    with opened(taught) as session:
        keys = [key_of(session, "mug"), key_of(session, "mug", 1)]
        session.remove_class(session.lesson.classes[0].id)
        waiting = list(taught.glob(f".whatsit/trash/*/{keys[0]}"))
        assert len(waiting) == 1
        waiting[0].unlink()
        undone = session.dataset.undo()
        assert undone is not None and [Path(path).name for path in undone.gone] == [Path(keys[0]).name]
        assert counts(session) == {"mug": 1, "sky": 1, None: 1}


def test_deleting_a_taught_picture_does_not_teach_a_copy_that_lies_elsewhere(taught: Path, tmp_path: Path) -> None:
    with opened(taught) as session:
        (session.dataset.root / "copies").mkdir()
        (session.dataset.root / "copies" / "1.jpg").write_bytes(jpeg("blue"))
        session.dataset.refresh()
        session.dataset.delete_label("sky")
        assert counts(session) == {"mug": 2, None: 1}
    with opened(taught) as session:
        assert counts(session) == {"mug": 2, None: 1}
        session.dataset.undo()
        assert counts(session) == AT_FIRST


def test_nothing_is_looked_at_twice(tmp_path: Path) -> None:
    with Project(tmp_path / "project") as project:
        embedder = Counting()
        with closing(TeachSession(project.dataset, embedder)) as session:
            mug = session.add_class(jpeg("red"), "mug")
            session.add_sample(jpeg("blue"), mug.id)
            assert embedder.looked == 2
            session.clear()
            session.dataset.undo()
            session.dataset.rename_label("mug", "cup")
            session.dataset.delete_label("cup")
            session.add_class(jpeg("red"), "again")
        with closing(TeachSession(project.dataset, embedder)) as session:
            session.dataset.undo()
            session.dataset.undo()
            assert counts(session) == {"cup": 2}
        assert embedder.looked == 2


def test_features_that_cannot_be_written_do_not_fail_a_change_and_are_written_later(taught: Path) -> None:
    with opened(taught) as session:
        features = taught / "my_classes.bin"
        content = features.read_bytes()
        features.unlink()
        features.mkdir()
        session.add_sample(jpeg("maroon"), session.lesson.classes[0].id)
        assert counts(session)["mug"] == 3
        with pytest.raises(DataError):
            session.feature_file()
        features.rmdir()
        session.dataset.add_label("owl")  # any edit is a chance
        assert features.read_bytes() != content
        assert session.feature_file() == features.read_bytes()


# ---- while it does not


Counts = dict[str | None, int]
MOVED: Counts = {"mug": 1, "sky": 2, None: 1}
BY_HAND: dict[str, tuple[Callable[[Path], object], Counts]] = {
    "moves a picture": (lambda root: a_picture(root, "mug").rename(root / "dataset/sky/moved.jpg"), MOVED),
    "renames a picture": (lambda root: a_picture(root, "sky").rename(root / "dataset/sky/other.jpg"), AT_FIRST),
    "renames a folder": (
        lambda root: (root / "dataset/mug").rename(root / "dataset/cup"), {"cup": 2, "sky": 1, None: 1}
    ),
    "deletes a picture": (lambda root: a_picture(root, "mug").unlink(), {"mug": 1, "sky": 1, None: 1}),
    "deletes a class": (lambda root: a_picture(root, "sky").unlink(), {"mug": 2, None: 1}),
    "labels a sample": (
        lambda root: a_picture(root, "_unlabelled").rename(root / "dataset/sky/x.jpg"), {"mug": 2, "sky": 2}
    ),
    "edits a picture": (lambda root: a_picture(root, "sky").write_bytes(jpeg("cyan")), AT_FIRST),
    "copies a picture": (lambda root: (root / "dataset/mug/copy.jpg").write_bytes(jpeg("blue")), AT_FIRST),
    "breaks a picture": (lambda root: a_picture(root, "sky").write_bytes(jpeg("blue")[:200]), {"mug": 2, None: 1}),
}  # fmt: skip


@pytest.mark.parametrize("what", BY_HAND)
@pytest.mark.parametrize("running", [False, True], ids=["closed", "open"])
def test_what_a_person_does_in_the_file_manager_counts(taught: Path, what: str, running: bool) -> None:
    act, expected = BY_HAND[what]
    if running:
        with opened(taught) as session:
            act(taught)
            session.dataset.refresh()
            assert counts(session) == expected
    else:
        act(taught)
    with opened(taught) as session:
        assert counts(session) == expected
        if what == "edits a picture":
            assert recognises(session, "cyan") == "sky"


COMMANDS: dict[str, tuple[Callable[[Project], object], Counts]] = {
    "relabels": (lambda project: project.dataset.relabel([project.dataset.keys("mug")[0]], "sky"), MOVED),
    "renames": (lambda project: project.dataset.rename_label("sky", "sea"), {"mug": 2, "sea": 1, None: 1}),
    "deletes": (lambda project: project.dataset.delete_label("mug"), {"sky": 1, None: 1}),
    "undoes a step of the lesson": (lambda project: project.dataset.undo(), {"mug": 2, "sky": 1}),
    "empties the trash": (lambda project: project.dataset.empty_trash(), AT_FIRST),
    "rebuilds the index": (lambda project: project.dataset.rebuild(), AT_FIRST),
}  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_command_does_to_the_dataset_counts_at_the_next_start(taught: Path, command: str) -> None:
    act, expected = COMMANDS[command]
    with Project(taught) as project:
        act(project)
    with opened(taught) as session:
        assert counts(session) == expected
        if command in ("relabels", "renames", "deletes"):
            session.dataset.undo()
            assert counts(session) == AT_FIRST


# ---- what is lost


def test_without_its_history_the_lesson_is_what_it_was(taught: Path) -> None:
    with opened(taught) as session:
        session.dataset.relabel([key_of(session, "mug", 1)], "sky")
    for path in (taught / ".whatsit" / "history").iterdir():
        path.unlink()
    with opened(taught) as session:
        assert counts(session) == {"mug": 1, "sky": 2, None: 1}
        assert session.dataset.undo() is None
        session.add_sample(jpeg("maroon"), session.lesson.classes[0].id)
        session.dataset.undo()
        assert counts(session) == {"mug": 1, "sky": 2, None: 1}


def test_without_its_store_nothing_is_taught_and_the_pictures_are_there(taught: Path) -> None:
    (taught / ".whatsit" / "teach.db").unlink()
    with opened(taught) as session:
        assert session.lesson.shots == ()
        assert session.dataset.count() == 4
        session.add_class(jpeg("green"), "leaf")
        session.dataset.undo()
        assert session.lesson.shots == ()


def test_steps_too_old_for_a_lesson_still_bring_their_pictures_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "UNDO_STEPS", 3)
    with opened(tmp_path / "project") as session:
        mug = session.add_class(shade(0), "mug")
        session.remove_picture(session.lesson.shots[0].id)
        mug = session.add_class(shade(1), "mug")
        for number in range(2, 8):
            session.add_sample(shade(number), mug.id)
        while session.dataset.undo():
            assert sorted(shot.key for shot in session.lesson.shots) == sorted(
                set(session.dataset.keys()) & {shot.key for shot in session.lesson.shots}
            )
        assert session.dataset.pictures() == []
        assert session.lesson.shots == ()


def test_two_samples_of_the_same_bytes_are_two_pictures_and_undone_one_by_one(taught: Path) -> None:
    with opened(taught) as session:
        session.add_sample(jpeg("red"), session.lesson.classes[0].id)
        assert counts(session)["mug"] == 3
        session.dataset.relabel([key_of(session, "mug", 2)], "sky")
        assert counts(session) == {"mug": 2, "sky": 2, None: 1}
        session.dataset.undo()
        session.dataset.undo()
        assert counts(session) == AT_FIRST
