"""A check as the Check page shows it."""

from whatsit.datasets.issues.finding import EACH, Action, Fix, Kind
from whatsit.datasets.issues.readiness import ENOUGH, stands_against
from whatsit.datasets.issues.small_class import FEWEST
from whatsit.studio.gallery import picture_view
from whatsit.studio.jobs.inspection import FIXED_TOGETHER, Inspection, kind_name
from whatsit.studio.jobs.open_findings import OpenFindings
from whatsit.studio.pages.check.messages import (
    CheckView,
    FindingView,
    FixAction,
    FixView,
    KindView,
    MoreFindings,
    ReportView,
)

FIRST = 24
"""Findings of a kind in one answer."""
_PICTURES = 48
"""Pictures of one finding in one answer."""
_WANTED = 5
_SELECTIVE = EACH | {Kind.TWIN_LABELS}
_PICTURES_HELP = (Kind.SMALL_CLASS, Kind.UNBALANCED, Kind.EMPTY_SPLIT)
_ACTIONS: dict[Action, FixAction] = {
    Action.DELETE: "delete",
    Action.RELABEL: "relabel",
    Action.MOVE: "move",
    Action.RENAME: "rename",
    Action.SPLIT_AGAIN: "split_again",
    Action.HOLD_OUT: "hold_out",
}
_ORDER = (
    # What keeps the dataset from being ready comes first, what only deserves a look last.
    Kind.UNREADABLE, Kind.CONFLICT, Kind.ACROSS_SPLITS, Kind.TWIN_LABELS, Kind.UNUSABLE_NAME, Kind.SMALL_CLASS,
    Kind.LABEL_ISSUE, Kind.EXACT_COPY, Kind.NEAR_COPY, Kind.DAMAGED_RECORD, Kind.IGNORED, Kind.EMPTY_SPLIT,
    Kind.UNBALANCED, Kind.BLURRED, Kind.DARK, Kind.BRIGHT, Kind.TINY, Kind.OUTLIER,
)  # fmt: skip
_RANKS = {kind: rank for rank, kind in enumerate(_ORDER)}


def check_view(inspection: Inspection) -> CheckView:
    """How far the check is, and what is open of the latest one."""
    opened = inspection.opened()
    return {**inspection.progress, "report": None if opened is None else _report(inspection, opened)}


def more_findings(inspection: Inspection, kind: str, offset: int) -> MoreFindings:
    """Open findings of a kind from ``offset`` on."""
    opened = inspection.opened()
    numbers = [] if opened is None else [n for n, one in opened.findings.items() if kind_name(one.kind) == kind]
    return {"findings": [_finding(inspection, opened, n) for n in numbers[offset : offset + FIRST]] if opened else []}


def _report(inspection: Inspection, opened: OpenFindings) -> ReportView:
    amounts, totals = opened.amounts(), opened.totals
    against = stands_against(amounts, sum(totals.values()))
    wanted = sorted((label for label in totals if totals[label] < ENOUGH), key=lambda label: totals[label])
    return {
        "pictures": len(opened.pictures),
        "classes": len(totals),
        "ready": len(totals) >= 2 and not against and not inspection.unseen,
        "kept": inspection.kept,
        "unseen": inspection.unseen,
        "stale": inspection.stale,
        "wanted": [{"label": label, "n": ENOUGH - totals[label]} for label in wanted[:_WANTED]],
        "kinds": [
            _kind(inspection, opened, kind, amounts[kind], kind in against)
            for kind in sorted(amounts, key=lambda kind: _RANKS.get(kind, len(_RANKS)))
        ],
    }


def _kind(inspection: Inspection, opened: OpenFindings, kind: Kind, amount: int, against: bool) -> KindView:
    numbers = opened.of(kind)
    return {
        "kind": kind_name(kind),
        "n": len(numbers),
        "amount": amount,
        "against": against,
        "selective": kind in _SELECTIVE,
        "pictures_help": kind in _PICTURES_HELP,
        "all_fixable": kind in FIXED_TOGETHER and len(numbers) > 1,
        "findings": [_finding(inspection, opened, number) for number in numbers[:FIRST]],
    }


def _finding(inspection: Inspection, opened: OpenFindings, number: int) -> FindingView:
    finding, totals = opened.findings[number], opened.totals
    pictures = [opened.pictures[key] for key in finding.pictures if key in opened.pictures]
    largest = max(totals, key=lambda label: totals[label], default="")
    return {
        "id": number,
        "label": finding.label,
        "n": totals.get(finding.label, 0),
        "fewest": FEWEST,
        "largest": largest,
        "largest_n": totals.get(largest, 0),
        "split": finding.split,
        "details": list(finding.details[:FIRST]),
        "details_n": len(finding.details),
        "pictures": [picture_view(picture) for picture in pictures[:_PICTURES]],
        "total": len(pictures),
        "fixes": [_fix(fix) for fix in inspection.fixes(finding)],
    }


def _fix(fix: Fix) -> FixView:
    return {"action": _ACTIONS[fix.action], "to": fix.to, "keys": list(fix.pictures[:_PICTURES])}
