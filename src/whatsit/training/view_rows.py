"""Embeddings of several views of each picture, in little memory: a small computer has to hold thousands."""

from collections.abc import Iterator
from typing import Self

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.cache import ViewsOnDisk

Floats = NDArray[np.float32]

_ROWS = 256


class ViewRows:
    """Embeddings of ``pictures`` x ``views`` x ``dim``: the first view, the picture itself, in memory.

    The others are random variations, which training takes a few of at a time: they stay on disk where a cache has them.
    """

    def __init__(self, plain: Floats, others: Floats | ViewsOnDisk, views: int) -> None:
        self.plain = plain
        """Of the pictures themselves, shape (pictures, dim)."""
        self.views = views
        self._others = others

    @classmethod
    def empty(cls, pictures: int, views: int, dim: int) -> Self:
        """Room for embeddings, which are put in with ``rows[places] = row``."""
        others = np.empty((pictures, views - 1, dim), np.float32)
        return cls(np.empty((pictures, dim), np.float32), others, views)

    @classmethod
    def of(cls, embeddings: Floats) -> Self:
        """Of an array of shape (pictures, views, dim)."""
        rows = cls.empty(*embeddings.shape)
        for place, row in enumerate(embeddings):
            rows[place] = row.reshape(-1)
        return rows

    @property
    def shape(self) -> tuple[int, int, int]:
        """Pictures, views, dim."""
        pictures, dim = self.plain.shape
        return pictures, self.views, dim

    def __setitem__(self, places: int | list[int], row: Floats) -> None:
        """Keep the views of one picture, shape (views * dim,), at one place or several."""
        assert isinstance(self._others, np.ndarray), "what is on disk is read only"
        first, *others = row.reshape(-1, self.plain.shape[1])
        self.plain[places] = first
        if others:
            self._others[places] = np.stack(others)

    def first(self, pictures: int) -> "ViewRows":
        """Only the first pictures, in the same memory."""
        assert isinstance(self._others, np.ndarray), "what is on disk is whole"
        return ViewRows(self.plain[:pictures], self._others[:pictures], self.views)

    def pick(self, rows: NDArray[np.integer], views: NDArray[np.integer]) -> Floats:
        """One view of each of some pictures, shape (rows, dim)."""
        found: Floats = self.plain[rows]
        varied = np.flatnonzero(views)
        if isinstance(self._others, np.ndarray):
            found[varied] = self._others[rows[varied], views[varied] - 1]
        else:
            found[varied] = self._others.take(rows[varied], views[varied])
        return found

    def chunks(self) -> Iterator[Floats]:
        """All views, a few pictures at a time, each of shape (n, dim)."""
        for start in range(0, len(self.plain), _ROWS):
            some = np.arange(start, min(start + _ROWS, len(self.plain)))
            for view in range(self.views):
                yield self.pick(some, np.full(len(some), view))

    def close(self) -> None:
        """Close the file that the other views are in; the pictures' own stay."""
        if isinstance(self._others, ViewsOnDisk):
            self._others.close()


class PlainRows:
    """Takes the embeddings of several views, and keeps only those of the pictures themselves, in ``plain``."""

    def __init__(self, pictures: int, dim: int) -> None:
        self.plain = np.empty((pictures, dim), np.float32)

    def __setitem__(self, places: list[int], row: Floats) -> None:
        self.plain[places] = row[: self.plain.shape[1]]
