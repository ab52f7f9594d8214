"""What an import did: how many pictures came in, and every one that did not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from whatsit.datasets.skip import Skip


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The result of an import."""

    added: int = 0
    present: int = 0
    """Pictures the dataset had already, byte for byte; of copies in one source, all but the first."""
    labels: tuple[str, ...] = ()
    """The classes of the pictures that were added or were there already."""
    skips: tuple[Skip, ...] = ()
    """What was not imported, and why."""
    read_as: tuple[str, ...] = ()
    """What was made of each source: its layout, which folders became which splits, which column the labels."""
    notes: tuple[Skip, ...] = ()
    """What was imported differently from what the source says, and how."""

    @classmethod
    def together(cls, reports: Sequence["ImportReport"]) -> "ImportReport":
        """Several imports as one."""
        return cls(
            sum(report.added for report in reports),
            sum(report.present for report in reports),
            tuple(sorted({label for report in reports for label in report.labels})),
            tuple(skip for report in reports for skip in report.skips),
            tuple(dict.fromkeys(said for report in reports for said in report.read_as)),
            tuple(note for report in reports for note in report.notes),
        )

    def below(self, folder: str) -> "ImportReport":
        """The same report with every path inside ``folder``."""
        inside = [tuple(replace(skip, path=f"{folder}/{skip.path}") for skip in of) for of in (self.skips, self.notes)]
        return replace(self, skips=inside[0], notes=inside[1])

    def reasons(self) -> dict[str, int]:
        """How many were skipped for each reason, most frequent first; without the detail after a colon."""
        return dict(Counter(skip.reason.split(":")[0] for skip in self.skips).most_common())

    def as_json(self) -> dict[str, Any]:
        """``added``, ``present``, ``labels``, ``skipped`` and ``notes``, for ``--json`` and the studio."""
        return {
            "added": self.added,
            "present": self.present,
            "labels": list(self.labels),
            "read_as": list(self.read_as),
            "skipped": [{"path": skip.path, "reason": skip.reason} for skip in self.skips],
            "notes": [{"path": note.path, "note": note.reason} for note in self.notes],
        }
