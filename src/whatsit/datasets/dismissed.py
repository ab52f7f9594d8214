"""``dataset/judged.csv``: findings that a person judged to be right as they are, so that no check asks twice."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from whatsit.datasets.catalogue import Picture
from whatsit.errors import DataError
from whatsit.files import write_file

JUDGED_FILE = "judged.csv"
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Judgement:
    """One kind of finding about these pictures, with the labels they had: another label is another question."""

    kind: str
    pictures: tuple[tuple[str, str], ...]
    """(SHA-256 of the file's bytes, label) of each, sorted."""

    @classmethod
    def of(cls, kind: str, pictures: Iterable[Picture]) -> "Judgement":
        """That these pictures are right in spite of findings of this kind."""
        return cls(kind, tuple(sorted({(picture.hash, picture.label) for picture in pictures})))


class Judgements:
    """The file: one line a judgement, its kind, then hash and label of each picture."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def unreadable(self) -> list[int]:
        """The numbers, from 1, of the lines that say nothing."""
        return [number for number, judgement in self._lines() if judgement is None]

    def read(self) -> frozenset[Judgement]:
        """All of them.

        Raises:
            DataError: the file is there and cannot be read.
        """
        return frozenset(judgement for _, judgement in self._lines() if judgement is not None)

    def add(self, judgements: Iterable[Judgement]) -> None:
        """Keep these too.

        Raises:
            DataError: the disk is full or read-only; the file is as it was.
        """
        self._write(self.read() | set(judgements))

    def forget(self) -> None:
        """Let every finding be shown again.

        Raises:
            DataError: the file cannot be written; it is as it was.
        """
        self._write(())

    def _lines(self) -> Iterator[tuple[int, Judgement | None]]:
        try:
            lines = self.path.read_text("utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return
        except OSError as error:
            raise DataError(f"cannot read {self.path}: {error.strerror}; check its permissions") from error
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield number, _parsed(line)

    def _write(self, judgements: Iterable[Judgement]) -> None:
        text = io.StringIO()
        rows = ([judgement.kind, *(field for pair in judgement.pictures for field in pair)] for judgement in judgements)
        csv.writer(text, lineterminator="\n").writerows(sorted(rows))
        write_file(self.path, text.getvalue().encode())


def _parsed(line: str) -> Judgement | None:
    try:
        kind, *fields = next(csv.reader([line], strict=True))
    except (csv.Error, ValueError):
        return None
    hashes, labels = fields[::2], fields[1::2]
    if not hashes or len(hashes) != len(labels) or not all(_HASH.fullmatch(hash_) for hash_ in hashes):
        return None
    return Judgement(kind, tuple(sorted(zip(hashes, labels, strict=True))))
