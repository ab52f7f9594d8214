"""Training, validation and test: which pictures go where, decided once by their content and kept."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from whatsit.errors import ArgumentError


class Split(StrEnum):
    """What a picture is used for: to train, to choose settings, or to measure the result."""

    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"


class DecidedBy(StrEnum):
    """Who chose a picture's split."""

    CONTENT = "content"
    """``assign``, from the picture's content and the ratios."""
    SOURCE = "source"
    """The folder or list it was imported from."""
    HAND = "hand"
    """A person moved it."""


_WORDS = {
    "train": Split.TRAINING, "training": Split.TRAINING, "trn": Split.TRAINING,
    "val": Split.VALIDATION, "valid": Split.VALIDATION, "validation": Split.VALIDATION, "validate": Split.VALIDATION,
    "dev": Split.VALIDATION, "eval": Split.VALIDATION, "evaluation": Split.VALIDATION,
    "test": Split.TEST, "testing": Split.TEST, "tst": Split.TEST, "holdout": Split.TEST,
    "训练": Split.TRAINING, "训练集": Split.TRAINING, "验证": Split.VALIDATION, "验证集": Split.VALIDATION,
    "测试": Split.TEST, "测试集": Split.TEST,
}  # fmt: skip
# What a split's name can have around its word and still name nothing else: "training_set", "seg_train", "val images".
_FILLING = frozenset({
    "set", "sets", "data", "dataset", "datasets", "split", "image", "images", "imgs", "img", "picture", "pictures",
    "photos", "samples", "folder", "dir", "files", "seg", "cls", "new", "final", "resized", "the", "of", "labels",
    "label", "list", "annotations", "annotation", "instances", "metadata", "classes",
})  # fmt: skip
_LONGEST = 255
"""Characters of a name that can say a split: those of a file's. A list can have a line of millions."""
_PARTS = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![^\W\d_A-Z])|\d+|[^\W\d_]+")


def split_named(name: str) -> Split | None:
    """The split that other tools call ``train``, ``Training set``, ``seg_train``, ``dev`` or ``val2017``; None for
    other words, and for names that have other words in them."""
    found = {_word(part) for part in _parts(name) if part not in _FILLING and not part.isdecimal()}
    return found.pop() if len(found) == 1 else None


def split_hinted(name: str) -> Split | None:
    """The split whose word is in a name, whatever else is: ``asl_alphabet_train``. For names that are known to stand
    for splits."""
    found = {word for part in _parts(name) if (word := _word(part)) is not None}
    return found.pop() if len(found) == 1 else None


def _parts(name: str) -> list[str]:
    if len(name) > _LONGEST:
        return []
    return [part.casefold() for part in _PARTS.findall(unicodedata.normalize("NFC", name))]


def _word(part: str) -> Split | None:
    return _WORDS.get(part) or _WORDS.get(part.removesuffix("set"))


def split_of(split: Split | str) -> Split:
    """A split from its name.

    Raises:
        ArgumentError: not training, validation or test.
    """
    try:
        return Split(split)
    except ValueError as error:
        raise ArgumentError(f"split {split!r}: expected training, validation or test") from error


@dataclass(frozen=True, slots=True)
class SplitRatios:
    """The fraction of each class that goes to each split, 0..1 each, 1 together.

    Raises:
        ArgumentError: a ratio out of range, a sum other than 1, or nothing for training.
    """

    training: float = 0.6
    validation: float = 0.2
    test: float = 0.2

    def __post_init__(self) -> None:
        values = self.values()
        if not all(isinstance(value, int | float) for value in values):
            raise ArgumentError(f"split ratios {values}: expected three percentages that add up to 100, as numbers")
        if not all(0 <= value <= 1 for value in values) or abs(sum(values) - 1) > 1e-6:
            raise ArgumentError(f"split ratios {self}: expected three percentages that add up to 100, such as 60/20/20")
        if self.training == 0:
            raise ArgumentError(f"split ratios {self}: training needs some pictures, such as 60/20/20")

    def values(self) -> tuple[float, float, float]:
        """In the order of ``Split``."""
        return (self.training, self.validation, self.test)

    @classmethod
    def parse(cls, text: str) -> "SplitRatios":
        """The ratios written as ``60/20/20``: training, validation and test in percent.

        Raises:
            ArgumentError: not three numbers that add up to 100.
        """
        try:
            training, validation, test = (float(part) / 100 for part in text.split("/"))
        except ValueError as error:
            raise ArgumentError(
                f"split ratios {text!r}: expected three percentages that add up to 100, such as 60/20/20"
            ) from error
        return cls(training, validation, test)

    def __str__(self) -> str:
        return "/".join(f"{value * 100:g}" for value in self.values())


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures that must share a split: byte-equal, of one capture burst, or near-copies of each other."""

    hashes: tuple[str, ...]
    """SHA-256 of each member, in the order they arrived."""
    label: str
    """The class it is counted in: that of its first member."""
    decided: Split | None = None
    """The split an older member has already; the group follows it."""


def assign(groups: Iterable[Group], counts: Mapping[str, Sequence[int]], ratios: SplitRatios) -> dict[str, Split]:
    """A split for every picture of every group, in the order given.

    Each group goes to a split of its class that has fewer pictures than its ratio asks for; among several such
    splits the group's content chooses, with probability proportional to what each is missing. The result depends on
    the pictures alone, not on a clock or a seed. The first group of a class always goes to training.

    Args:
        groups: new pictures, in a fixed order.
        counts: for each class, the pictures already in (training, validation, test).
        ratios: the fractions to approach in every class.
    """
    held = {label: list(count) for label, count in counts.items()}
    result: dict[str, Split] = {}
    for group in groups:
        count = held.setdefault(group.label, [0, 0, 0])
        split = group.decided or _drawn_by_content(group, count, ratios)
        count[list(Split).index(split)] += len(group.hashes)
        result.update(dict.fromkeys(group.hashes, split))
    return result


def _drawn_by_content(group: Group, count: Sequence[int], ratios: SplitRatios) -> Split:
    if sum(count) == 0:
        return Split.TRAINING
    total = sum(count) + len(group.hashes)
    missing = [max(0.0, ratio * total - held) for ratio, held in zip(ratios.values(), count, strict=True)]
    # Hashed once more: the picture's own digest also orders the pictures, and the two must be independent.
    digest = hashlib.sha256(b"split:" + min(group.hashes).encode()).digest()
    point = int.from_bytes(digest[:8], "big") / 2**64 * sum(missing)
    for split, part in zip(Split, missing, strict=True):
        if point < part:
            return split
        point -= part
    return Split.TRAINING
