"""What a person asks about a picture, and says about the answer."""

import time
from collections.abc import Callable
from concurrent.futures import Future

from typing_extensions import TypedDict

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.label import UNLABELLED
from whatsit.errors import CameraError, ImageError
from whatsit.heads.exemplars import Exemplars
from whatsit.imaging.image import ImageLike
from whatsit.models.corrected import Seen
from whatsit.studio.gallery import ID_DIGITS
from whatsit.studio.lessons.corrections import Corrections
from whatsit.studio.lessons.learner import Learner
from whatsit.studio.watching.feed import KEPT_QUALITY, Feed, encode
from whatsit.studio.watching.guard import Guard, Kept
from whatsit.studio.watching.held import MAX_BYTES, Held, HeldPicture
from whatsit.studio.watching.models import Models
from whatsit.studio.watching.recognition import AnswerView, Recognition


class PictureAnswer(TypedDict):
    """A picture that is held, and the model's answer about it."""

    picture: str
    """Its id."""
    answer: AnswerView


class CorrectedValues(TypedDict):
    """What a correction came to."""

    label: str | None
    counts: bool
    """Whether the model's answers follow at once; one that gives no embedding learns it in the next training."""
    answer: AnswerView
    """About the same picture, now."""


class Asking:
    """Holds pictures, answers about them, and takes corrections.

    Args:
        dataset: what corrections are kept in.
        corrections: follows them.
        models: what answers.
        guard: judges the dataset's pictures again after a correction.
        settle: runs what it is given on the thread of the models.
        feed: the camera's frames.
    """

    def __init__(
        self,
        dataset: Dataset,
        corrections: Corrections,
        models: Models,
        guard: Guard,
        settle: Callable[[Callable[[], None]], "Future[None]"],
        feed: Feed,
    ) -> None:
        self._dataset = dataset
        self._corrections = corrections
        self._models = models
        self._guard = guard
        self._settle = settle
        self._feed = feed
        self._held = Held()
        self._judging: object = None
        self._seen: dict[str, Seen] = {}
        """What the model that was judged last, ``_judging``, sees of pictures, by their content."""

    def hold(self, model: str) -> PictureAnswer:
        """Keep the frame of the newest answer, to be looked at and corrected.

        Raises:
            CameraError: there is none.
            DataError: the model is not open.
        """
        recognition = self._models.get(model)
        latest = recognition.latest
        if latest is None or latest.frame is None:
            raise CameraError("there is no answer yet; wait for the camera's picture")
        content = encode(latest.frame, None, KEPT_QUALITY)
        return self._answered(recognition, HeldPicture(content, latest.frame.source, latest.frame.time))

    def ask(self, model: str, content: bytes) -> PictureAnswer:
        """Keep a picture that somebody chose, and answer about it.

        Raises:
            ImageError: it cannot be read or is too large.
            DataError: the model is not open.
        """
        if len(content) > MAX_BYTES:
            raise ImageError(f"picture of {len(content):,} bytes: at most {MAX_BYTES:,}; make it smaller first")
        return self._answered(self._models.get(model), HeldPicture(content, "", time.time()))

    def picture(self, id_: str) -> bytes:
        """A picture that is held.

        Raises:
            DataError: it is not one of the latest.
        """
        return self._held.get(id_).content

    def again(self, model: str, id_: str) -> PictureAnswer:
        """The answer about a held picture as it is now.

        Raises:
            DataError: the picture is not held, or the model is not open.
        """
        return {"picture": id_, "answer": self._models.get(model).answer(self.picture(id_))}

    def shown(self, model: str, frame: float | None, held: str | None) -> ImageLike:
        """A held picture by its id, else the frame of one of the latest answers by its time, else the newest.

        Raises:
            CameraError: the camera gives no picture.
            DataError: it is not kept any more, or the model is not open.
        """
        if held is not None:
            return self.picture(held)
        return (self._feed.newest(time.time()) if frame is None else self._models.get(model).frame(frame)).image

    def correct(self, model: str, id_: str, label: str | None) -> CorrectedValues:
        """Say what a held picture is; it is on disk and in the answers when this returns.

        Raises:
            DataError: the picture is not held, the label cannot be used, or the disk is full; nothing is changed.
        """
        held = self._held.get(id_)
        return self.correct_picture(model, held.content, label, source=held.source, taken=held.time)

    def correct_picture(
        self, model: str, content: bytes, label: str | None, *, source: str, taken: float
    ) -> CorrectedValues:
        """The same of any picture.

        Raises:
            ImageError: it cannot be read.
            DataError: as ``correct``.
        """
        recognition = self._models.get(model)
        before = recognition.exemplars
        kept = self._corrections.correct(content, label, source=source, time=taken)
        self._settle(lambda: None).result()  # the models follow on their thread
        self._judge(recognition, kept, before)
        counts = recognition.see(content).unit is not None
        return {"label": label, "counts": counts, "answer": recognition.answer(content)}

    def _answered(self, recognition: Recognition, picture: HeldPicture) -> PictureAnswer:
        answer = recognition.answer(picture.content)
        return {"picture": self._held.put(picture), "answer": answer}

    def _judge(self, recognition: Recognition, kept: Picture, before: Exemplars) -> None:
        base = recognition.base
        if self._judging is not base:
            self._judging, self._seen = base, {}
        remembered = self._seen

        def pictures() -> list[Kept]:
            found = [
                Kept(one.key, one.hash, one.label)
                for one in self._dataset.pictures()
                if not one.error and one.label != UNLABELLED and one.key != kept.key
            ]
            if isinstance(base, Learner) and not remembered:
                self._corrections.recall(one.hash for one in found)
            return found

        def see(one: Kept) -> Seen:
            if one.hash not in remembered:
                path = self._dataset.root / one.key
                if isinstance(base, Learner):
                    remembered[one.hash] = base.see_embedding(self._corrections.embedding(one.hash, path))
                else:
                    remembered[one.hash] = base.see(base.preprocess.pixels(path))
            return remembered[one.hash]

        self._guard.judge(self._dataset.edits, pictures, see, before, recognition.exemplars, ID_DIGITS)
