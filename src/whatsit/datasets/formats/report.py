"""What an import did, complete enough to trust: every picture that did not arrive is named."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from whatsit.datasets.formats.source import Skip


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The end of an import."""

    added: int = 0
    present: int = 0
    """Pictures the dataset had already, byte for byte."""
    labels: tuple[str, ...] = ()
    """The classes that pictures arrived in or were found in."""
    skips: tuple[Skip, ...] = ()
    """What did not arrive, and why."""
    notes: tuple[Skip, ...] = ()
    """What arrived otherwise than the source has it, and how."""

    @classmethod
    def together(cls, reports: Sequence["ImportReport"]) -> "ImportReport":
        """Several imports as one."""
        return cls(
            sum(report.added for report in reports),
            sum(report.present for report in reports),
            tuple(sorted({label for report in reports for label in report.labels})),
            tuple(skip for report in reports for skip in report.skips),
            tuple(note for report in reports for note in report.notes),
        )

    def below(self, folder: str) -> "ImportReport":
        """The same with every path in ``folder``."""
        inside = [tuple(replace(skip, path=f"{folder}/{skip.path}") for skip in of) for of in (self.skips, self.notes)]
        return replace(self, skips=inside[0], notes=inside[1])

    def reasons(self) -> dict[str, int]:
        """How many were skipped for each reason, the most frequent first."""
        return dict(Counter(skip.reason.split(":")[0] for skip in self.skips).most_common())

    def as_json(self) -> dict[str, Any]:
        """For ``--json`` and the studio."""
        return {
            "added": self.added,
            "present": self.present,
            "labels": list(self.labels),
            "skipped": [{"path": skip.path, "reason": skip.reason} for skip in self.skips],
            "notes": [{"path": note.path, "note": note.reason} for note in self.notes],
        }
