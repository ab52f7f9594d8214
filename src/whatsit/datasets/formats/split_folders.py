"""Split folders: ``train|validation|test/<label>/<file>``, or ``<label>/train|validation|test/<file>``."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.formats.class_folders import NO_CLASS
from whatsit.datasets.formats.entry import Entry
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.listing import ASIDE, Listing, NearMiss, is_put_aside, pictures_in
from whatsit.datasets.formats.source import Contents, Source
from whatsit.datasets.formats.wrapping import class_depth, is_filling
from whatsit.datasets.label import label_of
from whatsit.datasets.skip import Skip
from whatsit.datasets.split import Split, split_hinted, split_named
from whatsit.validation import first_few

_NAMES = {Split.TRAINING: "train", Split.VALIDATION: "validation", Split.TEST: "test"}
# Folders inside classes that tell when, where or with what pictures were taken: they are no classes.
_OCCASION = re.compile(
    r"(?:day|session|batch|part|take|seq|sequence|run|camera|cam|shot|video|clip|round|week|month|scene|view|side)?"
    r"[\W_]*\d[\d\W_]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Part:
    """A folder that may stand for a split."""

    name: str
    pictures: tuple[PurePosixPath, ...]
    depth: int
    """Where in the paths the class folders are."""

    @property
    def classes(self) -> frozenset[str]:
        return frozenset(path.parts[self.depth] for path in self.pictures if len(path.parts) > self.depth + 1)

    @property
    def in_classes(self) -> int:
        return sum(len(path.parts) > self.depth + 1 for path in self.pictures)


def read(source: Source, contents: Contents) -> Listing | NearMiss | None:
    """The pictures with their labels and splits; None where no folders stand for splits."""
    pictures, skips = pictures_in(contents)
    depth = class_depth(pictures)
    parts = _parts(pictures, depth)
    named = {part.name: split for part in parts if (split := split_named(part.name)) is not None}
    of_splits = [part for part in parts if part.name in named]
    held = sum(part.in_classes for part in of_splits)
    several = len(set(named.values())) > 1
    is_mostly_held = 2 * held > sum(len(part.pictures) for part in of_splits)
    # Beside other folders: at least two splits that mostly hold class folders, else they are classes of these names.
    if (named and len(named) == len(parts) and held) or (several and is_mostly_held):
        return _around(pictures, depth, of_splits, named, skips)
    if several or (named and len(named) == len(parts)):
        return _flat_miss(of_splits)
    if splits := _inside(pictures, depth):
        return _of_several_sets(pictures, depth, splits, skips) or _within(pictures, depth, splits, skips)
    if parts and (siblings := _siblings(parts)):
        return _around(pictures, depth, parts, siblings, skips)
    return _beside_classes(pictures, depth, parts, named, skips)


def _parts(pictures: Sequence[PurePosixPath], depth: int) -> list[_Part]:
    tops: dict[str, list[PurePosixPath]] = {}
    for path in pictures:
        if len(path.parts) > depth + 1:
            tops.setdefault(path.parts[depth], []).append(path)
    return [_Part(name, tuple(paths), _class_level(name, paths, depth + 1)) for name, paths in tops.items()]


def _class_level(name: str, paths: Sequence[PurePosixPath], at: int) -> int:
    """Below the folders that only wrap: ``training_set/training_set/<label>``, ``train/images/<label>``."""
    around = name
    while all(len(path.parts) > at + 1 for path in paths):
        inner = {path.parts[at] for path in paths}
        only = inner.pop()
        is_wrapper = only.casefold() == around.casefold() or split_named(only) is not None or is_filling(only)
        if inner or not is_wrapper:
            break
        around, at = only, at + 1
    return at


def _siblings(parts: Sequence[_Part]) -> Mapping[str, Split | None]:
    """Folders that hold the same class folders, with the splits that their names hint at; else nothing."""
    hints = {part.name: split_hinted(part.name) for part in parts}
    held = sum(part.in_classes for part in parts)
    if None not in hints.values() and len(set(hints.values())) > 1 and 2 * held > sum(len(p.pictures) for p in parts):
        return hints
    every = frozenset.union(*(part.classes for part in parts))
    shared = frozenset.intersection(*(part.classes for part in parts))
    is_whole = all(part.in_classes == len(part.pictures) for part in parts)
    if len(parts) < 2 or len(shared) < 2 or 2 * len(shared) < len(every) or not is_whole:
        return {}
    return {} if _are_occasions(every) else hints


def _are_occasions(names: Collection[str]) -> bool:
    return all(_OCCASION.fullmatch(name) or is_filling(name) for name in names) and not _are_digits(names)


def _are_digits(names: Collection[str]) -> bool:
    """True for the classes of handwritten digits: the numbers from 0 on, one figure each."""
    return all(len(name) == 1 for name in names) and "0" in names and len(names) > 2


def _around(
    pictures: Sequence[PurePosixPath],
    depth: int,
    parts: Sequence[_Part],
    splits: Mapping[str, Split | None],
    skips: list[Skip],
) -> Listing:
    at = {part.name: part.depth for part in parts}
    # Nothing could be measured on a set of which all is for training, and nobody's split would be overruled.
    undivided = set(splits.values()) == {Split.TRAINING}
    items = []
    for path in pictures:
        top = path.parts[depth] if len(path.parts) > depth + 1 else ""
        if top not in at:
            skips.append(Skip(str(path), "not in one of the split folders beside it"))
        elif len(path.parts) <= at[top] + 1:
            skips.append(Skip(str(path), "no class folder around it"))
        elif is_put_aside(path, at[top] + 1):
            skips.append(Skip(str(path), ASIDE))
        else:
            items.append(Item(str(path), label_of(path.parts[at[top]]), None if undivided else splits[top]))
    said = f"split folders with {' and '.join(splits)} alone: all three splits are taken from it by whatsit's rule"
    return Listing(tuple(items), tuple(skips), read_as=said if undivided else _said(splits))


def _said(splits: Mapping[str, Split | None]) -> str:
    known = ", ".join(f"{name} is {split.value}" for name, split in splits.items() if split is not None)
    others = [name for name, split in splits.items() if split is None]
    if not others:
        return f"split folders: {known}"
    return (
        f"split folders, since they hold the same classes: {known + '; ' if known else ''}{' and '.join(others)} "
        "without a split in the name, decided by whatsit's rule"
    )


def _flat_miss(parts: Sequence[_Part]) -> NearMiss:
    flat = next(part for part in parts if 2 * part.in_classes <= len(part.pictures))
    above = flat.pictures[0].parts
    path = "/".join(above[: above.index(flat.name) + 1])
    return NearMiss(path, "its pictures are in no class folders, and no list beside them says what they are")


def _inside(pictures: Sequence[PurePosixPath], depth: int) -> dict[PurePosixPath, Split]:
    """The splits of ``<label>/train|test/…``, where the folders inside the classes are splits and nothing else."""
    inner = {
        path: split_named(path.parts[depth + 1])
        for path in pictures
        if len(path.parts) > depth + 2 and not is_put_aside(path, depth + 1)
    }
    found = {path: split for path, split in inner.items() if split is not None}
    return found if len(found) == len(inner) and len(set(found.values())) > 1 else {}


def _of_several_sets(
    pictures: Sequence[PurePosixPath], depth: int, splits: Mapping[PurePosixPath, Split], skips: Sequence[Skip]
) -> Listing | None:
    """``fold1/train|test/<label>/<file>``: whole sets side by side, known by the same classes in each."""
    at = depth + 2
    sets: dict[str, set[str]] = {}
    for path in splits:
        sets.setdefault(path.parts[depth], set()).add(path.parts[at] if len(path.parts) > at + 1 else "")
    shared = set.intersection(*sets.values())
    every = set.union(*sets.values())
    if len(sets) < 2 or "" in every or len(shared) < 2 or 2 * len(shared) < len(every) or _are_occasions(every):
        return None
    listing = _within(pictures, depth, splits, list(skips))
    items = tuple(replace(item, label=label_of(PurePosixPath(item.path).parts[at])) for item in listing.items)
    said = f"split folders inside {first_few([repr(name) for name in sorted(sets)])}, which hold the same classes"
    return replace(listing, items=items, read_as=said)


def _within(
    pictures: Sequence[PurePosixPath], depth: int, splits: Mapping[PurePosixPath, Split], skips: list[Skip]
) -> Listing:
    items = []
    for path in pictures:
        if len(path.parts) <= depth + 1:
            skips.append(Skip(str(path), NO_CLASS))
        elif is_put_aside(path, depth + 1):
            skips.append(Skip(str(path), ASIDE))
        else:
            items.append(Item(str(path), label_of(path.parts[depth]), splits.get(path)))
    return Listing(tuple(items), tuple(skips), read_as="class folders with split folders inside")


def _beside_classes(
    pictures: Sequence[PurePosixPath],
    depth: int,
    parts: Sequence[_Part],
    named: Mapping[str, Split],
    skips: list[Skip],
) -> Listing | None:
    """``<label>/<file>`` and ``test/<label>/<file>`` with the same labels: one split, and classes beside it.

    A folder without a split in its name is more of the same where all in it are classes beside it, as in archives
    that hold their content twice: ``flowers/rose`` and ``flowers/flowers/rose``.
    """
    tops = {part.name for part in parts}
    chosen = [part for part in parts if part.name in named] or [part for part in parts if _is_more(part, tops)]
    classes = tops - {part.name for part in chosen}
    if len(chosen) != 1 or not chosen[0].classes or not chosen[0].classes <= classes:
        return None
    part, split = chosen[0], named.get(chosen[0].name)
    items = []
    for path in pictures:
        is_part = len(path.parts) > depth + 1 and path.parts[depth] == part.name
        at = part.depth if is_part else depth
        if len(path.parts) <= at + 1:
            skips.append(Skip(str(path), NO_CLASS))
        elif is_put_aside(path, at + 1):
            skips.append(Skip(str(path), ASIDE))
        else:
            items.append(Item(str(path), label_of(path.parts[at]), split if is_part else None))
    what = f"is {split.value}" if split is not None else "holds more"
    return Listing(tuple(items), tuple(skips), read_as=f"class folders, and {part.name} {what} of the same")


def _is_more(part: _Part, tops: Collection[str]) -> bool:
    return len(part.classes) > 1 and part.classes <= {*tops} - {part.name} and part.in_classes == len(part.pictures)


def write(pictures: Iterable[Picture]) -> Iterator[Entry]:
    """``train|validation|test/<label>/<file>``."""
    for picture in pictures:
        yield Entry(f"{_NAMES[picture.split]}/{picture.key}", picture.path)


FORMAT = Format(
    name="split",
    title="Split folders",
    about="train|validation|test/<label>/<file>, or the splits inside each class",
    splits="training, validation, test",
    read=read,
    write=write,
    takes_folders=True,
    precedence=60,
    notes=(
        "Understood too: training_set, seg_train, val2017, dev, eval, testing; folders inside a split of its own name; "
        "folders of other names that hold the same classes. With train alone, all three splits are taken from it.",
    ),
)
