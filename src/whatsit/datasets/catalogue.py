"""Looking up the pictures of a dataset: classes, counts, pages, places."""

import os
from collections.abc import Container, Iterable
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from whatsit.datasets.fingerprint import THUMB
from whatsit.datasets.index import Index
from whatsit.datasets.label import RESERVED, STRANGERS, UNLABELLED, check_label, folder_name, label_of, refuse_twin
from whatsit.datasets.placement import counts_by_label, known_splits
from whatsit.datasets.split import DecidedBy, Split, split_of
from whatsit.datasets.splits_csv import SplitRecord
from whatsit.errors import DataError
from whatsit.files import beneath


def counted(pictures: int) -> str:
    """``1 picture``, ``2,000 pictures``."""
    return "1 picture" if pictures == 1 else f"{pictures:,} pictures"


class Sample(NamedTuple):
    """What learning needs of one picture."""

    path: Path
    label: str
    split: Split


_AT_ONCE = 500
"""Values in one query; SQLite allows 999 and more."""


class Whereabouts(NamedTuple):
    """A file and its content."""

    key: str
    label: str
    hash: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture file and everything known about it."""

    key: str
    """``<folder>/<file>``: names the picture in every call."""
    path: Path
    label: str
    hash: str
    """SHA-256 of the file's bytes."""
    size: int
    """Bytes."""
    width: int
    """Pixels as stored; 0 where the file cannot be read."""
    height: int
    split: Split
    decided_by: DecidedBy
    burst: str
    source: str
    time: float
    """Capture or import time in seconds since 1970, UTC; 0 where unknown."""
    error: str
    """Why the file cannot be read; empty where it can."""

    @property
    def record(self) -> SplitRecord:
        """What is remembered of it."""
        return SplitRecord(self.hash, self.split, self.decided_by, self.burst, self.source, self.time)


PictureLike: TypeAlias = "Picture | str"
"""A picture, or its key."""

_COLUMNS = """
    SELECT key, label, hash, size, width, height, split, decided_by, burst, source, time, error
    FROM files JOIN records USING (hash) JOIN fingerprints USING (hash)
"""


class Catalogue:
    """The reading half of a dataset: answers from the index, touches no picture."""

    def __init__(self, root: Path, index: Index) -> None:
        self.root = root
        self.index = index
        self._folders: dict[str, tuple[str, Path]] = {}
        """Folder name -> its label and its path."""

    def __len__(self) -> int:
        rows = self.index.rows(
            "SELECT count(*) FROM files JOIN fingerprints USING (hash) WHERE error = '' AND label NOT IN (?, ?)",
            (UNLABELLED, STRANGERS),
        )
        return int(rows[0][0])

    def labels(self) -> list[str]:
        """Every class, those without pictures too, sorted; ``_unlabelled`` and ``_strangers`` are none."""
        return sorted({label for label, _ in self.folders()} - RESERVED)

    def counts(self) -> dict[str, dict[Split, int]]:
        """Pictures of every class in each split; ``_unlabelled`` and ``_strangers`` appear where they have any."""
        counts = counts_by_label(self.index)
        return {
            label: dict(zip(Split, counts.get(label, (0, 0, 0)), strict=True))
            for label in sorted({*self.labels(), *counts})
        }

    def totals(self) -> dict[str, int]:
        """Pictures of every class, those without pictures too; ``_unlabelled`` and ``_strangers`` are none."""
        return {label: sum(splits.values()) for label, splits in self.counts().items() if label not in RESERVED}

    def strangers(self, split: Split | str | None = None) -> list[str]:
        """The keys of the readable pictures that were marked as none of the classes, in their order."""
        return [picture.key for picture in self.pictures(STRANGERS, split) if not picture.error]

    def pictures(
        self,
        label: str | None = None,
        split: Split | str | None = None,
        *,
        offset: int = 0,
        limit: int | None = None,
    ) -> list[Picture]:
        """A page of the pictures, by key, unreadable ones included."""
        where, values = self._where(label, split)
        values += [-1 if limit is None else limit, offset]
        rows = self.index.rows(f"{_COLUMNS} {where} ORDER BY key LIMIT ? OFFSET ?", values)
        return [self._picture(row) for row in rows]

    def count(self, label: str | None = None, split: Split | str | None = None) -> int:
        """How many ``pictures`` there are to page through."""
        where, values = self._where(label, split)
        rows = self.index.rows(f"SELECT count(*) FROM files JOIN records USING (hash) {where}", values)  # noqa: S608
        return int(rows[0][0])

    def picture(self, key: str) -> Picture:
        """One picture.

        Raises:
            DataError: no picture has this key.
        """
        rows = self.index.rows(f"{_COLUMNS} WHERE key = ?", (str(key),))
        if not rows:
            raise DataError(f"picture {key!r}: not in the dataset; it may have been moved or deleted")
        return self._picture(rows[0])

    def keys(self, label: str | None = None, split: Split | str | None = None) -> list[str]:
        """The keys of ``pictures``, in their order."""
        where, values = self._where(label, split)
        rows = self.index.rows(f"SELECT key FROM files JOIN records USING (hash) {where} ORDER BY key", values)  # noqa: S608
        return [key for (key,) in rows]

    def by_hash(self, digits: str) -> Picture:
        """The first picture with this content.

        Args:
            digits: the beginning of the SHA-256, hexadecimal; all 64 digits or fewer.

        Raises:
            DataError: no picture has this content.
        """
        rows = self.index.rows(f"{_COLUMNS} WHERE hash >= ? AND hash < ? ORDER BY key LIMIT 1", (digits, digits + "g"))
        if not rows:
            raise DataError(f"picture {digits[:64]!r}: no such content in the dataset; it may have been deleted")
        return self._picture(rows[0])

    def contents(self) -> dict[tuple[str, str], int]:
        """How many files each (hash, label) has."""
        rows = self.index.rows("SELECT hash, label, count(*) FROM files GROUP BY hash, label ORDER BY label DESC")
        return {(hash_, label): count for hash_, label, count in rows}

    def copies(self, hash_: str, label: str) -> list[str]:
        """The keys of the files of a class that have this content."""
        rows = self.index.rows("SELECT key FROM files WHERE hash = ? AND label = ? ORDER BY key", (hash_, label))
        return [key for (key,) in rows]

    def whereabouts(self, hashes: Iterable[str], keys: Iterable[str]) -> list[Whereabouts]:
        """Every readable file with one of these contents or keys, by key."""
        rows: set[tuple[str, str, str]] = set()
        for column, wanted in (("hash", hashes), ("key", keys)):
            values = list(dict.fromkeys(wanted))
            for start in range(0, len(values), _AT_ONCE):
                some = values[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                query = "SELECT key, label, hash FROM files JOIN fingerprints USING (hash) WHERE error = ''"
                rows.update(self.index.rows(f"{query} AND {column} IN ({marks})", some))
        return [Whereabouts(*row) for row in sorted(rows)]

    def splits(self, hashes: Iterable[str]) -> dict[str, Split]:
        """The remembered splits of contents, by hash."""
        return known_splits(self.index, hashes)

    def fingerprint_errors(self, hashes: Iterable[str]) -> dict[str, str]:
        """For those contents that were decoded before: why they cannot be read, or nothing where they can."""
        query = "SELECT hash, error FROM fingerprints WHERE hash = ?"
        return dict(row for hash_ in hashes for row in self.index.rows(query, (hash_,)))

    def colours(self, hashes: Iterable[str]) -> dict[str, bytes]:
        """The RGB thumbnails of those contents that can be read, 16 x 16 pixels each (see ``Fingerprint.thumb``)."""
        found: dict[str, bytes] = {}
        values = list(dict.fromkeys(hashes))
        for start in range(0, len(values), _AT_ONCE):
            some = values[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            query = "SELECT hash, substr(thumb, ?) FROM fingerprints WHERE error = ''"
            found.update(self.index.rows(f"{query} AND hash IN ({marks})", (THUMB**2 + 1, *some)))
        return found

    def looks(self) -> dict[str, tuple[float, float, float]]:
        """Of every content: sharpness, and the shares of dark and of bright pixels (see ``Fingerprint``)."""
        rows = self.index.rows("SELECT hash, sharpness, dark, bright FROM fingerprints")
        return {hash_: (sharpness, dark, bright) for hash_, sharpness, dark, bright in rows}

    def samples(self) -> list[Sample]:
        """Every readable picture of every class, by key."""
        rows = self.index.rows(
            "SELECT key, label, split FROM files JOIN records USING (hash) JOIN fingerprints USING (hash)"
            " WHERE error = '' AND label NOT IN (?, ?) ORDER BY key",
            (UNLABELLED, STRANGERS),
        )
        return [Sample(self.root / key, label, Split(split)) for key, label, split in rows]

    def folders(self) -> list[tuple[str, Path]]:
        """The folders there are, with the label of each; ``_unlabelled`` and ``_strangers`` too."""
        if not self.root.is_dir():
            return []
        # Asked for with every picture that is stored: what a name means is remembered, what there is never.
        known = self._folders
        found = [
            known.get(entry.name) or known.setdefault(entry.name, (label_of(entry.name), self.root / entry.name))
            for entry in os.scandir(self.root)
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".") and entry.name.isprintable()
        ]
        return sorted(found, key=itemgetter(0))

    def folder_for(self, label: str) -> Path:
        """The folder of a class, one that is there or the one it would have.

        Raises:
            DataError: there is none yet, and the label cannot be used or is the twin of another, or something else
                has its name, such as a link.
        """
        folders = self.folders()
        for other, folder in folders:
            if other == label:
                return folder
        check_label(label)
        refuse_twin(label, (other for other, _ in folders))
        folder = self.root / folder_name(label)
        beneath.refuse_special(folder)
        if folder.exists():
            raise DataError(f"{folder}: not a folder; move the file away, or choose another label")
        return folder

    def free_path(self, folder: Path, name: str, digest: str, taken: Container[str] = ()) -> Path:
        """``name`` in ``folder``, distinguished by digits of its ``digest`` where the name is in use.

        Args:
            taken: names, without case, that are promised to others.
        """
        stem, suffix = Path(name).stem, Path(name).suffix
        candidate, number = name, 1
        while candidate.casefold() in taken or self._is_taken(folder, candidate):
            candidate = f"{stem}-{digest[:8]}{suffix}" if number == 1 else f"{stem}-{digest[:8]}-{number}{suffix}"
            number += 1
        return folder / candidate

    def _is_taken(self, folder: Path, name: str) -> bool:
        # Without case too: the project may be copied to a card that cannot tell "A.jpg" from "a.jpg".
        query = "SELECT 1 FROM files WHERE key = ? COLLATE NOCASE"
        return os.path.lexists(folder / name) or bool(self.index.rows(query, (f"{folder.name}/{name}",)))

    def _where(self, label: str | None, split: Split | str | None) -> tuple[str, list[str | int]]:
        terms: list[str] = []
        values: list[str | int] = []
        if label is not None:
            terms.append("label = ?")
            values.append(label)
        if split is not None:
            terms.append("split = ?")
            values.append(split_of(split).value)
        return ("WHERE " + " AND ".join(terms) if terms else ""), values

    def _picture(self, row: tuple[Any, ...]) -> Picture:
        key, label, hash_, size, width, height, split, by, burst, source, time, error = row
        return Picture(
            str(key), self.root / str(key), str(label), str(hash_), int(size), int(width),
            int(height), Split(split), DecidedBy(by), str(burst), str(source), float(time), str(error),
        )  # fmt: skip
