"""The check of the dataset: run in the background, its findings open until they are fixed or kept as they are."""

from collections.abc import Collection

from whatsit.backbones.embedder import Embedder
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.issues.check import CheckReport, check
from whatsit.datasets.issues.dismissed import Dismissals
from whatsit.datasets.issues.finding import Action, Finding, Fix, Kind
from whatsit.errors import DataError
from whatsit.parallel import Progress
from whatsit.studio.jobs.background import Background, BackgroundView
from whatsit.studio.jobs.open_findings import OpenFindings, dismissals, open_findings

FIXED_TOGETHER = (Kind.UNREADABLE, Kind.EXACT_COPY, Kind.NEAR_COPY, Kind.ACROSS_SPLITS)
"""Kinds whose findings can be fixed all at once, without looking at each."""


def kind_name(kind: Kind) -> str:
    """A kind of finding in messages and message keys, such as ``near_copy``."""
    return kind.name.lower()


class Inspection:
    """The latest report. Findings are never removed from it: what undo brings back is open again."""

    def __init__(self, dataset: Dataset, embedder: Embedder, background: Background) -> None:
        self._dataset = dataset
        self._dismissals = Dismissals(dataset.root)
        self._embedder = embedder
        self._background = background
        self._report: CheckReport | None = None
        self._checked: frozenset[tuple[str, str]] = frozenset()
        self._seen: frozenset[str] = frozenset()

    def begin(self) -> None:
        """Start checking all pictures.

        Raises:
            DataError: a check is running already.
        """
        self._background.begin(self._check)

    @property
    def progress(self) -> BackgroundView:
        """How far the check is."""
        return self._background.view()

    @property
    def stale(self) -> bool:
        """Whether pictures were added, removed or moved to another split since the check."""
        return self._contents() != self._checked

    @property
    def unseen(self) -> bool:
        """Whether there are pictures that the check has not looked at."""
        return not {picture.hash for picture in self._dataset.pictures()} <= self._seen

    @property
    def kept(self) -> int:
        """The number of findings that a person kept as they are."""
        return len(set(self._dismissals.read()))

    def opened(self) -> OpenFindings | None:
        """The findings of the latest check that are still open; None where nothing was checked yet.

        Raises:
            DataError: the project's own files cannot be read.
        """
        return open_findings(self._dataset, self._report.findings) if self._report is not None else None

    def fixes(self, finding: Finding) -> list[Fix]:
        """What a finding offers. For two labels of one picture, one choice for each label: only a person can tell."""
        if finding.fix is not None:
            return [finding.fix]
        if finding.kind is not Kind.CONFLICT:
            return []
        pictures = [self._dataset.picture(key) for key in finding.pictures]
        same = len({picture.hash for picture in pictures}) == 1
        fixes = []
        for label in sorted({picture.label for picture in pictures}):
            others = tuple(picture.key for picture in pictures if picture.label != label)
            fixes.append(Fix(Action.DELETE if same else Action.RELABEL, others, label))
        return fixes

    def fix(self, number: int, choice: int, keys: Collection[str] | None = None) -> Fix:
        """Apply one fix of a finding.

        Args:
            number: the finding's place in the report.
            choice: which of its ``fixes``.
            keys: limits the fix to these pictures; None: all of them.

        Returns:
            The fix that was applied.

        Raises:
            DataError: there is no such finding or choice any more.
        """
        fixes = self.fixes(self._finding(number))
        if not 0 <= choice < len(fixes):
            raise DataError(f"finding {number}: has no fix {choice}; check again")
        fix = fixes[choice]
        chosen = tuple(key for key in fix.pictures if keys is None or key in keys)
        fix = Fix(fix.action, chosen, fix.to)
        fix.apply(self._dataset)
        return fix

    def fix_all(self, kind: str) -> int:
        """Fix every open finding of a kind in ``FIXED_TOGETHER``; one edit per action, so one undo.

        Args:
            kind: a ``kind_name``.

        Returns:
            The number of pictures that were edited.

        Raises:
            DataError: no such kind, or one whose findings must be looked at one by one.
        """
        wanted = next((one for one in FIXED_TOGETHER if kind_name(one) == kind), None)
        if wanted is None:
            raise DataError(f"findings {kind[:40]!r}: cannot be fixed all at once; look at each")
        opened = self.opened()
        if opened is None:
            return 0
        together: dict[tuple[Action, str], dict[str, None]] = {}
        for number in opened.of(wanted):
            fix = opened.findings[number].fix
            if fix is not None:
                there = (key for key in fix.pictures if key in opened.pictures)
                together.setdefault((fix.action, fix.to), {}).update(dict.fromkeys(there))
        for (action, to), keys in together.items():
            Fix(action, tuple(keys), to).apply(self._dataset)
        return sum(map(len, together.values()))

    def keep(self, number: int) -> None:
        """Record that a finding is right as it is; no later check shows it again.

        Raises:
            DataError: there is no such finding any more, or the record cannot be written.
        """
        finding = self._finding(number)
        self._dismissals.add(dismissals(finding, [self._dataset.picture(key) for key in finding.pictures]))

    def forget_kept(self) -> None:
        """Let the next check show every finding that was kept.

        Raises:
            DataError: the record cannot be written.
        """
        self._dismissals.replace(())

    def keys_by_kind(self) -> dict[str, list[str]]:
        """The pictures of every kind of open finding, by ``kind_name``, for the colours of the map."""
        opened = self.opened()
        found: dict[str, dict[str, None]] = {}
        for finding in opened.findings.values() if opened is not None else ():
            found.setdefault(kind_name(finding.kind), {}).update(dict.fromkeys(finding.pictures))
        return {kind: list(keys) for kind, keys in found.items() if keys}

    def _check(self, progress: Progress) -> None:
        # Before, so that what arrives meanwhile counts as not looked at.
        checked, seen = self._contents(), frozenset(picture.hash for picture in self._dataset.pictures())
        self._report = check(self._dataset, self._embedder, progress)
        self._checked, self._seen = checked, seen

    def _finding(self, number: int) -> Finding:
        findings = self._report.findings if self._report is not None else ()
        if not 0 <= number < len(findings):
            raise DataError(f"finding {number}: not in the latest check; check again")
        return findings[number]

    def _contents(self) -> frozenset[tuple[str, str]]:
        return frozenset((picture.key, picture.split.value) for picture in self._dataset.pictures())
