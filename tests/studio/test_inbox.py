"""Frames of doubtful answers are kept, the most valuable ones, and one click labels a group of near-copies."""

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drawn_pictures import COLOURS, drawn, jpeg
from whatsit.backbones.embedder import PixelEmbedder
from whatsit.cameras import Frame
from whatsit.datasets.project import Project
from whatsit.errors import DataError
from whatsit.live.answer import Answer, Stats
from whatsit.live.answer_state import AnswerState
from whatsit.models.prediction import Prediction, Predictions
from whatsit.studio.studio import Studio
from whatsit.studio.watching.doubt import Doubt, Reason, Watched
from whatsit.studio.watching.inbox import MOST_CORRECTED, Inbox
from whatsit.studio.watching.models import TAUGHT


def seen(label: str, second: str = "other", *, margin: float = 0.8, time: float = 0.0, unknown: bool = False) -> Answer:
    high = (1 + margin) / 2
    items = (Prediction(label, high, 0), Prediction(second, 1 - high, 1))
    frame = Frame(np.asarray(drawn(len(label))), time, "usb:0")
    state = AnswerState.UNKNOWN if unknown else AnswerState.LABEL
    return Answer(state, label, high, Predictions(items, unknown), frame, Stats())


def reasons(*answers: Answer) -> list[str | None]:
    found, watched = [], Watched()
    for answer in answers:
        watched, doubt = watched.after(answer)
        found.append(None if doubt is None else doubt.reason.value)
    return found


def test_what_is_doubtful_about_answers() -> None:
    assert reasons(seen("cat"), seen("cat", time=5), seen("dog", time=10), seen("cat", time=20)) == [
        "first", None, "first", "change",
    ]  # fmt: skip
    assert reasons(seen("cat"), seen("dog", time=0.3)) == ["first", "flicker"]
    assert reasons(seen("cat", margin=0.1), seen("cat", time=5, unknown=True)) == ["close", "unknown"]


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "doubtful", lambda: 3, lambda: None)


def kept(seed: int, time: float) -> Answer:
    answer = seen("cat", time=time)
    assert answer.frame is not None
    return replace(answer, frame=replace(answer.frame, image=np.asarray(drawn(seed, size=(160, 120)))))


def test_the_most_valuable_stay_and_are_there_after_a_restart(inbox: Inbox, tmp_path: Path) -> None:
    for seed, worth in enumerate([1.0, 4.0, 0.5, 3.0, 2.0]):
        inbox.keep(TAUGHT, kept(seed, seed), Doubt(Reason.CLOSE, worth))
    view = inbox.view()
    assert [one["time"] for one in view["frames"]] == [1, 3, 4]
    assert len(list((tmp_path / "doubtful").iterdir())) == 6
    again = Inbox(tmp_path / "doubtful", lambda: 3, lambda: None)
    assert again.view() == view
    (tmp_path / "doubtful" / "0000000000001-00000000.jpg").write_bytes(jpeg(1))  # a process was killed here
    assert Inbox(tmp_path / "doubtful", lambda: 3, lambda: None).view() == view
    assert len(list((tmp_path / "doubtful").iterdir())) == 6
    assert Inbox(tmp_path / "doubtful", lambda: 0, lambda: None).view()["frames"] == []
    assert list((tmp_path / "doubtful").iterdir()) == []


def test_near_copies_are_one_group_by_their_most_valuable_frame(inbox: Inbox) -> None:
    for time, worth in enumerate([1.0, 3.0, 2.0]):
        inbox.keep(TAUGHT, kept(7, time), Doubt(Reason.CLOSE, worth))
    inbox.keep(TAUGHT, kept(8, 9), Doubt(Reason.CLOSE, 0.5))
    assert [(one["time"], one["count"]) for one in inbox.view()["frames"]] == [(1, 3), (9, 1)]


NOT_FINITE = b"""{"reason": "unknown", "worth": NaN, "model": "", "label": null, "likely": [], "source": "", "time": 1,
 "count": 1}"""


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 9999, b'{"reason": "unknown", "worth": "x"}', NOT_FINITE])
def test_a_damaged_file_is_passed_over(inbox: Inbox, tmp_path: Path, content: bytes) -> None:
    inbox.keep(TAUGHT, kept(1, 1), Doubt(Reason.CLOSE, 1))
    (tmp_path / "doubtful" / "damaged.json").write_bytes(content)
    (tmp_path / "doubtful" / "damaged.jpg").write_bytes(b"no picture")
    assert Inbox(tmp_path / "doubtful", lambda: 3, lambda: None).view() == inbox.view()


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    with closing(Studio(tmp_path / "project", PixelEmbedder(), "browser:")) as studio:
        yield studio


def test_labelling_a_group_teaches_one_picture_and_empties_it(studio: Studio) -> None:
    for time in range(4):
        studio.inbox.keep(TAUGHT, kept(7, time), Doubt(Reason.UNKNOWN, 4))
    (frame,) = studio.inbox.view()["frames"]
    with pytest.raises(DataError):
        studio.correct_frame(frame["id"], "")
    assert len(studio.inbox.view()["frames"]) == 1
    studio.correct_frame(frame["id"], "cat")
    assert (studio.project.dataset.totals(), studio.inbox.view()["frames"]) == ({"cat": 1}, [])
    with pytest.raises(DataError, match="no longer in the inbox"):
        studio.correct_frame(frame["id"], "cat")


@pytest.mark.parametrize("label", ["cat", None])
def test_a_frame_comes_back_when_its_correction_is_undone_after_a_restart_too(
    studio: Studio, tmp_path: Path, label: str | None
) -> None:
    for seed in (7, 8):
        studio.inbox.keep(TAUGHT, kept(seed, seed), Doubt(Reason.UNKNOWN, seed))
    before = studio.inbox.view()
    for frame in before["frames"]:
        studio.correct_frame(frame["id"], label)
    studio.project.dataset.undo()
    assert studio.inbox.view()["frames"] == before["frames"][1:]
    studio.close()
    with closing(Studio(tmp_path / "project", PixelEmbedder(), "browser:")) as again:
        assert again.inbox.view()["frames"] == before["frames"][1:]
        again.project.dataset.undo()
        assert again.inbox.view() == before
        again.correct_frame(before["frames"][0]["id"], label)


def test_frames_of_corrections_are_bounded(inbox: Inbox, tmp_path: Path) -> None:
    for seed in range(MOST_CORRECTED + 3):
        inbox.keep(TAUGHT, kept(seed, seed), Doubt(Reason.CLOSE, 1.0))
        inbox.set_aside(inbox.view()["frames"][0]["id"], f"hash {seed}")
    inbox.bring_back(["hash 0", "hash 2"])
    assert inbox.view()["frames"] == []
    inbox.bring_back([f"hash {MOST_CORRECTED + 2}"])
    assert [one["time"] for one in inbox.view()["frames"]] == [MOST_CORRECTED + 2]
    assert len(list((tmp_path / "doubtful").glob("*.jpg"))) == MOST_CORRECTED


def test_a_model_that_runs_for_a_sink_alone_feeds_the_inbox_too(tmp_path: Path) -> None:
    with Project(tmp_path / "project") as project:
        (project.path / "whatsit.toml").write_text(f'[[sinks]]\nto = "jsonl:{tmp_path}/seen.jsonl"\n')
    fed = threading.Event()
    with closing(Studio(tmp_path / "project", PixelEmbedder(), "synthetic:?object=mug")) as studio:
        for name in ("red", "blue"):
            studio.session.add_class(jpeg(1, COLOURS[name]), name)
        studio.inbox._changed = fed.set
        assert not studio.hub.wanted("answer") and fed.wait(30)
        assert studio.inbox.view()["frames"]


def test_a_project_that_wants_none_says_0(tmp_path: Path) -> None:
    with Project(tmp_path / "project") as project:
        project.save_settings(replace(project.settings, inbox=0))
    with Project(tmp_path / "project") as project:
        assert project.settings.inbox == 0
    (tmp_path / "project/whatsit.toml").write_text("inbox = -1\n")
    with pytest.raises(DataError, match="whole number from 0"):
        Project(tmp_path / "project")
