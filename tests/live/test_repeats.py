"""A still scene: a frame that shows exactly what the one before did is not recognised again, but counts."""

import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from whatsit import Classifier, FewShotClassifier, Hold, ListSink, Live, PixelEmbedder, Smoothing, TaughtModel
from whatsit.cameras import ClosingCamera, Frame
from whatsit.datasets.project import Project
from whatsit.errors import DataError
from whatsit.imaging.preprocess import Preprocess
from whatsit.live.repeats import Repeats
from whatsit.models.prediction import Prediction, Predictions

GREY = np.full((8, 8, 3), 90, np.uint8)
DARK = np.full((8, 8, 3), 20, np.uint8)


class Shown(ClosingCamera):
    """A camera that gives each of these pictures until it was recognised so many times, a tenth of a second apart."""

    source = "shown:"
    dropped = 0

    def __init__(self, pictures: Iterable[NDArray[np.uint8]]) -> None:
        self._pictures = iter(pictures)
        self._begin, self._number = time.time(), 0

    def read(self) -> Frame:
        self._number += 1
        return Frame(next(self._pictures), self._begin + self._number / 10, self.source)

    def close(self) -> None:
        pass


class Asked:
    """A recogniser that counts how often it is asked; it knows *dark* and *light*."""

    preprocess = Preprocess(8, 8)

    def __init__(self) -> None:
        self.knowledge: object = "dark and light"
        self.times = 0

    def classify_pixels(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Predictions:
        self.times += 1
        return Predictions((Prediction("dark" if pixels.mean() < 50 else "light", 0.9, 0),))


def endless(picture: NDArray[np.uint8]) -> Iterable[NDArray[np.uint8]]:
    while True:
        yield picture.copy()


def test_a_still_scene_is_recognised_once_and_answered_for_every_frame() -> None:
    asked, sink = Asked(), ListSink()
    live = Live(Shown(endless(GREY)), asked, [sink])
    live.run(count=6)
    assert (asked.times, live.stats.answers, live.stats.repeated) == (1, 6, 5)
    assert live.latest is not None and live.latest.repeated and live.latest.label == "light"
    assert live.latest.to_dict()["repeated"] is True
    assert live.latest.frame is not None and live.latest.frame.time == live.latest.time  # its own frame, not the first


def test_on_request_every_frame_is_recognised() -> None:
    asked = Asked()
    live = Live(Shown(endless(GREY)), asked, recognise_all=True)
    live.run(count=6)
    assert (asked.times, live.stats.repeated) == (6, 0)


def test_three_in_a_row_counts_frames_of_a_still_scene() -> None:
    live = Live(Shown(endless(GREY)), Asked(), smoothing=Smoothing(hold=Hold(frames=3)))
    live.run(count=2)
    assert live.latest is not None and live.latest.state == "uncertain"
    live = Live(Shown(endless(GREY)), Asked(), smoothing=Smoothing(hold=Hold(frames=3)))
    live.run(count=3)
    assert live.latest is not None and live.latest.state == "label"


def test_one_pixel_that_differs_is_another_frame() -> None:
    asked, repeats = Asked(), Repeats()
    other = GREY.copy()
    other[7, 7, 2] += 1
    assert [repeats.classify(asked, pixels, 5)[1] for pixels in (GREY, GREY.copy(), other, other, GREY)] == [
        False, True, False, True, False,
    ]  # fmt: skip
    assert asked.times == 3


def test_a_camera_that_writes_every_frame_into_one_array_is_not_mistaken_for_a_still_scene() -> None:
    asked, repeats = Asked(), Repeats()
    buffer = GREY.copy()
    repeats.classify(asked, buffer, 5)
    buffer[:] = DARK
    found, repeated = repeats.classify(asked, buffer, 5)
    assert (found[0].label, repeated) == ("dark", False)


def test_what_is_taught_in_between_counts_at_once() -> None:
    things, repeats = FewShotClassifier(PixelEmbedder()), Repeats()
    things.add(GREY, "light")
    assert [repeats.classify(things, things.preprocess.pixels(DARK), 5)[1] for _ in range(2)] == [False, True]
    things.add(DARK, "dark")
    found, repeated = repeats.classify(things, things.preprocess.pixels(DARK), 5)
    assert (found[0].label, repeated) == ("dark", False)


def test_an_answer_during_which_something_was_taught_is_not_kept() -> None:
    class Taught(Asked):
        def classify_pixels(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Predictions:
            found = super().classify_pixels(pixels, top_k)
            if self.times == 1:
                self.knowledge = "more"
            return found

    asked, repeats = Taught(), Repeats()
    assert [repeats.classify(asked, GREY, 5)[1] for _ in range(3)] == [False, False, True]


def test_a_recogniser_that_does_not_say_what_it_answers_by_is_asked_about_every_frame() -> None:
    class Counts:
        """Its answer depends on more than the picture."""

        preprocess = Preprocess(8, 8)
        times = 0

        def classify_pixels(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Predictions:
            self.times += 1
            return Predictions((Prediction(str(self.times), 0.9, 0),))

    live = Live(Shown(endless(GREY)), Counts(), smoothing=Smoothing(seconds=0))
    live.run(count=4)
    assert live.latest is not None and live.latest.label == "4"


def test_the_answer_again_is_the_answer_of_a_model_file(taught: TaughtModel, photographs: dict[str, Path]) -> None:
    classifier, repeats = Classifier(taught.to_tflite()), Repeats()
    pixels = classifier.preprocess.pixels(photographs["china"])
    first, again = (repeats.classify(classifier, pixels, 5) for _ in range(2))
    assert again == (first[0], True) and again[0] == classifier.classify_pixels(pixels)


def test_a_project_can_ask_for_every_frame(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (tmp_path / "whatsit.toml").write_text("recognise_all = true\n")
    assert Project(tmp_path).settings.recognise_all
    assert not project.settings.recognise_all
    (tmp_path / "whatsit.toml").write_text("recognise_all = 1\n")
    with pytest.raises(DataError, match="recognise_all = 1: expected true or false"):
        Project(tmp_path)
