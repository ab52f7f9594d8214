"""Which findings of a check still apply: their pictures are there, and nobody has fixed or kept them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.issues.dismissed import Dismissal, Dismissals
from whatsit.datasets.issues.finding import EACH, Action, Finding, Kind
from whatsit.datasets.issues.small_class import FEWEST
from whatsit.datasets.label import RESERVED
from whatsit.datasets.scan import ignored
from whatsit.datasets.split import Split


@dataclass(frozen=True, slots=True)
class OpenFindings:
    """The findings that are open now, and the dataset as it is now."""

    findings: Mapping[int, Finding]
    """Place in the check's report -> finding, ascending."""
    pictures: Mapping[str, Picture]
    """Every picture by key."""
    totals: Mapping[str, int]
    """Pictures of each class, ``_unlabelled`` and ``_strangers`` left out."""

    def of(self, kind: Kind) -> list[int]:
        """The places of the findings of a kind."""
        return [number for number, finding in self.findings.items() if finding.kind is kind]

    def amounts(self) -> dict[Kind, int]:
        """What the findings of each kind count for; kinds without findings are left out."""
        amounts: dict[Kind, int] = {}
        for finding in self.findings.values():
            amounts[finding.kind] = amounts.get(finding.kind, 0) + finding.amount
        return amounts


def open_findings(dataset: Dataset, findings: Sequence[Finding]) -> OpenFindings:
    """Those of ``findings`` that are open.

    Raises:
        DataError: the project's own files cannot be read.
    """
    pictures = {picture.key: picture for picture in dataset.pictures()}
    counts = dataset.counts()
    kept = set(Dismissals(dataset.root).read())
    opened = {
        number: finding
        for number, finding in enumerate(findings)
        if (_is_open(finding, pictures) if finding.pictures else _class_is_open(finding, dataset, counts))
        and not dismissals(finding, [pictures[key] for key in finding.pictures if key in pictures]) <= kept
    }
    totals = {label: sum(splits.values()) for label, splits in counts.items() if label not in RESERVED}
    return OpenFindings(opened, pictures, totals)


def dismissals(finding: Finding, pictures: Sequence[Picture]) -> set[Dismissal]:
    """What keeping a finding records: one dismissal per picture where each stands for itself, else one for all."""
    if not pictures:
        return {Dismissal(finding.kind, ())}
    together = [[picture] for picture in pictures] if finding.kind in EACH else [pictures]
    return {Dismissal.of(finding.kind, some) for some in together}


def _is_open(finding: Finding, pictures: Mapping[str, Picture]) -> bool:
    there = [pictures[key] for key in finding.pictures if key in pictures]
    fix = finding.fix
    if fix is None:
        return len(there) == len(finding.pictures)
    if len(fix.pictures) == len(finding.pictures):  # each picture stands for itself
        left: Iterable[Picture] = there
    elif len(there) < len(finding.pictures):  # a copy that is no copy any more
        return False
    else:
        left = [pictures[key] for key in fix.pictures]
    if fix.action is Action.MOVE:
        left = [picture for picture in left if picture.split.value != fix.to]
    elif fix.action in (Action.RELABEL, Action.RENAME):
        left = [picture for picture in left if picture.label != fix.to]
    return any(left)


def _class_is_open(finding: Finding, dataset: Dataset, counts: Mapping[str, Mapping[Split, int]]) -> bool:
    if finding.kind is Kind.SMALL_CLASS:
        return finding.label in counts and sum(counts[finding.label].values()) < FEWEST
    if finding.kind is Kind.EMPTY_SPLIT:
        return any(label in counts and not counts[label][Split(finding.split)] for label in finding.details)
    if finding.kind is Kind.IGNORED:
        return bool(ignored(dataset.root))
    if finding.kind is Kind.DAMAGED_RECORD:
        return bool(dataset.records.unreadable() or Dismissals(dataset.root).unreadable())
    return not finding.label or finding.label in counts
