"""Teaching without a browser: what the Teach page's actions do, and what is on disk afterwards."""

from pathlib import Path

import pytest
from studio_pictures import jpeg, shade

from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.project import Project
from whatsit.errors import DataError, ImageError
from whatsit.live.engine import Live
from whatsit.live.sinks.home_assistant import state_of
from whatsit.studio.lessons.session import TeachSession
from whatsit.teaching.maixpy_file import parse
from whatsit.teaching.selflearn import SelfLearnClassifier


def pictures(folder: Path) -> list[str]:
    """Folders of the dataset's pictures, one entry a picture."""
    return sorted(path.parent.name for path in (folder / "dataset").rglob("*.jpg"))


def new_class(session: TeachSession, picture: bytes, label: str) -> int:
    return session.add_class(picture, label).id


def recognise(session: TeachSession, picture: bytes) -> str:
    learner = session.learner
    return learner.classify_pixels(learner.preprocess.pixels(picture))[0].label


def test_a_class_starts_from_one_picture_and_is_recognised_at_once(session: TeachSession, folder: Path) -> None:
    new_class(session, jpeg("red"), "mug")
    new_class(session, jpeg("blue"), "sky")
    assert recognise(session, jpeg("darkred")) == "mug"
    assert recognise(session, jpeg("navy")) == "sky"
    assert pictures(folder) == ["mug", "sky"]


def test_while_nothing_is_taught_state_and_flag_both_say_unknown(session: TeachSession) -> None:
    with Live("synthetic:?fps=0&size=64x48", session.learner) as live:
        answer = next(iter(live))
    told = state_of(answer, None)
    assert (told["value"], told["state"], told["unknown"]) == ("unknown", "unknown", True)
    assert answer.to_dict()["unknown"] is True


def test_a_class_without_a_name_gets_the_next_free_one(session: TeachSession) -> None:
    assert session.add_class(jpeg("red")).label == "class 1"
    assert session.add_class(jpeg("blue")).label == "class 2"
    session.remove_class(session.lesson.classes[0].id)
    assert session.add_class(jpeg("green")).label == "class 1"


def test_a_labelled_sample_moves_its_class_and_an_unlabelled_one_the_nearest(session: TeachSession) -> None:
    mug = new_class(session, jpeg("red"), "mug")
    new_class(session, jpeg("blue"), "sky")
    session.add_sample(jpeg("orange"), mug)
    session.add_sample(jpeg("navy"))
    centres = parse(session.feature_file()).classes
    red, orange, blue, navy = (
        PixelEmbedder().embed_pixels(PixelEmbedder().preprocess.pixels(jpeg(colour)))
        for colour in ("red", "orange", "blue", "navy")
    )
    assert centres[0] == pytest.approx((red + orange) / 2, abs=1e-6)
    assert centres[1] == pytest.approx((blue + navy) / 2, abs=1e-6)


def test_learning_reports_what_it_did(session: TeachSession) -> None:
    session.set_auto_learn(False)
    mug = new_class(session, jpeg("red"), "mug")
    assert session.learn() is None
    session.add_sample(jpeg("orange"), mug)
    assert len(session.lesson.unlearnt) == 1
    assert session.learn() is not None
    assert session.learn() is None
    assert session.lesson.rounds > 0


def test_samples_and_learning_need_a_class_first(session: TeachSession, folder: Path) -> None:
    with pytest.raises(DataError, match="add a class first"):
        session.add_sample(jpeg("red"))
    with pytest.raises(DataError, match="add a class first"):
        session.learn()
    assert pictures(folder) == []


def test_a_new_session_stands_where_the_last_one_was(session: TeachSession, folder: Path) -> None:
    mug = new_class(session, jpeg("red"), "mug")
    new_class(session, jpeg("blue"), "sky")
    session.add_sample(jpeg("orange"), mug)
    session.add_sample(jpeg("navy"))
    session.set_auto_learn(False)
    session.close()
    again = TeachSession(session.dataset, PixelEmbedder())
    assert again.lesson == session.lesson
    assert not again.auto_learn
    assert recognise(again, jpeg("navy")) == "sky"
    again.close()


def test_undo_goes_back_change_by_change_with_the_pictures(session: TeachSession, folder: Path) -> None:
    mug = new_class(session, jpeg("red"), "mug")
    session.add_sample(jpeg("orange"), mug)
    session.rename(mug, "cup")
    assert pictures(folder) == ["cup", "cup"]
    session.remove_class(mug)
    assert pictures(folder) == []
    session.dataset.undo()
    assert pictures(folder) == ["cup", "cup"]
    session.dataset.undo()
    assert pictures(folder) == ["mug", "mug"]
    session.dataset.undo()
    assert pictures(folder) == ["mug"]
    session.dataset.undo()
    assert pictures(folder) == []
    assert session.dataset.undo() is None


def test_a_burst_is_one_step_of_undo(session: TeachSession, folder: Path) -> None:
    mug = new_class(session, jpeg("red"), "mug")
    for number in range(5):
        session.add_sample(shade(number), mug, burst="first press")
    for number in range(3):
        session.add_sample(shade(9 + number), mug, burst="second press")
    assert len(pictures(folder)) == 9
    session.dataset.undo()
    assert len(pictures(folder)) == 6
    session.dataset.undo()
    assert len(pictures(folder)) == 1


def test_clear_forgets_everything_and_undo_brings_it_back(session: TeachSession, folder: Path) -> None:
    mug = new_class(session, jpeg("red"), "mug")
    session.add_sample(jpeg("orange"), mug)
    session.clear()
    assert not session.lesson.classes
    assert pictures(folder) == []
    assert not (folder / "my_classes.bin").exists()
    session.dataset.undo()
    assert pictures(folder) == ["mug", "mug"]
    assert (folder / "my_classes.bin").exists()


def test_a_class_that_loses_its_last_picture_goes_too(session: TeachSession) -> None:
    new_class(session, jpeg("red"), "mug")
    new_class(session, jpeg("blue"), "sky")
    session.remove_picture(session.lesson.shots[0].id)
    assert [taught.label for taught in session.lesson.classes] == ["sky"]


def test_a_class_without_its_first_picture_starts_from_the_next(session: TeachSession) -> None:
    mug = new_class(session, jpeg("red"), "mug")
    session.add_sample(jpeg("orange"), mug)
    session.remove_picture(session.lesson.shots[0].id)
    assert recognise(session, jpeg("orange")) == "mug"
    assert session.lesson.samples == 0


def test_a_picture_can_be_given_to_another_class(session: TeachSession, folder: Path) -> None:
    mug = new_class(session, jpeg("red"), "mug")
    sky = new_class(session, jpeg("blue"), "sky")
    session.add_sample(jpeg("navy"), mug)
    session.move_picture(session.lesson.shots[-1].id, sky)
    assert pictures(folder) == ["mug", "sky", "sky"]
    session.move_picture(session.lesson.shots[-1].id, None)
    assert pictures(folder) == ["_unlabelled", "mug", "sky"]


def test_the_feature_file_is_maixpys_and_loads_into_another_project(
    session: TeachSession, folder: Path, tmp_path: Path
) -> None:
    mug = new_class(session, jpeg("red"), "mug")
    new_class(session, jpeg("blue"), "天空")
    session.add_sample(jpeg("darkred"), mug)
    content = session.feature_file()
    classifier = SelfLearnClassifier(PixelEmbedder())
    assert classifier.load(folder / "my_classes.bin") == ["mug", "天空"]
    other = TeachSession(Project(tmp_path / "other").dataset, PixelEmbedder())
    other.load(content)
    assert recognise(other, jpeg("navy")) == "天空"
    assert other.feature_file() == content
    other.dataset.undo()
    assert not other.lesson.classes
    other.close()


@pytest.mark.parametrize("damage", [lambda b: b[:-3], lambda b: b + b"x", lambda b: b"", lambda b: b"\xff" * 40])
def test_a_damaged_feature_file_changes_nothing(session: TeachSession, damage: object) -> None:
    new_class(session, jpeg("red"), "mug")
    before = session.lesson
    with pytest.raises(DataError):
        session.load(damage(session.feature_file()))  # type: ignore[operator]
    assert session.lesson == before


@pytest.mark.parametrize(
    "label", ["../../etc", "<img src=x onerror=alert(1)>", "CON", "a:b*c?", ".hidden", "嗨/世界", "%2e%2e"]
)
def test_any_label_is_text_and_never_a_path(session: TeachSession, folder: Path, label: str) -> None:
    new_class(session, jpeg("red"), label)
    (inside,) = (path for path in (folder / "dataset").iterdir() if path.is_dir())
    assert len(list(inside.iterdir())) == 1
    assert not (folder.parent / "etc").exists()
    assert session.lesson.classes[0].label == label


@pytest.mark.parametrize("label", ["", "   ", "a\0b", "x" * 10_240, "line\nbreak", "\u202egnp.exe", "_unlabelled "])
def test_labels_that_cannot_be_shown_are_refused(session: TeachSession, folder: Path, label: str) -> None:
    with pytest.raises(DataError):
        session.add_class(jpeg("red"), label)
    mug = new_class(session, jpeg("red"), "mug")
    with pytest.raises(DataError):
        session.rename(mug, label)
    assert pictures(folder) == ["mug"]


def test_two_classes_cannot_have_names_a_person_would_confuse(session: TeachSession) -> None:
    new_class(session, jpeg("red"), "Mug")
    for twin in ("Mug", "mug"):
        with pytest.raises(DataError, match="Mug"):
            session.add_class(jpeg("blue"), twin)


def test_a_broken_picture_is_refused_in_one_line_and_nothing_is_kept(session: TeachSession, folder: Path) -> None:
    for content in (b"", b"no picture", jpeg("red")[:200]):
        with pytest.raises(ImageError) as refused:
            session.add_class(content, "mug")
        assert "\n" not in str(refused.value)
    assert pictures(folder) == []
    assert not list(folder.glob(".whatsit/trash/*"))


def test_another_backbone_reads_the_pictures_again(session: TeachSession, folder: Path) -> None:
    new_class(session, jpeg("red"), "mug")
    new_class(session, jpeg("blue"), "sky")
    session.close()
    other = TeachSession(session.dataset, PixelEmbedder(size=32))
    assert recognise(other, jpeg("navy")) == "sky"
    other.close()


def test_another_backbone_refuses_features_without_pictures(session: TeachSession, folder: Path) -> None:
    new_class(session, jpeg("red"), "mug")
    session.load(session.feature_file())
    session.close()
    with pytest.raises(DataError, match="pixels@64.*pixels@32"):
        TeachSession(session.dataset, PixelEmbedder(size=32))


def test_a_full_disk_is_said_in_one_line_and_the_lesson_stays(
    session: TeachSession, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_class(session, jpeg("red"), "mug")
    before = session.lesson

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("whatsit.files.whole.os.fsync", full)
        with pytest.raises(DataError, match="No space left"):
            session.add_class(jpeg("blue"), "sky")
    assert session.lesson == before
    assert pictures(folder) == ["mug"]
