"""What a run found: counts by label, how scores lie, how much is unknown, and which pictures are doubtful."""

import heapq
import itertools
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whatsit.bulk.inputs import absolute
from whatsit.bulk.manifest import Manifest, known_manifest
from whatsit.bulk.part import is_whole, part_path
from whatsit.files import parquet
from whatsit.validation import path as checked_path
from whatsit.validation import whole_number

BINS = 20
_COLUMNS = ["path", "label", "score", "top_k", "unknown", "distance", "error"]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A picture that a person should look at."""

    path: str
    label: str
    score: float
    second: str
    """The next best label; empty where there is none."""
    second_score: float
    distance: float | None
    """To the nearest class, for models with prototypes."""


@dataclass(slots=True)
class LabelCount:
    """What became of one label."""

    pictures: int = 0
    """Known ones."""
    unknown: int = 0
    """Pictures that are nearest to it and unknown."""


@dataclass(frozen=True, eq=False)
class Summary:
    """Everything a summary shows."""

    out: Path
    pictures: int
    """Rows that are there."""
    expected: int
    """Rows of the finished run."""
    unknown: int
    errors: int
    labels: dict[str, LabelCount]
    """The most frequent first."""
    histogram: tuple[int, ...]
    """Pictures by the best score, ``BINS`` equal steps from 0 to 1; unknown ones are counted too."""
    undecided: tuple[Doubt, ...]
    """Known ones whose two best scores lie nearest to each other, the nearest first."""
    strangers: tuple[Doubt, ...]
    """Unknown ones, the farthest from every class first."""
    problems: tuple[tuple[str, int, str], ...]
    """The most frequent errors: the text, how often, and one path."""

    @property
    def unknown_share(self) -> float:
        """Of the pictures that could be read."""
        return self.unknown / max(1, self.pictures - self.errors)


def summarise(out: str | os.PathLike[str], *, doubtful: int = 36) -> Summary:
    """Look through the parts of a run that are there. Memory does not depend on how many there are.

    Args:
        out: the folder of the parts.
        doubtful: how many pictures of each kind of doubt to keep.

    Raises:
        DataError: there is no run in it, or a part is damaged.
    """
    folder = Path(absolute(checked_path(out, "the folder of a run")))
    manifest = known_manifest(folder)
    gathered = _Gathered(whole_number(doubtful, "doubtful", 0))
    for table in _parts(folder, manifest):
        gathered.add(table)
    return gathered.summary(folder, manifest)


def _parts(out: Path, manifest: Manifest) -> Iterator[list[dict[str, Any]]]:
    for part in range(manifest.parts):
        if is_whole(out, part, manifest):
            with parquet.opened(part_path(out, part)) as file:
                yield file.read(columns=_COLUMNS).to_pylist()


@dataclass
class _Gathered:
    doubtful: int
    pictures: int = 0
    unknown: int = 0
    errors: int = 0
    labels: dict[str, LabelCount] = field(default_factory=dict)
    histogram: list[int] = field(default_factory=lambda: [0] * BINS)
    undecided: list[tuple[float, int, Doubt]] = field(default_factory=list)
    strangers: list[tuple[float, int, Doubt]] = field(default_factory=list)
    problems: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    order: "itertools.count[int]" = field(default_factory=lambda: itertools.count(0, -1))

    def add(self, rows: list[dict[str, Any]]) -> None:
        self.pictures += len(rows)
        for row in rows:
            if row["error"] is not None:
                self._add_problem(row["error"], row["path"])
                continue
            self.histogram[min(BINS - 1, max(0, int(row["score"] * BINS)))] += 1
            count = self.labels.setdefault(row["label"], LabelCount())
            if row["unknown"]:
                self.unknown += 1
                count.unknown += 1
                self._keep(self.strangers, row["distance"] or 0.0, row)
            else:
                count.pictures += 1
                best = row["top_k"]
                if len(best) > 1:
                    self._keep(self.undecided, best[1]["score"] - best[0]["score"], row)

    def _add_problem(self, error: str, path: str) -> None:
        self.errors += 1
        if error in self.problems or len(self.problems) < 1000:  # texts with sizes in them have no end
            self.problems[error] += 1
            self.examples.setdefault(error, path)

    def _keep(self, heap: list[tuple[float, int, Doubt]], merit: float, row: dict[str, Any]) -> None:
        best = row["top_k"]
        second: dict[str, Any] = best[1] if len(best) > 1 else {"label": "", "score": 0.0}
        doubt = Doubt(row["path"], row["label"], row["score"], second["label"], second["score"], row["distance"])
        heapq.heappush(heap, (merit, next(self.order), doubt))
        if len(heap) > self.doubtful:
            heapq.heappop(heap)

    def summary(self, out: Path, manifest: Manifest) -> Summary:
        by_count = sorted(self.labels.items(), key=lambda item: (-item[1].pictures - item[1].unknown, item[0]))
        return Summary(
            out, self.pictures, manifest.pictures, self.unknown, self.errors, dict(by_count), tuple(self.histogram),
            tuple(doubt for *_, doubt in sorted(self.undecided, reverse=True)),
            tuple(doubt for *_, doubt in sorted(self.strangers, reverse=True)),
            tuple((text, count, self.examples[text]) for text, count in self.problems.most_common(10)),
        )  # fmt: skip
