"""``dataset/judged.csv``: findings that a person dismissed, so that no check shows them again."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.csv_records import CsvRecords
from whatsit.datasets.issues.finding import Kind
from whatsit.datasets.label import DISMISSED_FILE
from whatsit.errors import DataError

_HASH = re.compile(r"[0-9a-f]{64}")
_EARLIER_NAMES = {"suspect label": Kind.LABEL_ISSUE.value}


@dataclass(frozen=True, slots=True)
class Dismissal:
    """One kind of finding dismissed for these pictures under these labels: with another label it is shown again."""

    kind: str
    pictures: tuple[tuple[str, str], ...]
    """(SHA-256 of the file's bytes, label) of each, sorted."""

    @classmethod
    def of(cls, kind: str, pictures: Iterable[Picture]) -> "Dismissal":
        """The dismissal of findings of this kind about these pictures."""
        return cls(str(kind), tuple(sorted({(picture.hash, picture.label) for picture in pictures})))


class Dismissals(CsvRecords[Dismissal]):
    """The file of one dataset: the kind of finding, then hash and label of each picture."""

    def __init__(self, dataset: Path) -> None:
        """The dismissals of the dataset in the folder ``dataset``; the file need not exist."""
        super().__init__(dataset / DISMISSED_FILE, _parsed, _fields)

    def add(self, dismissals: Iterable[Dismissal]) -> None:
        """Keep these too.

        Raises:
            DataError: one names no pictures, or the disk is full or read-only; the file is as it was.
        """
        new = set(dismissals) - set(self.read())
        if any(not dismissal.pictures for dismissal in new):
            raise DataError("a finding without pictures cannot be dismissed; change the dataset instead")
        self.append(sorted(new, key=_fields))


def _fields(dismissal: Dismissal) -> tuple[str, ...]:
    return dismissal.kind, *(field for pair in dismissal.pictures for field in pair)


def _parsed(line: str) -> Dismissal | None:
    try:
        kind, *fields = next(csv.reader([line], strict=True))
    except (csv.Error, StopIteration, ValueError):
        return None
    hashes, labels = fields[::2], fields[1::2]
    if not hashes or len(hashes) != len(labels) or not all(map(_HASH.fullmatch, hashes)):
        return None
    return Dismissal(_EARLIER_NAMES.get(kind, kind), tuple(sorted(zip(hashes, labels, strict=True))))
