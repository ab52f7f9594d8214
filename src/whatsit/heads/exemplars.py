"""Corrected pictures beside what was learnt: each decides about what looks like it, and about nothing else.

A mean of hundreds of pictures hardly moves for one more. So a corrected picture is remembered by itself, as in
nearest-neighbour classification (Cover and Hart 1967), and speaks where a new one is clearly nearer to it than to the
mean of any class. Everything else is answered exactly as before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from whatsit.heads.unknown import normalised

REACH = 0.85
"""A corrected picture decides where it is nearer than this part of the distance to the nearest mean of a class.

Measured on photographs of clothing that were classified wrong (``benchmarks/figures/corrections.py``): at 0.85
97 % of other frames of the same scene, cropped, turned and lit otherwise, follow the correction, and none of 3,068
taught pictures is lost; at 1 every third correction costs one, at 0.7 every sixth frame stays wrong.
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a corrected picture says about another one."""

    label: str | None
    """None: none of the classes."""
    score: float
    """1 for the picture itself, 0.5 at the end of its reach."""
    distance: float
    """To the corrected picture, between L2-normalised embeddings, 0..2."""
    name: str = ""
    """Which picture it is, as in ``Exemplars.names``; empty where they have none."""


@dataclass(frozen=True, eq=False)
class Exemplars:
    """Corrected pictures by their embeddings, the newest first."""

    unit: NDArray[np.float32]
    """L2-normalised, shape (n, dim)."""
    labels: tuple[str | None, ...]
    """What each of them is; None: none of the classes."""
    names: tuple[str, ...] = ()
    """Which picture each of them is, such as the hash of its content; empty where nobody needs it."""

    @classmethod
    def of(
        cls, embeddings: Sequence[NDArray[np.float32]], labels: Sequence[str | None], names: Sequence[str] = ()
    ) -> Self:
        """From embeddings, raw or normalised, the oldest first."""
        if not embeddings:
            return cls(np.zeros((0, 0), np.float32), ())
        return cls(normalised(np.array(embeddings[::-1], np.float32)), tuple(labels[::-1]), tuple(names[::-1]))

    def __len__(self) -> int:
        return len(self.labels)

    def but(self, other: "Exemplars") -> "Exemplars":
        """Those that only one of the two has: pictures that none of these reaches are answered alike by both."""
        mine, its = self._rows(), other._rows()
        rows = [*(mine.keys() - its.keys()), *(its.keys() - mine.keys())]
        return Exemplars.of([{**mine, **its}[row] for row in rows], [label for _, label in rows])

    def _rows(self) -> dict[tuple[bytes, str | None], NDArray[np.float32]]:
        return {(row.tobytes(), label): row for row, label in zip(self.unit, self.labels, strict=True)}

    def verdict(self, unit: NDArray[np.float32], nearest: float) -> Verdict | None:
        """What the nearest corrected picture says; None where it is too far away to say anything.

        Args:
            unit: the L2-normalised embedding of a picture, shape (dim,).
            nearest: its distance to the nearest mean of a class.
        """
        if not self.labels:
            return None
        away = np.linalg.norm(self.unit - unit, axis=1)
        best = int(away.argmin())
        distance, reach = float(away[best]), REACH * nearest
        if distance >= reach:
            return None
        name = self.names[best] if self.names else ""
        return Verdict(self.labels[best], 1 - (distance / reach) ** 2 / 2, distance, name)


NOTHING = Exemplars(np.zeros((0, 0), np.float32), ())
"""No corrected pictures."""
