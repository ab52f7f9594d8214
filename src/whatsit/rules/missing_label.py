"""Rules that wait for a class which the model in use does not have: said, with the classes that are called alike."""

from collections.abc import Sequence

from whatsit.live.sinks.wanted_label import nearest_labels
from whatsit.rules.rule import Rule
from whatsit.text import one_line

_MOST_LINES = 8
_MOST_CLASSES = 10


def missing_labels(rules: Sequence[Rule], labels: Sequence[str]) -> tuple[str, ...]:
    """One line for each rule that can never switch, at most eight and how many more there are.

    Args:
        labels: the model's classes; where there are none, nothing was taught yet, and nothing is said.
    """
    there = set(labels)
    missing = [rule for rule in rules if rule.label is not None and rule.label not in there] if there else []
    lines = [
        f"{rule.called}: {one_line(rule.label, 80)} is not a class of this model; {_instead(str(rule.label), labels)}"
        for rule in missing[:_MOST_LINES]
    ]
    left = len(missing) - len(lines)
    return (*lines, f"{left} more rules wait for classes that this model does not have") if left else tuple(lines)


def _instead(label: str, labels: Sequence[str]) -> str:
    if nearest := nearest_labels(label, labels):
        return f"nearest: {', '.join(one_line(one, 80) for one in nearest)}"
    if len(labels) <= _MOST_CLASSES:
        return f"it has {', '.join(one_line(one, 80) for one in labels)}"
    return f"none of its {len(labels):,} is called alike"
