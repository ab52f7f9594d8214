"""Is a dataset ready to train on, and what to photograph next?"""

from collections.abc import Mapping, Sequence

from whatsit.datasets.catalogue import counted
from whatsit.datasets.coach import Advice, AdviceKind
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.issues.finding import Finding, Kind
from whatsit.datasets.issues.table import ISSUES

ENOUGH = 30
"""Pictures of a class from which more of the same add little with a frozen backbone."""
_CLASSES_NAMED = 5


def stands_against(amounts: Mapping[Kind, int], labelled: int) -> list[Kind]:
    """The kinds of findings that keep a dataset from being ready.

    Args:
        amounts: how many findings there are of each kind (see ``Finding.amount``).
        labelled: how many pictures have a label.
    """
    return [issue.kind for issue in ISSUES if issue.blocks(amounts.get(issue.kind, 0), labelled)]


def verdict(
    dataset: Dataset, findings: Sequence[Finding], labelled: int, advice: Advice | None = None
) -> tuple[bool, tuple[str, ...]]:
    """True where nothing stands against training, and a few lines that say so and what to photograph next.

    Args:
        advice: the coach's; None: the numbers of pictures alone decide what is said.
    """
    totals = dataset.totals()
    amounts: dict[Kind, int] = {}
    for finding in findings:
        amounts[finding.kind] = amounts.get(finding.kind, 0) + finding.amount
    against = [f"{amounts[kind]:,} x {kind.value}" for kind in stands_against(amounts, labelled)]
    if len(totals) < 2:
        against.insert(0, f"{len(totals) or 'no'} class, a classifier needs 2")
    classes = "1 class" if len(totals) == 1 else f"{len(totals)} classes"
    lines = [f"{counted(labelled)} in {classes}: {'not ready yet' if against else 'ready to train'}."]
    lines += [f"Against it: {', '.join(against)}."] if against else []
    if advice is not None and advice.kind is not AdviceKind.START:
        lines.append(advice.sentence)
        if advice.kind is not AdviceKind.ENOUGH or not amounts.get(Kind.LABEL_ISSUE):
            return not against, tuple(lines)
    return not against, (*lines, _next(totals, amounts.get(Kind.LABEL_ISSUE, 0)))


def _next(totals: Mapping[str, int], label_issues: int) -> str:
    if len(totals) < 2:
        return "Photograph next: something else to tell it from."
    if wanted := sorted((label for label in totals if totals[label] < ENOUGH), key=lambda c: (totals[c], c)):
        needs = ", ".join(f"{ENOUGH - totals[label]} more of {label}" for label in wanted[:_CLASSES_NAMED])
        return f"Photograph next: {needs}."
    if label_issues:
        many = "label issue" if label_issues == 1 else f"{label_issues:,} label issues"
        return f"No class needs more pictures; look at the {many}: some labels may be wrong."
    return "No class needs more pictures; other light, backgrounds and distances always help."
