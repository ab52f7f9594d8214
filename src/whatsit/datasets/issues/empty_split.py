"""Splits that have no pictures of a class, so that nothing can be measured there."""

from collections.abc import Iterator

from whatsit.datasets.held_out import held_out
from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Action, Finding, Fix, Kind
from whatsit.datasets.issues.issue import Issue
from whatsit.datasets.issues.small_class import FEWEST
from whatsit.datasets.label import RESERVED
from whatsit.datasets.split import Split

_HINTS = {
    Action.SPLIT_AGAIN: "split again, or move some there",
    Action.HOLD_OUT: "hold out 20 % of the pictures",
    None: "splitting again gives none; move some there by hand",
}


def find(examination: Examination) -> Iterator[Finding]:
    """One finding for each split that lacks a class; small classes are a finding of their own."""
    dataset = examination.dataset
    counts = {label: splits for label, splits in dataset.counts().items() if label not in RESERVED}
    large = [label for label, splits in counts.items() if sum(splits.values()) >= FEWEST]
    empty = {split: [label for label in large if not counts[label][split]] for split in Split}
    # Once for all splits: it decides the split of every picture again.
    fillable = dataset.would_fill() if any(empty.values()) else set()
    held = {record.split for record in held_out(dataset).after} if any(empty.values()) else set()
    for split, without in empty.items():
        if without:
            which = "No class has a picture" if len(without) == len(counts) else f"{', '.join(without)}: no picture"
            helps = any((label, split) in fillable for label in without)
            fix = Fix(Action.SPLIT_AGAIN, ()) if helps else Fix(Action.HOLD_OUT, ()) if split in held else None
            message = f"{which} in {split.value}: {_HINTS[fix.action if fix else None]}, or photograph on another day."
            label = without[0] if len(without) == 1 else ""
            yield Finding(Kind.EMPTY_SPLIT, (), message, fix, label, split.value, tuple(without))


EMPTY_SPLIT = Issue(Kind.EMPTY_SPLIT, find)
