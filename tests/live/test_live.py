"""The live engine: the newest frame wins, two stages overlap, models change while it runs."""

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from whatsit import Classifier, PixelEmbedder, SelfLearnClassifier, TaughtModel, WhatsitError, load_image
from whatsit.cameras import Camera, CameraState, ClosingCamera, Frame, SharedCamera, open_camera
from whatsit.cameras.mailbox import Mailbox
from whatsit.errors import CameraEndedError, CameraError, DataError
from whatsit.imaging.preprocess import Preprocess
from whatsit.live.answer_state import AnswerState
from whatsit.live.engine import Answer, Live
from whatsit.live.sinks.list_sink import ListSink
from whatsit.live.smoothing import Smoothing
from whatsit.models.prediction import Prediction, Predictions

LONG = 30.0


class Handed(ClosingCamera):
    """A camera that gives the frames a test hands it, numbered by their time."""

    source = "handed:"
    dropped = 0

    def __init__(self) -> None:
        self._frames: Mailbox[Frame | type[CameraError]] = Mailbox()

    def hand(self, number: int) -> None:
        image = np.full((8, 8, 3), number % 256, np.uint8)
        self._frames.put(Frame(image, float(number), self.source))
        assert self._frames.wait_taken(LONG)

    def end(self) -> None:
        self._frames.put(CameraEndedError)

    def read(self) -> Frame:
        given = self._frames.take(LONG)
        if isinstance(given, Frame):
            return given
        raise given("over") if given is not None else CameraError("closed")

    def close(self) -> None:
        self._frames.close()


class Named:
    """A recogniser that says its own name, and can be held in the middle of a frame."""

    preprocess = Preprocess(8, 8)

    def __init__(self, name: str, score: float = 0.9) -> None:
        self.name = name
        self.score = score
        self.entered = threading.Semaphore(0)
        self.let_go = threading.Event()
        self.let_go.set()

    def classify_pixels(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Predictions:
        assert pixels.shape == (self.preprocess.height, self.preprocess.width, 3)
        self.entered.release()
        assert self.let_go.wait(LONG)
        return Predictions((Prediction(self.name, self.score, 0),)[:top_k])


class Kept(ListSink):
    """A sink that keeps everything; waiting for what never comes fails."""

    def wait_for(self, condition: Callable[[Answer], bool], timeout: float = LONG) -> Answer:
        answer = super().wait_for(condition, timeout)
        assert answer is not None, [str(answer) for answer in self.answers]
        return answer


def test_every_answer_carries_its_frames_time() -> None:
    camera, kept = Handed(), Kept()
    with Live(camera, Named("mug"), [kept]):
        for number in (3, 4, 7):
            camera.hand(number)
            answer = kept.wait_for(lambda answer, number=number: answer.time == number)  # type: ignore[misc]
            assert answer.frame is not None
            assert answer.frame.image[0, 0, 0] == number
            assert (answer.state, answer.label) == (AnswerState.LABEL, "mug")


def test_the_newest_frame_wins_while_the_recogniser_is_busy() -> None:
    camera, kept, slow = Handed(), Kept(), Named("mug")
    slow.let_go.clear()
    with Live(camera, slow, [kept]) as live:
        camera.hand(1)
        assert slow.entered.acquire(timeout=LONG)
        for number in range(2, 60):
            camera.hand(number)
        assert live.camera is not None
        assert live.camera.wait_for(lambda shared: shared.frames == 59, LONG)
        slow.let_go.set()
        kept.wait_for(lambda answer: answer.time == 59)
    # One was in hand, one prepared; everything between was passed over.
    assert len(kept.answers) <= 4
    assert [answer.time for answer in kept.answers] == sorted(answer.time for answer in kept.answers)


def test_with_a_limit_the_newest_frame_waits_for_its_turn() -> None:
    camera, kept = Handed(), Kept()
    with Live(camera, Named("mug"), [kept], fps=0.5):
        camera.hand(1)
        kept.wait_for(lambda answer: answer.time == 1)
        for number in (2, 3, 4):
            camera.hand(number)
        kept.wait_for(lambda answer: answer.time == 4)
    assert [answer.time for answer in kept.answers] == [1, 4]
    assert all(answer.state is AnswerState.LABEL for answer in kept.answers)


def test_preparing_a_frame_overlaps_recognising_the_one_before() -> None:
    camera, kept, slow = Handed(), Kept(), Named("mug")
    prepared = threading.Semaphore(0)

    class Watched(Preprocess):
        def pixels(self, image: object) -> NDArray[np.uint8]:
            prepared.release()
            return super().pixels(image)  # type: ignore[arg-type]

    slow.preprocess = Watched(8, 8)
    slow.let_go.clear()
    with Live(camera, slow, [kept]):
        camera.hand(1)
        assert slow.entered.acquire(timeout=LONG)
        assert prepared.acquire(timeout=LONG)
        camera.hand(2)
        assert prepared.acquire(timeout=LONG), "the second frame waited for the first one's answer"
        slow.let_go.set()
        kept.wait_for(lambda answer: answer.time == 2)


def test_another_model_takes_over_without_a_restart() -> None:
    camera, kept = Handed(), Kept()
    with Live(camera, Named("mug"), [kept]) as live:
        camera.hand(1)
        kept.wait_for(lambda answer: answer.label == "mug")
        other = Named("book")
        other.preprocess = Preprocess(16, 12)
        live.recogniser = other
        camera.hand(2)
        taken_over = kept.wait_for(lambda answer: answer.time == 2)
        assert (taken_over.label, taken_over.model) == ("book", 1)


def test_a_low_score_is_uncertain_and_the_threshold_moves_while_it_runs() -> None:
    camera, kept = Handed(), Kept()
    with Live(camera, Named("mug", 0.4), [kept], threshold=0.5) as live:
        camera.hand(1)
        assert kept.wait_for(lambda answer: answer.time == 1).state is AnswerState.UNCERTAIN
        live.smoothing = Smoothing(threshold=0.3)
        camera.hand(2)
        assert kept.wait_for(lambda answer: answer.time == 2).state is AnswerState.LABEL


def test_an_answer_goes_stale_once_when_frames_stop_and_recovers() -> None:
    silences = threading.Semaphore(0)

    class Listening(Live):
        def _go_stale(self) -> None:
            super()._go_stale()
            silences.release()

    camera, kept = Handed(), Kept()
    with Listening(camera, Named("mug"), [kept], stale_after=0.05):
        camera.hand(1)
        stale = kept.wait_for(lambda answer: answer.state is AnswerState.STALE and answer.time == 1)
        assert stale.label == "mug"
        for _ in range(4):
            assert silences.acquire(timeout=LONG)
        camera.hand(2)
        assert kept.wait_for(lambda answer: answer.time == 2).state is AnswerState.LABEL
    assert sum(answer.state is AnswerState.STALE and answer.time == 1 for answer in kept.answers) == 1


def test_a_recogniser_with_nothing_taught_says_unknown_without_a_label() -> None:
    class Empty(Named):
        def classify_pixels(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Predictions:
            return Predictions((), unknown=True)

    camera, kept = Handed(), Kept()
    with Live(camera, Empty(""), [kept]):
        camera.hand(1)
        answer = kept.wait_for(lambda answer: answer.time == 1)
    assert (answer.state, answer.label) == (AnswerState.UNKNOWN, None)


def test_a_recogniser_in_trouble_is_named_and_the_next_frame_is_tried() -> None:
    class Moody(Named):
        def classify_pixels(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Predictions:
            if pixels[0, 0, 0] == 1:
                self.entered.release()
                raise DataError("not taught yet")
            return super().classify_pixels(pixels, top_k)

    camera, kept, moody = Handed(), Kept(), Moody("mug")
    with Live(camera, moody, [kept]) as live:
        camera.hand(1)
        assert moody.entered.acquire(timeout=LONG)
        camera.hand(2)
        assert kept.wait_for(lambda answer: answer.time == 2).label == "mug"
        assert live.error is None


def test_it_ends_with_the_recording_after_answering_the_last_frame() -> None:
    camera, kept = Handed(), Kept()
    live = Live(camera, Named("mug"), [kept]).start()
    camera.hand(5)
    camera.end()
    assert live.wait(LONG)
    live.stop()
    assert kept.answers[-1].time == 5


def test_stopping_closes_its_own_camera_and_leaves_a_shared_one_running() -> None:
    own: Camera = open_camera("synthetic:?fps=0&size=64x48")
    with Live(own, Named("mug")) as live:
        assert live.camera is not None
        assert live.camera.wait_for(lambda camera: camera.frames > 2, LONG)
    assert live.camera.state is CameraState.CLOSED

    with SharedCamera(open_camera("synthetic:?fps=0&size=64x48")) as shared:
        with Live(shared, Named("mug")), Live(shared, Named("book")):
            assert shared.wait_for(lambda camera: camera.frames > 2, LONG)
        assert shared.state is CameraState.LIVE


def test_the_answers_can_be_iterated_over_and_leaving_the_loop_releases_the_camera() -> None:
    camera = open_camera("synthetic:?fps=0&size=64x48")
    times = []
    for answer in Live(camera, Named("mug")):
        times.append(answer.time)
        assert answer.label == "mug"
        if len(times) == 3:
            break
    assert times == sorted(set(times))
    with pytest.raises(CameraError, match="closed"):
        camera.read()


def test_a_busy_loop_gets_the_newest_answer() -> None:
    camera, kept = Handed(), Kept()
    with Live(camera, Named("mug"), [kept]) as live:
        answers = iter(live)
        camera.hand(1)
        assert next(answers).time == 1
        for number in (2, 3, 4):
            camera.hand(number)
            kept.wait_for(lambda answer, number=number: answer.time == number)  # type: ignore[misc]
        assert next(answers).time == 4


def test_the_loop_ends_with_the_recording() -> None:
    class Brief(Handed):
        frames = iter((1, 2))

        def read(self) -> Frame:
            for number in self.frames:
                return Frame(np.zeros((8, 8, 3), np.uint8), float(number), self.source)
            raise CameraEndedError("over")

    assert [answer.time for answer in Live(Brief(), Named("mug"))][-1] == 2


def test_changes_are_the_answers_that_differ_in_label_or_state() -> None:
    class Alternating(Named):
        def classify_pixels(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Predictions:
            name = "mug" if pixels[0, 0, 0] < 10 else "book"
            return Predictions((Prediction(name, 0.9, 0),))

    camera, kept = Handed(), Kept()
    live = Live(camera, Alternating(""), [kept], smoothing=Smoothing(seconds=0))
    told = []

    def reading() -> None:
        told.extend((answer.label, answer.time) for answer in live.changes())

    reader = threading.Thread(target=reading)
    reader.start()
    for number in (1, 2, 11, 12, 3):
        camera.hand(number)
        kept.wait_for(lambda answer, number=number: answer.time == number)  # type: ignore[misc]
    camera.end()
    reader.join(LONG)
    labels = [label for label, _ in told]
    assert labels[0] == "mug" and labels[-1] == "mug"
    assert all(one != other for one, other in pairwise(labels))


def test_a_run_ends_after_exactly_the_frames_asked_for() -> None:
    kept = Kept()
    live = Live("synthetic:?fps=0&size=64x48", Named("mug"), [kept])
    live.run(count=7, seconds=LONG)
    assert live.stats.answers == kept.answers[-1].stats.answers == 7
    assert kept.closed


@pytest.mark.parametrize("use", [list, lambda live: live.run()], ids=["iterated", "run"])
def test_a_camera_that_fails_is_an_error_not_an_early_end(use: Callable[[Live], object], tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no video" * 100)
    with pytest.raises(CameraError, match="not a video"):
        use(Live(f"file:{tmp_path}/broken.mp4", Named("mug")))


@pytest.mark.parametrize("use", [list, lambda live: live.run()], ids=["iterated", "run"])
def test_a_recogniser_that_breaks_is_an_error_in_one_line(use: Callable[[Live], object]) -> None:
    class Breaks(Named):
        def classify_pixels(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Predictions:
            raise ZeroDivisionError("by\nzero")

    with pytest.raises(WhatsitError, match="stopped: ZeroDivisionError: by zero") as raised:
        use(Live("synthetic:?size=64x48", Breaks("mug")))
    assert isinstance(raised.value.__cause__, ZeroDivisionError)


def test_an_engine_is_started_once() -> None:
    live = Live("synthetic:?size=64x48", Named("mug"))
    with live, pytest.raises(WhatsitError, match="make a new one"):
        live.start()


def test_what_was_taught_recognises_as_it_is(taught: TaughtModel, photographs: dict[str, Path]) -> None:
    learner = SelfLearnClassifier(PixelEmbedder(), dual_buff=False)
    for label, path in photographs.items():
        learner.add_class(path, label=label)
    for model in (learner, taught, Classifier(taught.to_tflite())):
        live = Live(Still(photographs["china"]), model)
        live.run(count=1)
        assert live.latest is not None and live.latest.label == "china"


class Still(ClosingCamera):
    """A camera in front of a photograph."""

    source = "still:"
    dropped = 0

    def __init__(self, path: Path) -> None:
        self._image = np.asarray(load_image(path))

    def read(self) -> Frame:
        return Frame(self._image, time.time(), self.source)

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("arguments", "settings", "named"),
    [
        (("toaster:", Named("")), {}, "no camera of kind 'toaster'"),
        (("browser:", Named("")), {}, "whatsit studio --camera browser:"),
        (("synthetic:", 3), {}, "model 3: expected a classifier"),
        (("synthetic:", "missing.tflite"), {}, "missing.tflite"),
        (("synthetic:", Named("")), {"threshold": 2}, "threshold 2"),
        (("synthetic:", Named("")), {"top_k": 0}, "top_k 0"),
        (("synthetic:", Named("")), {"fps": 0}, "fps 0: expected a number above 0"),
    ],
)
def test_a_wrong_argument_is_refused_in_one_line(
    arguments: tuple[str, object], settings: dict[str, float], named: str
) -> None:
    with pytest.raises(WhatsitError, match=named) as raised:
        Live(*arguments, **settings)  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)
