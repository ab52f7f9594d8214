"""What each edit of a dataset would do, as values: reads the catalogue, changes nothing."""

import time as clock
from collections.abc import Callable, Iterable, Sequence
from itertools import count

from whatsit.datasets.arrival import Arrival
from whatsit.datasets.catalogue import Catalogue, Picture, PictureLike
from whatsit.datasets.correction import kind_of
from whatsit.datasets.edit import Edit, EditKind
from whatsit.datasets.label import RESERVED, UNLABELLED, check_label, folder_name, refuse_twin
from whatsit.datasets.near_copy import NearCopies
from whatsit.datasets.placement import Newcomer, place
from whatsit.datasets.places import TRASH
from whatsit.datasets.split import DecidedBy, Split, SplitRatios, split_of
from whatsit.datasets.splits_csv import SplitRecord
from whatsit.errors import DataError
from whatsit.validation import first_few, short

_counter = count()
"""Tells paths apart that are made within one tick of the clock."""


class Plans:
    """Edits that a caller may still add to, and gives to ``Dataset.perform``; the caller holds ``Dataset.editing``.

    Every method raises DataError for a picture or class that is not there and for a label or split that cannot be
    used. An edit that would change nothing ``is_nothing``.
    """

    def __init__(self, catalogue: Catalogue, near: NearCopies, ratios: Callable[[], SplitRatios]) -> None:
        self._catalogue = catalogue
        self._near = near
        self._ratios = ratios

    def add(self, newcomer: Newcomer, name: str) -> tuple[Edit, str]:
        """One new picture, moved from a path in the trash, where undo puts it again; the second value is its key."""
        label = newcomer.label
        folder = self._catalogue.folder_for(label)
        path = self._catalogue.free_path(folder, name, newcomer.hash)
        makes = () if folder.is_dir() else (self._relative(folder.name),)
        key = f"{folder.name}/{path.name}"
        moves = ((trashed(path.name), self._relative(key)),)
        return Edit(kind_of(newcomer.source, label), 1, to=label, moves=moves, makes=makes), key

    def add_all(self, arrivals: Sequence[Arrival]) -> Edit:
        """Many new pictures, each moved from a path in the trash, in their order."""
        taken: dict[str, set[str]] = {}
        moves, makes = [], []
        for arrival in arrivals:
            folder = self._catalogue.folder_for(arrival.label)
            names = taken.setdefault(folder.name, set())
            if not names and not folder.is_dir():
                makes.append(self._relative(folder.name))
            path = self._catalogue.free_path(folder, arrival.name, arrival.hash, names)
            names.add(path.name.casefold())
            moves.append((trashed(path.name), self._relative(f"{folder.name}/{path.name}")))
        return Edit(EditKind.IMPORT, len(moves), moves=tuple(moves), makes=tuple(makes))

    def add_label(self, label: str) -> Edit:
        """An empty class; nothing where it is there already."""
        folder = self._catalogue.folder_for(label)
        makes = () if folder.is_dir() else (self._relative(folder.name),)
        return Edit(EditKind.ADD_CLASS, label=label, makes=makes)

    def relabel(self, pictures: Iterable[PictureLike], label: str) -> Edit:
        """Move pictures to another class."""
        folder = self._catalogue.folder_for(label)
        chosen = [picture for picture in self._chosen(pictures) if picture.label != label]
        if not chosen:
            return Edit(EditKind.RELABEL, to=label)
        makes = () if folder.is_dir() else (self._relative(folder.name),)
        taken: set[str] = set()
        moves = []
        for picture in chosen:
            target = self._catalogue.free_path(folder, picture.path.name, picture.hash, taken)
            taken.add(target.name.casefold())
            moves.append((self._relative(picture.key), self._relative(f"{folder.name}/{target.name}")))
        before, after = self.placed_again([p for p in chosen if p.label == UNLABELLED], label)
        return Edit(EditKind.RELABEL, len(moves), to=label, moves=tuple(moves), before=before, after=after, makes=makes)

    def set_split(self, pictures: Iterable[PictureLike], split: Split | str) -> Edit:
        """Move pictures to a split by hand, or confirm that they are in it; counts for all files of the same bytes."""
        wanted = split_of(split)
        chosen = {p.hash: p for p in self._chosen(pictures) if (p.split, p.decided_by) != (wanted, DecidedBy.HAND)}
        before = tuple(p.record for p in chosen.values())
        after = tuple(SplitRecord(r.hash, wanted, DecidedBy.HAND, r.burst, r.source, r.time) for r in before)
        return Edit(EditKind.MOVE, len(before), to=wanted.value, before=before, after=after)

    def delete(self, pictures: Iterable[PictureLike]) -> Edit:
        """Move pictures to the trash."""
        chosen, trash = self._chosen(pictures), _new_trash()
        moves = tuple((self._relative(p.key), f"{trash}/{p.key}") for p in chosen)
        return Edit(EditKind.DELETE, len(moves), moves=moves)

    def delete_label(self, label: str) -> Edit:
        """Move a class with all its pictures to the trash."""
        folder, trash = self._folder_of(label), _new_trash()
        pictures = self._catalogue.count(label)
        return Edit(EditKind.DELETE_CLASS, pictures, label, moves=((self._relative(folder), f"{trash}/{folder}"),))

    def rename_label(self, old: str, new: str) -> Edit:
        """Give a class another name, which no class has."""
        for label in (old, new):
            if label in RESERVED:
                raise DataError(f"label {label!r}: a folder of pictures that are of no class; relabel them instead")
        folder = self._folder_of(old)
        others = {label for label, _ in self._catalogue.folders()} - {old}
        if new in others:
            raise DataError(f"label {new!r}: is there already; relabel the pictures to join the two")
        refuse_twin(check_label(new), others)
        moves = () if new == old else ((self._relative(folder), self._relative(folder_name(new))),)
        return Edit(EditKind.RENAME_CLASS, self._catalogue.count(old), old, new, moves)

    def resplit(self) -> Edit:
        """Decide every split again by the present ratios, except what sources and people decided."""
        before, after = self.placed_again(self._catalogue.pictures())
        return Edit(EditKind.RESPLIT, len(before), before=before, after=after)

    def placed_again(
        self, pictures: Sequence[Picture], label: str | None = None
    ) -> tuple[tuple[SplitRecord, ...], tuple[SplitRecord, ...]]:
        """The records before and after of those pictures that the rule would put elsewhere, as of another class."""
        free = [p for p in pictures if p.decided_by is DecidedBy.CONTENT]
        newcomers = [Newcomer(p.hash, label or p.label, None, p.burst, p.source, p.time) for p in free]
        placed = place(newcomers, self._catalogue.index, self._near, self._ratios(), again=True)
        after = {record.hash: record for record in placed}
        changed = {p.hash: p for p in free if after[p.hash].split != p.split}
        return tuple(p.record for p in changed.values()), tuple(after[hash_] for hash_ in changed)

    def _folder_of(self, label: str) -> str:
        for other, folder in self._catalogue.folders():
            if other == label:
                return folder.name
        there = first_few([label for label, _ in self._catalogue.folders()])
        raise DataError(f"label {short(label)}: no such class; there are {there or 'none yet'}")

    def _chosen(self, pictures: Iterable[PictureLike]) -> list[Picture]:
        keys = dict.fromkeys(p.key if isinstance(p, Picture) else p for p in pictures)
        return [self._catalogue.picture(key) for key in keys]

    def _relative(self, key: str) -> str:
        return f"{self._catalogue.root.name}/{key}"


def trashed(name: str) -> str:
    """A path in the trash for one file, which no other has."""
    return f"{_new_trash()}-{name}"


def _new_trash() -> str:
    return f"{TRASH.path}/{clock.time_ns()}-{next(_counter)}"
