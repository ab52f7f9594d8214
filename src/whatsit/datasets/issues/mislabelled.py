"""Label issues: pictures that look like another class than their label says."""

from collections.abc import Iterator

from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Action, Finding, Fix, Kind
from whatsit.datasets.issues.issue import Issue

_MANY = 0.2
"""Fraction of the labels. Pictures that are hard to tell apart raise issues too, however right their labels are."""


def find(examination: Examination) -> Iterator[Finding]:
    """One finding for each label issue, the most severe first."""
    for issue in examination.label_issues:
        if issue.is_issue:
            picture = examination.labelled[issue.index]
            message = f"Labelled {picture.label}, looks like {issue.suggested_label}."
            fix = Fix(Action.RELABEL, (picture.key,), issue.suggested_label)
            yield Finding(Kind.LABEL_ISSUE, (picture.key,), message, fix, picture.label)


MISLABELLED = Issue(Kind.LABEL_ISSUE, find, blocks_above=_MANY)
