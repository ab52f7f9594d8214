"""Rules that wait for a class which the model in use does not have: said, with the classes that are called alike."""

from collections.abc import Sequence
from difflib import get_close_matches

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
    nearest = _nearest(label, labels)
    if nearest:
        return f"nearest: {', '.join(one_line(one, 80) for one in nearest)}"
    if len(labels) <= _MOST_CLASSES:
        return f"it has {', '.join(one_line(one, 80) for one in labels)}"
    return f"none of its {len(labels):,} is called alike"


def _nearest(label: str, labels: Sequence[str]) -> list[str]:
    """Up to three: those with all its words, then those that are written alike."""
    folded = {one.casefold(): one for one in reversed(labels)}
    wanted = label.casefold()
    words = set(wanted.replace("_", " ").split())
    longer = [one for one in folded if words and words <= set(one.replace("_", " ").replace("-", " ").split())]
    alike = get_close_matches(wanted, folded, n=3, cutoff=0.8)
    found = dict.fromkeys([*([wanted] if wanted in folded else []), *sorted(longer, key=len), *alike])
    return [folded[one] for one in found][:3]
