"""A frame that shows exactly what the one before it did has the same answer: the network need not run again."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from whatsit.live.recogniser import Recogniser
from whatsit.models.prediction import Predictions


@runtime_checkable
class Repeatable(Recogniser, Protocol):
    """A recogniser that says when the same pixels have the same answer; ``Classifier`` and what is taught do.

    One that does not is asked about every frame.
    """

    @property
    def knowledge(self) -> object:
        """What it answers by: while this is the same object, the same pixels have the same answer."""


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    recogniser: Recogniser
    knowledge: object
    pixels: NDArray[np.uint8]
    top_k: int
    predictions: Predictions


class Repeats:
    """Asks recognisers, and remembers the last answer.

    Args:
        recognise_all: ask every time.
    """

    def __init__(self, recognise_all: bool = False) -> None:
        self._recognise_all = recognise_all
        self._last: _Asked | None = None

    def classify(self, recogniser: Recogniser, pixels: NDArray[np.uint8], top_k: int) -> tuple[Predictions, bool]:
        """The classes of a prepared frame, and whether that is the last answer again.

        The prepared pixels are compared, all of them: that is exact, takes microseconds, and finds a frame the same
        that differs only in what the network does not get to see. A camera that adds noise never gives two such frames.

        Raises:
            WhatsitError: as ``classify_pixels``.
        """
        knowledge = None if self._recognise_all else _knowledge(recogniser)
        last = self._last
        if (
            last is not None
            and (last.recogniser is recogniser and last.knowledge is knowledge and last.top_k == top_k)
            and np.array_equal(last.pixels, pixels)
        ):
            return last.predictions, True
        predictions = recogniser.classify_pixels(pixels, top_k)
        self._last = None
        # Somebody may have taught it more in between: then this answer is of the one or the other.
        if knowledge is not None and _knowledge(recogniser) is knowledge:
            # A copy: a camera could write its next frame where this one is.
            self._last = _Asked(recogniser, knowledge, pixels.copy(), top_k, predictions)
        return predictions, False


def _knowledge(recogniser: Recogniser) -> object:
    return recogniser.knowledge if isinstance(recogniser, Repeatable) else None
