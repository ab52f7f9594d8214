"""Where answers go: sinks by address, and what one sink's trouble costs the others."""

import io
import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import outside_rows
from whatsit.cameras import Frame
from whatsit.errors import DataError, StoppedError, WhatsitError
from whatsit.imaging.preprocess import Preprocess
from whatsit.live.answer import Answer, Stats
from whatsit.live.answer_state import AnswerState
from whatsit.live.engine import Live
from whatsit.live.sink_queue import SinkQueue
from whatsit.live.sinks import SINKS, open_sink, open_sinks
from whatsit.live.sinks.gpio import GpioPin
from whatsit.live.sinks.json_file import JsonFile
from whatsit.live.sinks.list_sink import ListSink
from whatsit.live.sinks.printed import PrintedLines
from whatsit.models.prediction import Prediction, Predictions

LONG = 30.0
CAMERA = "synthetic:?fps=0&size=64x48"


class Mug:
    """A recogniser that always sees a mug."""

    preprocess = Preprocess(8, 8)

    def classify_pixels(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Predictions:
        return Predictions((Prediction("mug", 0.9, 0),))


def said(label: str | None, state: AnswerState = AnswerState.LABEL) -> Answer:
    items = (Prediction(label, 0.75, 0),) if label is not None else ()
    return Answer(state, label, 0.75, Predictions(items), None, Stats())


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


def test_a_failing_sink_is_named_once_in_one_line_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(ListSink):
        def send(self, answer: Answer) -> None:
            super().send(answer)
            raise OSError("the broker\nis gone")

    broken, kept = Broken(), ListSink()
    with Live(CAMERA, Mug(), [broken, kept]):
        for sink in (broken, kept):  # it is tried again with each answer
            assert sink.wait_for(lambda _, sink=sink: len(sink.answers) >= 3, LONG)  # type: ignore[misc]
    assert warnings(caplog) == ["Broken failed: OSError: the broker is gone"]
    assert broken.closed and kept.closed


def test_a_sink_that_works_again_and_fails_again_is_named_again(caplog: pytest.LogCaptureFixture) -> None:
    class Moody(ListSink):
        def send(self, answer: Answer) -> None:
            super().send(answer)
            if len(self.answers) in (1, 2, 5):
                raise DataError("not now")

    moody = Moody()
    with Live(CAMERA, Mug(), [moody]):
        assert moody.wait_for(lambda _: len(moody.answers) >= 6, LONG)
    assert warnings(caplog) == ["Moody failed: not now", "Moody works again"] * 2


def test_a_slow_sink_gets_the_newest_answer_and_holds_nobody_up() -> None:
    class Slow(ListSink):
        def __init__(self) -> None:
            super().__init__()
            self.go_on = threading.Event()

        def send(self, answer: Answer) -> None:
            super().send(answer)
            assert self.go_on.wait(LONG)

    slow, quick = Slow(), ListSink()
    with Live(CAMERA, Mug(), [slow, quick]) as live:
        assert slow.wait_for(lambda _: True, LONG)
        newest = quick.wait_for(lambda answer: answer.stats.answers >= 20, LONG)
        assert newest is not None and len(slow.answers) == 1
        slow.go_on.set()
        assert slow.wait_for(lambda answer: answer.stats.answers >= 20, LONG)
        assert slow.answers[1].stats.answers >= 20
    assert live.latest is not None
    assert slow.answers[-1] is live.latest, "the last answer was not delivered"


def test_changes_wait_for_a_sink_that_keeps_them_in_order_and_up_to_a_bound() -> None:
    queue = SinkQueue(changes_kept=3)
    for label in ("mug", "mug", "book", "mug", "mug", "duck", "duck"):
        queue.put(said(label))
    assert (queue.dropped, queue.waiting) == (1, 4)
    queue.close()
    taken = [answer.label for answer in iter(queue.take, None)]
    assert taken == ["book", "mug", "duck", "duck"], "the changes, then the newest answer"


def test_a_change_that_waits_holds_no_pixels_and_keeps_its_time() -> None:
    queue = SinkQueue(changes_kept=3)
    for at, label in enumerate(("mug", "book"), 1):
        queue.put(replace(said(label), frame=Frame(np.zeros((8, 8, 3), np.uint8), float(at), "still:")))
    first, second = queue.take(), queue.take()
    assert first is not None and second is not None and first.frame is not None and second.frame is not None
    assert (first.time, first.frame.image.size, second.time, second.frame.image.size) == (1.0, 0, 2.0, 192)


@given(st.lists(st.one_of(st.none(), st.sampled_from("abc"))), st.integers(0, 4))
def test_the_final_state_is_never_lost_and_every_change_is_taken_or_counted(puts: list[str | None], kept: int) -> None:
    queue, taken, before, changes = SinkQueue(kept), [], None, 0
    for label in puts:  # None: the sink takes one
        if label is not None:
            queue.put(said(label))
            changes, before = changes + (label != before), label
        elif queue.waiting:
            taken.append(queue.take())
    queue.close()
    taken += iter(queue.take, None)
    labels = [answer.label for answer in taken if answer is not None]
    assert labels[-1:] == [label for label in puts if label is not None][-1:]
    if kept:
        seen = sum(1 for one, other in zip([None, *labels], labels, strict=False) if one != other)
        assert seen <= changes <= len(labels) + queue.dropped


def test_the_engine_says_how_each_sink_is_doing() -> None:
    class Broken(ListSink):
        def send(self, answer: Answer) -> None:
            super().send(answer)
            raise DataError("no wire")

    broken, kept = Broken(), ListSink()
    with Live(CAMERA, Mug(), [broken, kept]) as live:
        for sink in (broken, kept):
            assert sink.wait_for(lambda answer: answer.stats.answers >= 3, LONG)
    bad, good = live.sinks
    assert (bad.connected, bad.error, bad.last_sent) == (False, "no wire", None) and bad.failing_since
    assert good.connected and good.last_sent and not good.dropped
    assert str(bad) == "Broken: failing: no wire" and str(good) == "ListSink: works"
    assert json.loads(json.dumps(bad.to_dict()))["failing_since"] == bad.failing_since


def test_a_sink_that_hangs_is_left_behind_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    class Hung(ListSink):
        def __init__(self) -> None:
            super().__init__()
            self.let_go = threading.Event()

        def send(self, answer: Answer) -> None:
            super().send(answer)
            self.let_go.wait()

    hung = Hung()
    with Live(CAMERA, Mug(), [hung], patience=0.01):
        assert hung.wait_for(lambda _: True, LONG)
    hung.let_go.set()
    assert warnings(caplog) == ["Hung does not end; it is left behind"]


def test_a_sink_can_end_the_engine_by_stopping_it_or_by_its_error() -> None:
    class Stops(ListSink):
        def send(self, answer: Answer) -> None:
            live.stop()

    class Refuses(ListSink):
        def send(self, answer: Answer) -> None:
            raise StoppedError("enough")

    for sink in (Stops(), Refuses()):
        live = Live(CAMERA, Mug(), [sink])
        live.run()
        assert sink.closed


def test_a_pin_says_that_the_model_does_not_have_its_label_and_is_off(caplog: pytest.LogCaptureFixture) -> None:
    levels: list[float] = []

    class Labelled(Mug):
        labels = ("mug",)

    class Wire:
        set = staticmethod(levels.append)

        def close(self) -> None:
            """Nothing."""

    with Live(CAMERA, Labelled(), [GpioPin("gpio:17", Wire(), "Mugg", 1.0, 0.0, 0.0), seen := ListSink()]) as live:
        assert seen.wait_for(lambda answer: answer.stats.answers >= 3, LONG)
    assert set(levels) == {0.0} and live.sinks[0].error
    (said_once,) = warnings(caplog)
    assert said_once.startswith("gpio:17 failed: on=Mugg: the model has no such label; did you mean mug? it has mug")


def test_lines_are_printed_for_changes_only_unless_every_answer_is_asked_for() -> None:
    answers = [said("mug"), said("mug"), said("mug", AnswerState.UNKNOWN), said("book", AnswerState.UNKNOWN)]
    for every, expected in ((False, ["mug", "unknown"]), (True, ["mug", "mug", "unknown", "unknown"])):
        stream = io.StringIO()
        sink = PrintedLines(lambda answer: str(answer).split("  ")[1].split(" (")[0], every=every, stream=stream)
        for answer in answers:
            sink.send(answer)
        assert stream.getvalue().splitlines() == expected


def test_a_line_for_people_says_state_label_and_score() -> None:
    lines = {answer.state: str(answer)[8:] for answer in map(said, [None] * 4, AnswerState)}
    assert lines[AnswerState.STALE] == "  stale: no picture yet"
    assert lines[AnswerState.UNKNOWN] == "  unknown"
    assert str(said("mug"))[8:] == "  mug  0.75"
    assert str(said("mug", AnswerState.UNCERTAIN))[8:] == "  uncertain (nearest: mug 0.75)"


def test_a_notebook_shows_the_frame_and_no_label_as_markup() -> None:
    frame = Frame(np.zeros((8, 8, 3), np.uint8), 1.0, "still:")
    page = replace(said("<script>"), frame=frame)._repr_html_()
    assert "<img" in page and "<script>" not in page and "&lt;script&gt;" in page
    assert "<img" not in said(None)._repr_html_()


def test_a_label_cannot_give_the_terminal_orders(capsys: pytest.CaptureFixture[str]) -> None:
    for uri in ("text:", "json:"):
        open_sink(uri).send(said("mug\n\x1b[2J"))
        line = capsys.readouterr().out
        assert line.endswith("\n") and line[:-1].isprintable()


def test_json_lines_are_appended_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "seen.jsonl"
    for label in ("mug", "book"):
        sink = open_sink(f"jsonl:{path}")
        sink.send(said(label))
        sink.close()
    documents = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(one["state"], one["label"], one["score"]) for one in documents] == [
        ("label", "mug", 0.75),
        ("label", "book", 0.75),
    ]


def test_a_line_that_was_cut_short_stays_a_line(tmp_path: Path) -> None:
    path = tmp_path / "seen.jsonl"
    path.write_text('{"label": "m')
    sink = JsonFile(path)
    sink.send(said("book"))
    sink.close()
    cut, whole = path.read_text().splitlines()
    assert cut == '{"label": "m' and json.loads(whole)["label"] == "book"


def test_a_full_disk_leaves_no_part_of_a_line_and_the_change_comes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "seen.jsonl"
    sink = JsonFile(path)
    sink.send(said("mug"))
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        write = __import__("os").write
        patch.setattr("os.write", lambda file, content: write(file, content[:10]))
        with pytest.raises(DataError, match=r"seen.jsonl: cannot be written: no space left"):
            sink.send(said("book"))
    assert path.read_bytes() == before
    sink.send(said("book"))
    assert json.loads(path.read_text().splitlines()[1])["label"] == "book"
    sink.close()


@pytest.mark.parametrize("files", [1, 3])
def test_a_file_is_rotated_before_it_is_too_large_and_the_oldest_go(tmp_path: Path, files: int) -> None:
    sink = open_sink(f"jsonl:{tmp_path}/seen.jsonl?max_mb=0.001&files={files}")
    for number in range(60):
        sink.send(said(f"thing {number}"))
    sink.close()
    paths = sorted(tmp_path.iterdir())
    assert [path.name for path in paths] == ["seen.jsonl", "seen.jsonl.1", "seen.jsonl.2"][:files]
    assert all(path.stat().st_size <= 1000 for path in paths)
    labels = [json.loads(line)["label"] for path in reversed(paths) for line in path.read_text().splitlines()]
    assert labels == [f"thing {number}" for number in range(60 - len(labels), 60)] and len(labels) > files


def test_a_rotated_file_still_has_one_writer(tmp_path: Path) -> None:
    sink = open_sink(f"jsonl:{tmp_path}/seen.jsonl?max_mb=0.001")
    for number in range(30):
        sink.send(said(f"thing {number}"))
    with pytest.raises(DataError, match="another program appends answers to it"):
        open_sink(f"jsonl:{tmp_path}/seen.jsonl")
    sink.close()


def test_two_writers_of_one_file_are_refused(tmp_path: Path) -> None:
    first = open_sink(f"jsonl:{tmp_path}/seen.jsonl")
    with pytest.raises(DataError, match="another program appends answers to it"):
        open_sink(f"jsonl:{tmp_path}/seen.jsonl")
    first.close()
    open_sink(f"jsonl:{tmp_path}/seen.jsonl").close()


def test_sinks_that_were_opened_before_a_wrong_one_are_closed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no sink of kind 'kettle'"):
        open_sinks([f"jsonl:{tmp_path}/seen.jsonl", "kettle:"])
    open_sink(f"jsonl:{tmp_path}/seen.jsonl").close()


@pytest.mark.parametrize(
    ("uri", "named"),
    [
        ("kettle:", r"no sink of kind 'kettle'; try  text:  json:  jsonl:answers.jsonl"),
        ("text", "'text' is not a sink's address"),
        ("text:here", "nothing follows text:"),
        ("text:?colour=red", "no option named 'colour'; it takes every"),
        ("jsonl:", "no file is named"),
        ("jsonl:/no/such/folder/x", "No such file or directory"),
        ("jsonl:/", "cannot be written"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_in_one_line(uri: str, named: str) -> None:
    with pytest.raises(WhatsitError, match=named) as raised:
        open_sink(uri)
    assert "\n" not in str(raised.value)


def test_every_row_can_be_opened_by_its_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for row in SINKS.rows():
        if row.example.endswith("…"):
            continue
        sink = open_sink(row.example)
        sink.send(said("mug"))
        sink.close()


def test_a_package_adds_a_sink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside_rows.install_sink(tmp_path, monkeypatch)
    Live(CAMERA, Mug(), open_sinks([f"labels:{tmp_path}/labels"])).run(count=1)
    assert (tmp_path / "labels").read_text() == "mug\nclosed\n"
    with pytest.raises(DataError, match="labels:FILE"):
        open_sink("kettle:")
