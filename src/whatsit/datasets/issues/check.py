"""Check a dataset: every issue of the table is looked for, and the report says whether the pictures are ready."""

from dataclasses import dataclass
from typing import Any

from whatsit.backbones.embedder import Embedder
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.issues.dismissed import Dismissal
from whatsit.datasets.issues.examination import examine
from whatsit.datasets.issues.finding import Finding
from whatsit.datasets.issues.readiness import verdict
from whatsit.datasets.issues.table import ISSUES
from whatsit.parallel import Progress


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The result of a check."""

    findings: tuple[Finding, ...]
    """In the order of ``table.ISSUES``."""
    ready: bool
    """True where nothing stands against training."""
    summary: tuple[str, ...]
    """A few lines for a person: the verdict, the reasons, what to photograph next."""
    label_issues: tuple[tuple[str, float], ...] = ()
    """Every labelled picture's key and the severity of its label issue, -1..1, the most severe first (see
    ``LabelIssue``). Empty where no embedder was given."""

    def as_json(self) -> dict[str, Any]:
        """``ready``, ``summary`` and ``findings``, for ``--json`` and the studio."""
        return {
            "ready": self.ready,
            "summary": list(self.summary),
            "findings": [finding.as_json() for finding in self.findings],
        }


def check(dataset: Dataset, embedder: Embedder | None = None, progress: Progress | None = None) -> CheckReport:
    """Look for every issue in ``dataset``; nothing in it is changed. Findings that a person dismissed are left out.

    Args:
        dataset: the pictures.
        embedder: gives the embeddings for label issues and outliers; without one these two are not looked for.
        progress: called with (done, total) while pictures are embedded.

    Raises:
        DataError: the project's own files cannot be read.
    """
    examination = examine(dataset, embedder, progress)
    by_key = {picture.key: picture for picture in examination.pictures}
    findings = tuple(
        finding
        for issue in ISSUES
        for finding in issue.find(examination)
        if Dismissal.of(finding.kind, [by_key[key] for key in finding.pictures]) not in examination.dismissed
    )
    ready, summary = verdict(dataset, findings, len(examination.labelled), examination.advice)
    ranked = tuple((examination.labelled[issue.index].key, issue.severity) for issue in examination.label_issues)
    return CheckReport(findings, ready, summary, ranked)
