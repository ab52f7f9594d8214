"""``dataset/judged.csv``: findings that a person judged to be right as they are, so that no check asks twice."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from whatsit.atomic_file import write_file
from whatsit.catalogue import Picture
from whatsit.errors import DataError

JUDGED_FILE = "judged.csv"


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

    def read(self) -> frozenset[Judgement]:
        """All of them.

        Raises:
            DataError: the file is there and cannot be read.
        """
        try:
            lines = self.path.read_text("utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return frozenset()
        except OSError as error:
            raise DataError(f"cannot read {self.path}: {error.strerror}; check its permissions") from error
        rows = [row for row in csv.reader(lines) if len(row) >= 3]
        return frozenset(Judgement(row[0], tuple(sorted(zip(row[1::2], row[2::2], strict=False)))) for row in rows)

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

    def _write(self, judgements: Iterable[Judgement]) -> None:
        text = io.StringIO()
        rows = ([judgement.kind, *(field for pair in judgement.pictures for field in pair)] for judgement in judgements)
        csv.writer(text, lineterminator="\n").writerows(sorted(rows))
        write_file(self.path, text.getvalue().encode())
