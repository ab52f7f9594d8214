"""Taking pictures for the dataset, class by class."""

from collections import deque
from dataclasses import dataclass, replace

from typing_extensions import TypedDict

from whatsit.datasets.dataset import Dataset
from whatsit.datasets.label import RESERVED, check_label
from whatsit.datasets.split import Split
from whatsit.errors import DataError

MANY = 5
"""From how many pictures of a class on another press is asked for, where none is held out."""
KEPT = 60
"""How many of the latest pictures can be shown and taken back."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One picture just taken. ``id`` is its place in this run of the studio, from 1."""

    id: int
    label: str
    key: str
    hash: str


class TakenView(TypedDict):
    """One of the latest pictures."""

    id: int
    label: str


class CollectionView(TypedDict):
    """The WebSocket message ``collection``."""

    counts: dict[str, int]
    """Label -> the number of its pictures in the dataset."""
    one_go: list[str]
    """Labels whose pictures, ``MANY`` or more, are all training pictures: one press, or several much the same."""
    latest: list[TakenView]
    """Oldest first."""


class Collection:
    """Pictures into ``dataset/<label>/``; each is on disk before ``take`` returns. Threads take turns."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._taken: deque[Taken] = deque(maxlen=KEPT)
        self._count = 0

    @property
    def latest(self) -> tuple[Taken, ...]:
        """The latest pictures of this run, oldest first, where they lie now; without those that are gone."""
        taken = tuple(self._taken)
        files = self._dataset.whereabouts((one.hash for one in taken), ())
        keys = {file.key: file for file in files}
        by_hash = {file.hash: file for file in reversed(files)}
        there = [(one, keys.get(one.key) or by_hash.get(one.hash)) for one in taken]
        return tuple(replace(one, label=file.label, key=file.key) for one, file in there if file is not None)

    def view(self) -> CollectionView:
        """What the dataset holds and what was taken last."""
        counts = self._dataset.counts()
        sums = {label: sum(counts[label].values()) for label in counts if label not in RESERVED}
        one_go = [label for label in sums if sums[label] >= MANY and counts[label][Split.TRAINING] == sums[label]]
        return {"counts": sums, "one_go": one_go, "latest": [{"id": one.id, "label": one.label} for one in self.latest]}

    def take(self, picture: bytes, label: str, *, source: str, burst: str, time: float) -> Taken:
        """Keep one picture.

        Args:
            picture: an encoded file.
            label: its class, made where it is new.
            source: the camera's address.
            burst: pictures of one press share this word, and so one side of the split and one undo.
            time: when it was taken, in seconds since 1970.

        Raises:
            DataError: the label cannot be used or the disk is full.
            ImageError: the picture cannot be read.
        """
        with self._dataset.editing():
            kept = self._dataset.add(picture, check_label(label), source=source, burst=burst, time=time)
            self._count += 1
            taken = Taken(self._count, label, kept.key, kept.hash)
            self._taken.append(taken)
            return taken

    def take_back(self, taken_id: int) -> Taken:
        """Remove a picture just taken; undo brings it back.

        Raises:
            DataError: it is not one of the latest, or is gone already.
        """
        with self._dataset.editing():
            taken = self.find(taken_id)
            self._dataset.delete([taken.key])
            return taken

    def find(self, taken_id: int) -> Taken:
        """One of the latest pictures.

        Raises:
            DataError: it is not one of them.
        """
        for taken in self.latest:
            if taken.id == taken_id:
                return taken
        raise DataError(f"picture {taken_id}: not one of the latest {KEPT} taken in this run, or gone")
