"""The Check page's findings: looked for in the background, open until mended or judged to be right."""

from collections.abc import Collection, Iterable
from typing import Any

from whatsit.backbones.embedder import Embedder
from whatsit.datasets.catalogue import Picture
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.issues.check import CheckReport, check
from whatsit.datasets.issues.dismissed import Dismissal, Dismissals
from whatsit.datasets.issues.finding import EACH, Action, Finding, Fix, Kind
from whatsit.datasets.issues.readiness import ENOUGH, stands_against
from whatsit.datasets.issues.small_class import FEWEST
from whatsit.datasets.label import UNLABELLED
from whatsit.datasets.scan import ignored
from whatsit.datasets.split import Split
from whatsit.errors import DataError
from whatsit.parallel import Progress
from whatsit.studio.jobs.background import Background
from whatsit.studio.jobs.gallery import picture_view

FIRST = 24
"""Findings of a kind in the first answer, and pictures of one finding."""


class Inspection:
    """One report and what is left of it. A finding is open while its pictures are there and not yet mended.

    Nothing is crossed off a list: what undo brings back is open again.
    """

    def __init__(self, dataset: Dataset, embedder: Embedder, background: Background) -> None:
        self._dataset = dataset
        self._dismissals = Dismissals(dataset.root)
        self._embedder = embedder
        self._background = background
        self._report: CheckReport | None = None
        self._checked: frozenset[tuple[str, str]] = frozenset()

    def begin(self) -> None:
        """Look at all pictures.

        Raises:
            DataError: it is being done already.
        """
        self._background.begin(self._check)

    def view(self) -> dict[str, Any]:
        """How far the check is, whether the data are ready, what to photograph next, and the open findings."""
        view: dict[str, Any] = {**self._background.view(), "checked": self._report is not None}
        if self._report is None:
            return view
        pictures = {picture.key: picture for picture in self._dataset.pictures()}
        opened = self._open(pictures)
        counts = self._dataset.counts()
        totals = {label: sum(splits.values()) for label, splits in counts.items() if label != UNLABELLED}
        kinds: dict[Kind, list[int]] = {}
        for number in opened:
            kinds.setdefault(self._findings[number].kind, []).append(number)
        amounts = {kind: sum(self._findings[n].amount for n in numbers) for kind, numbers in kinds.items()}
        against = stands_against(amounts, sum(totals.values()))
        wanted = sorted((label for label in totals if totals[label] < ENOUGH), key=lambda label: totals[label])
        return {
            **view,
            "pictures": len(self._dataset),
            "classes": len(totals),
            "ready": len(totals) >= 2 and not against,
            "against": [kind.name.lower() for kind in against],
            "kept": len(set(self._dismissals.read())),
            "stale": self._contents() != self._checked,
            "wanted": [{"label": label, "n": ENOUGH - totals[label]} for label in wanted[:5]],
            "kinds": [
                {
                    "kind": kind.name.lower(),
                    "n": len(kinds[kind]),
                    "amount": amounts[kind],
                    "all": kind in _MENDED_TOGETHER and len(kinds[kind]) > 1,
                    "findings": [self._finding_view(number, pictures, totals) for number in kinds[kind][:FIRST]],
                }
                for kind in Kind
                if kind in kinds
            ],
        }

    def more(self, kind: str, offset: int) -> dict[str, Any]:
        """Further open findings of a kind."""
        pictures = {picture.key: picture for picture in self._dataset.pictures()}
        totals = {label: sum(splits.values()) for label, splits in self._dataset.counts().items()}
        numbers = [n for n in self._open(pictures) if self._findings[n].kind.name.lower() == kind]
        return {"findings": [self._finding_view(n, pictures, totals) for n in numbers[offset : offset + FIRST]]}

    def fix(self, number: int, choice: int, keys: Collection[str] | None = None) -> Fix:
        """Do what a finding offers, to those of its pictures that are in ``keys``, or to all.

        Raises:
            DataError: there is no such finding or choice any more.
        """
        fixes = self._fixes(self._finding(number))
        if not 0 <= choice < len(fixes):
            raise DataError(f"finding {number}: has no fix {choice}; check again")
        fix = fixes[choice]
        chosen = tuple(key for key in fix.pictures if keys is None or key in keys)
        fix = Fix(fix.action, chosen, fix.to)
        fix.apply(self._dataset)
        return fix

    def mend_all(self, kind: str) -> int:
        """Fix every open finding of a kind that is safe to fix unseen; one edit an action, so one undo.

        Returns:
            How many pictures that changed.

        Raises:
            DataError: no such kind, or one whose findings must be looked at one by one.
        """
        wanted = [k for k in _MENDED_TOGETHER if k.name.lower() == kind]
        if not wanted:
            raise DataError(f"findings {kind!r}: cannot be mended all at once; look at each")
        together: dict[tuple[Action, str], dict[str, None]] = {}
        pictures = {picture.key: picture for picture in self._dataset.pictures()}
        for number in self._open(pictures):
            fix = self._findings[number].fix
            if self._findings[number].kind is wanted[0] and fix is not None:
                together.setdefault((fix.action, fix.to), {}).update(dict.fromkeys(fix.pictures))
        for (action, to), keys in together.items():
            Fix(action, tuple(key for key in keys if key in pictures), to).apply(self._dataset)
        return sum(map(len, together.values()))

    def keep(self, number: int) -> None:
        """A person says that a finding is right as it is; no check shows it again.

        Raises:
            DataError: there is no such finding any more, or that cannot be written down.
        """
        finding = self._finding(number)
        self._dismissals.add(_dismissals(finding, [self._dataset.picture(key) for key in finding.pictures]))

    def keep_none(self) -> None:
        """Show again what was kept.

        Raises:
            DataError: the file of what was kept cannot be written.
        """
        self._dismissals.replace(())

    def keys_by_kind(self) -> dict[str, list[str]]:
        """The pictures of every kind of open finding, for the map's colours."""
        if self._report is None:
            return {}
        found: dict[str, dict[str, None]] = {}
        for number in self._open({picture.key: picture for picture in self._dataset.pictures()}):
            finding = self._findings[number]
            found.setdefault(finding.kind.name.lower(), {}).update(dict.fromkeys(finding.pictures))
        return {kind: list(keys) for kind, keys in found.items() if keys}

    @property
    def _findings(self) -> tuple[Finding, ...]:
        return self._report.findings if self._report is not None else ()

    def _check(self, progress: Progress) -> None:
        report = check(self._dataset, self._embedder, progress)
        self._checked, self._report = self._contents(), report

    def _finding(self, number: int) -> Finding:
        if not 0 <= number < len(self._findings):
            raise DataError(f"finding {number}: not in the latest check; check again")
        return self._findings[number]

    def _contents(self) -> frozenset[tuple[str, str]]:
        return frozenset((picture.key, picture.split.value) for picture in self._dataset.pictures())

    def _open(self, pictures: dict[str, Picture]) -> list[int]:
        dismissed = set(self._dismissals.read())
        return [
            number
            for number, finding in enumerate(self._findings)
            if self._is_open(finding, pictures)
            and not _dismissals(finding, [pictures[key] for key in finding.pictures if key in pictures]) <= dismissed
        ]

    def _is_open(self, finding: Finding, pictures: dict[str, Picture]) -> bool:
        if not finding.pictures:
            return self._class_is_open(finding)
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

    def _class_is_open(self, finding: Finding) -> bool:
        counts = self._dataset.counts()
        if finding.kind is Kind.SMALL_CLASS:
            return finding.label in counts and sum(counts[finding.label].values()) < FEWEST
        if finding.kind is Kind.EMPTY_SPLIT:
            return any(label in counts and not counts[label][Split(finding.split)] for label in finding.details)
        if finding.kind is Kind.IGNORED:
            return bool(ignored(self._dataset.root))
        if finding.kind is Kind.DAMAGED_RECORD:
            return bool(self._dataset.records.unreadable() or self._dismissals.unreadable())
        return not finding.label or finding.label in counts

    def _finding_view(self, number: int, pictures: dict[str, Picture], totals: dict[str, int]) -> dict[str, Any]:
        finding = self._findings[number]
        there = [pictures[key] for key in finding.pictures if key in pictures]
        fixes = self._fixes(finding)
        most = max(totals, key=lambda label: totals[label], default="")
        return {
            "id": number,
            "label": finding.label,
            "n": totals.get(finding.label, 0),
            "fewest": FEWEST,
            "most": most,
            "most_n": totals.get(most, 0),
            "split": finding.split,
            "details": list(finding.details[:FIRST]),
            "details_n": len(finding.details),
            "pictures": [picture_view(picture) for picture in there[: 2 * FIRST]],
            "total": len(there),
            "fixes": [
                {"action": fix.action.value, "to": fix.to, "keys": list(fix.pictures[: 2 * FIRST])} for fix in fixes
            ],
        }

    def _fixes(self, finding: Finding) -> list[Fix]:
        if finding.fix is not None:
            return [finding.fix]
        if finding.kind is not Kind.CONFLICT:
            return []
        # Which of two labels is right only a person knows: one choice for each.
        pictures = [self._dataset.picture(key) for key in finding.pictures]
        same = len({picture.hash for picture in pictures}) == 1
        fixes = []
        for label in sorted({picture.label for picture in pictures}):
            others = tuple(picture.key for picture in pictures if picture.label != label)
            fixes.append(Fix(Action.DELETE if same else Action.RELABEL, others, label))
        return fixes


def _dismissals(finding: Finding, pictures: list[Picture]) -> set[Dismissal]:
    """What dismissing a finding records: each picture where each is judged by itself, else all together."""
    if not pictures:
        return {Dismissal(finding.kind, ())}
    together = [[picture] for picture in pictures] if finding.kind in EACH else [pictures]
    return {Dismissal.of(finding.kind, some) for some in together}


_MENDED_TOGETHER = (Kind.UNREADABLE, Kind.EXACT_COPY, Kind.NEAR_COPY, Kind.ACROSS_SPLITS)
