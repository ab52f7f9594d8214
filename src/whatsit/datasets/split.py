"""Which pictures teach, which tune and which judge: decided once, by content, and kept."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from whatsit.errors import DataError


class Split(StrEnum):
    """A picture's part in training and measuring."""

    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"


class DecidedBy(StrEnum):
    """Who chose a picture's split."""

    CONTENT = "content"
    """The rule of this module."""
    SOURCE = "source"
    """The folder or list it was imported from."""
    HAND = "hand"
    """A person moved it."""


_NAMES = {
    "train": Split.TRAINING, "training": Split.TRAINING,
    "val": Split.VALIDATION, "valid": Split.VALIDATION, "validation": Split.VALIDATION,
    "test": Split.TEST, "testing": Split.TEST,
}  # fmt: skip


def split_named(name: str) -> Split | None:
    """The split that other tools call ``train``, ``val``, ``valid``, ``test`` or ``testing``; None else."""
    return _NAMES.get(name.casefold())


def split_of(split: Split | str) -> Split:
    """A split from its name.

    Raises:
        DataError: not training, validation or test.
    """
    try:
        return Split(split)
    except ValueError as error:
        raise DataError(f"split {split!r}: expected training, validation or test") from error


@dataclass(frozen=True, slots=True)
class SplitRatios:
    """The part of each class that goes to each split; the three add up to 1."""

    training: float = 0.6
    validation: float = 0.2
    test: float = 0.2

    def __post_init__(self) -> None:
        values = self.values()
        if not all(0 <= value <= 1 for value in values) or abs(sum(values) - 1) > 1e-6:
            raise DataError(f"shares {self}: expected three parts that add up to 100, such as 60/20/20")
        if self.training == 0:
            raise DataError(f"shares {self}: training needs some pictures, such as 60/20/20")

    def values(self) -> tuple[float, float, float]:
        """In the order of ``Split``."""
        return (self.training, self.validation, self.test)

    @classmethod
    def parse(cls, text: str) -> "SplitRatios":
        """From ``60/20/20``.

        Raises:
            DataError: not three numbers that add up to 100.
        """
        try:
            training, validation, test = (float(part) / 100 for part in text.split("/"))
        except ValueError as error:
            raise DataError(f"shares {text!r}: expected three parts that add up to 100, such as 60/20/20") from error
        return cls(training, validation, test)

    def __str__(self) -> str:
        return "/".join(f"{value * 100:g}" for value in self.values())


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures that must stay on one side: byte-equal, of one capture burst, or near-copies of each other."""

    hashes: tuple[str, ...]
    """SHA-256 of each member, in the order they arrived."""
    label: str
    """The class whose shares it counts in: that of its first member."""
    decided: Split | None = None
    """Where an older member sits already; the group follows."""


def assign(groups: Iterable[Group], counts: Mapping[str, Sequence[int]], shares: SplitRatios) -> dict[str, Split]:
    """A split for every picture of every group, in the order given.

    Each group goes to a split of its class that is still short of its share; where several are short, the
    group's content chooses, in proportion to what is missing. The result depends on the pictures alone, not
    on a clock or a seed. The first group of a class always trains.

    Args:
        groups: new pictures, in a fixed order.
        counts: for each class, the pictures already in (training, validation, test).
        shares: what is wanted.
    """
    held = {label: list(count) for label, count in counts.items()}
    result: dict[str, Split] = {}
    for group in groups:
        count = held.setdefault(group.label, [0, 0, 0])
        split = group.decided or _short_of_share(group, count, shares)
        count[list(Split).index(split)] += len(group.hashes)
        result.update(dict.fromkeys(group.hashes, split))
    return result


def _short_of_share(group: Group, count: Sequence[int], shares: SplitRatios) -> Split:
    if sum(count) == 0:
        return Split.TRAINING
    total = sum(count) + len(group.hashes)
    missing = [max(0.0, share * total - held) for share, held in zip(shares.values(), count, strict=True)]
    # A fresh digest: the same bits must not also decide the order in which pictures arrive.
    digest = hashlib.sha256(b"split:" + min(group.hashes).encode()).digest()
    point = int.from_bytes(digest[:8], "big") / 2**64 * sum(missing)
    for split, part in zip(Split, missing, strict=True):
        if point < part:
            return split
        point -= part
    return Split.TRAINING
