"""What a row of the learners' table is: a name, and a function from embeddings and labels to a head."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import PluginError
from whatsit.heads.linear import LinearHead
from whatsit.plugins import EXTRAS


@dataclass(frozen=True, slots=True)
class Learner:
    """A way to fit a linear head in closed form or by a solver, without epochs.

    Example::

        MEDOID = Learner("medoid", "the nearest class medoid", my_function)
    """

    name: str
    description: str
    """One line for ``--help``, without a full stop."""
    fit: Callable[..., LinearHead]
    """From raw embeddings, shape (pictures, dim), and the label of each to a head whose labels are sorted."""
    strengths: tuple[float, ...] = ()
    """The values of ``regularisation`` to choose from; empty: ``fit`` takes no such argument."""
    held_out: Callable[..., Mapping[float | None, NDArray[np.float32]]] | None = None
    """A quick ``held_out_scores``, asked for at least one strength; None: ``fit`` is called for each and each fold."""
    extra: str | None = None
    """The extra of whatsit that ``fit`` needs; None: none."""

    def check(self) -> None:
        """Refuse to learn before pictures are embedded for it.

        Raises:
            MissingExtraError: what it needs is not installed.
        """
        if self.extra is not None:
            EXTRAS[self.extra].check(f"the learner {self.name!r}")

    def __call__(
        self, embeddings: NDArray[np.float32], targets: Sequence[str], regularisation: float | None = None
    ) -> LinearHead:
        """``fit``, its answer checked: a package can supply the function.

        Args:
            embeddings: raw, shape (pictures, dim).
            targets: the label of each.
            regularisation: one of ``strengths``, or another of their kind; None: as ``fit`` has it.

        Raises:
            PluginError: the head is of other classes, of another size, or not of finite numbers.
        """
        chosen: dict[str, Any] = {} if regularisation is None else {"regularisation": regularisation}
        head = self.fit(embeddings, targets, **chosen)
        if not isinstance(head, LinearHead):
            raise PluginError(f"learner {self.name!r}: gave a {type(head).__name__}, expected a LinearHead")
        labels, inputs = tuple(sorted(set(targets))), embeddings.shape[1]
        if head.labels != labels:
            raise PluginError(f"learner {self.name!r}: its head is not of the labels taught, in sorted order")
        first, last = (head if head.hidden is None else head.hidden), head.weights
        shapes = first.weights.shape[1], last.shape[0], head.bias.shape
        if shapes != (inputs, len(labels), (len(labels),)):
            raise PluginError(f"learner {self.name!r}: weights of shape {last.shape} for {len(labels)} x {inputs}")
        if not (np.isfinite(head.weights).all() and np.isfinite(head.bias).all()):
            raise PluginError(f"learner {self.name!r}: its head holds numbers that are not finite")
        return head

    def held_out_scores(
        self,
        embeddings: NDArray[np.float32],
        targets: Sequence[str],
        folds: NDArray[np.int64],
        strengths: Sequence[float],
        total: int,
    ) -> Mapping[float | None, NDArray[np.float32]]:
        """Scores of each picture by heads that were fitted without its fold, shape (pictures, classes), by strength.

        Args:
            embeddings: raw, shape (pictures, dim).
            targets: the label of each.
            folds: from 1, the fold of each picture; 0: it is never held out, and its row is not to be used. Without
                any one fold all classes are left.
            strengths: the values of ``regularisation`` to compare; empty: the learner's usual, the key is None.
            total: pictures that the head will be fitted on in the end, of which these are a sample.
        """
        if self.held_out is not None:
            return self.held_out(embeddings, targets, folds, strengths or (None,), total)
        names = np.asarray(targets)
        found: dict[float | None, NDArray[np.float32]] = {}
        for strength in strengths or (None,):
            scores = np.zeros((len(names), len(np.unique(names))), np.float32)
            for fold in np.unique(folds[folds > 0]):
                head = self(embeddings[folds != fold], names[folds != fold].tolist(), strength)
                scores[folds == fold] = head.scores(embeddings[folds == fold])
            found[strength] = scores
        return found
