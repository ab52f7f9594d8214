"""Holding pictures out by hand: training pictures of a class become its validation and test pictures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.disjoint_sets import DisjointSets
from whatsit.datasets.edit import Edit, EditKind
from whatsit.datasets.label import RESERVED
from whatsit.datasets.split import DecidedBy, Split

SHARE = 0.2
"""Of a class, for validation and for the test each."""
FEWEST = 5
"""Pictures of a class in a split; where there are fewer, one of them changes what is measured by a quarter or more."""
HELD = (Split.TEST, Split.VALIDATION)
"""The splits that training does not learn from; the test comes first, because only it measures the result."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What was moved out of training."""

    pictures: int
    lacking: tuple[str, ...]
    """Classes that still have no picture in one of the splits: their pictures are one, or nearly the same."""


def too_small(counts: dict[Split, int], split: Split) -> bool:
    """Whether a class with so many pictures in each split has too few in one of them to measure anything."""
    return counts[split] < min(FEWEST, _wanted(sum(counts.values())))


def hold_out(dataset: Dataset) -> HeldOut:
    """Move pictures of every class whose validation or test pictures are too few; one edit, remembered as a person's.

    Raises:
        DataError: the project is in use elsewhere, or the disk is full; nothing is moved then.
    """
    with dataset.editing():
        edit = held_out(dataset)
        dataset.perform(edit)
        counts = dataset.counts()
    full = {label: splits for label, splits in counts.items() if label not in RESERVED and any(splits.values())}
    return HeldOut(edit.count, tuple(label for label in full if not all(full[label][split] for split in HELD)))


def held_out(dataset: Dataset) -> Edit:
    """The edit that ``hold_out`` would make; it ``is_nothing`` where there is nothing to move."""
    alike = dataset.near_copies.all_pairs()
    before, after = [], []
    for label, counts in dataset.counts().items():
        wanted = _wanted(sum(counts.values()))
        missing = {split: wanted - counts[split] for split in HELD if too_small(counts, split)}
        if label in RESERVED or not missing:
            continue
        training = [one for one in dataset.pictures(label, Split.TRAINING) if not one.error]
        by_hash = {one.hash: one for one in training}
        for hash_, split in choose(tuple(by_hash.values()), alike, missing).items():
            before.append(by_hash[hash_].record)
            after.append(replace(before[-1], split=split, decided_by=DecidedBy.HAND))
    return Edit(EditKind.RESPLIT, len(before), before=tuple(before), after=tuple(after))


def choose(
    pictures: Sequence[Picture], alike: Iterable[tuple[str, str]], missing: dict[Split, int]
) -> dict[str, Split]:
    """The pictures to hold out, by their content.

    Near-copies stay together. Bursts do too, unless that leaves a split empty: a burst is then cut by time, its
    newest pictures for the test and those before them for validation, so that these lie between training and test.

    Args:
        pictures: of one class, all in training.
        alike: pairs of contents that are near-copies.
        missing: how many pictures to find for each split, in the order of ``HELD``.
    """
    near = DisjointSets(one.hash for one in pictures)
    for one, other in alike:
        if one in near and other in near:
            near.join(one, other)
    cut = _dealt(pictures, near, missing)
    bursts: dict[str, str] = {}
    for picture in pictures:
        if picture.burst:
            near.join(picture.hash, bursts.setdefault(picture.burst, picture.hash))
    whole = _dealt(pictures, near, missing)
    return whole if len(set(whole.values())) >= len(set(cut.values())) else cut


def _dealt(pictures: Sequence[Picture], together: DisjointSets, missing: dict[Split, int]) -> dict[str, Split]:
    times = {one.hash: (one.time, one.key) for one in pictures}
    groups = sorted(together.sets(), key=lambda group: max(times[hash_] for hash_ in group))
    # The largest group is what training learns from, the oldest of several.
    largest = max(groups, key=len, default=[])
    free = [group for group in groups if group is not largest]
    left, found = len(pictures), dict[str, Split]()
    for split, number in missing.items():
        count = 0
        while free and (not count or count + len(free[-1]) <= number) and left - len(free[-1]) >= len(pictures) // 3:
            group = free.pop()
            found.update(dict.fromkeys(group, split))
            count, left = count + len(group), left - len(group)
    return found


def _wanted(pictures: int) -> int:
    return max(1, round(SHARE * pictures))
