"""What a row of the learners' table is: a name, and a function from embeddings and labels to a head."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import PluginError
from whatsit.heads.linear import LinearHead


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
