"""A classifier's answer: labels with scores, and whether the picture resembles anything taught."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import overload

import numpy as np
from numpy.typing import NDArray

from whatsit.validation import whole_number


@dataclass(frozen=True, slots=True)
class Prediction:
    """One class and its score."""

    label: str
    score: float
    """0..1"""
    index: int
    """The class's place in the model's output."""


@dataclass(frozen=True, slots=True)
class Predictions(Sequence[Prediction]):
    """The best classes for one picture, best first: a sequence of ``Prediction``.

    ``unknown`` is a flag beside the scores, never a label instead of them: the nearest classes can always be seen.
    """

    items: tuple[Prediction, ...]
    """Best first."""
    unknown: bool = False
    """True where ``strangeness`` is above 1, and where nothing was taught yet."""
    distance: float | None = None
    """Distance to the nearest class: 0..2 between L2-normalised embeddings for a model file, raw for features taught by
    ``FewShotClassifier`` and ``SelfLearnClassifier``; None for models without prototypes."""
    image: object | None = field(default=None, compare=False, repr=False)
    """The picture as it was given, to be shown in a notebook; ignored when answers are compared."""
    distances: tuple[float, ...] = ()
    """Raw Euclidean distances to the classes in ``items``, smaller is more alike; empty for model files."""
    strangeness: float | None = None
    """How little the picture resembles what was taught: about 0.5 for a usual picture of a taught class, above 1 is
    unknown, without end; None for models that never say unknown."""
    unknown_by: str = ""
    """Why it is unknown: ``far`` (unlike everything taught), ``near`` (like taught things, but fits no class),
    ``marked`` (like a stranger that a person marked), ``distance`` (by the rule of earlier versions); else empty."""
    milliseconds: float | None = field(default=None, compare=False, repr=False)
    """What the network took for this picture; decoding and preparing are not counted. None where it was not measured;
    ignored when answers are compared."""

    @overload
    def __getitem__(self, index: int) -> Prediction: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Prediction]: ...
    def __getitem__(self, index: int | slice) -> Prediction | Sequence[Prediction]:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self.items)

    def _repr_html_(self) -> str:
        from whatsit.models.notebook import predictions_html

        return predictions_html(self)


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """An answer with what it was made from."""

    predictions: Predictions
    distances: tuple[float, ...] = ()
    """Distance to each class of ``predictions``, 0..2 between L2-normalised embeddings; empty without prototypes."""
    embedding: NDArray[np.float32] | None = None
    """Of the last layer, L2-normalised, shape (dim,); None for models without prototypes."""


def top_k(scores: NDArray[np.float32], labels: Sequence[str], k: int) -> tuple[Prediction, ...]:
    """The ``k`` highest of ``scores`` (shape (classes,), 0..1), best first; equal scores keep the model's order.

    Raises:
        ArgumentError: ``k`` is less than 1.
    """
    k = whole_number(k, "top_k")
    order = _highest(scores, k) if k <= 16 else np.argsort(-scores, kind="stable")[:k].tolist()
    return tuple(Prediction(labels[i], float(scores[i]), i) for i in order)


def _highest(scores: NDArray[np.float32], k: int) -> list[int]:
    # A few passes beat sorting; argmax gives the first of equals, of which quantised scores have many.
    left, order = scores.copy(), []
    for _ in range(min(k, len(left))):
        best = int(left.argmax())
        order.append(best)
        left[best] = -np.inf
    return order


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores 0..1 that sum to 1, for logits of shape (classes,); no overflow however large they are."""
    weights = np.exp(logits - logits.max())
    return np.asarray(weights / weights.sum(), np.float32)
