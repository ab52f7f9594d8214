"""What lists say of pictures, whatever format they are in, and the listing that follows from it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.listing import NOT_A_PICTURE, Listing, NearMiss
from whatsit.datasets.formats.references import Found, Reference, References, contradicts, split_on_the_way
from whatsit.datasets.label import UNLABELLED
from whatsit.datasets.skip import Skip
from whatsit.datasets.split import Split, split_hinted, split_named
from whatsit.validation import first_few

SEVERAL = "has several labels; whatsit keeps one per picture"


@dataclass(frozen=True, slots=True)
class Claim:
    """What one entry of a list says of one picture."""

    name: str
    """What the list calls the picture: a path, an address, an id."""
    labels: tuple[str, ...] = ()
    """None: the picture is there, without a label."""
    split: str = ""
    """The list's word for its split."""
    where: str = ""
    """The entry's place in the list, such as ``line 4``."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What one list says."""

    path: str
    entries: tuple[Claim, ...]
    kind: str = ""
    """What the list is, for a person."""
    notes: tuple[Skip, ...] = ()
    guessed: str = ""
    """The column that was taken for the labels by what is in it, where its name does not say so."""


@dataclass(frozen=True, slots=True)
class _Place:
    item: Item
    list: str


def listing_of(references: References, lists: Sequence[Claims], hints: Iterable[str] = ()) -> Listing | NearMiss:
    """The pictures that lists name, and what does not add up.

    A split is the entry's own word, else that of the folder in which the picture lies, else that of the list's name
    where lists of several splits lie together.

    Args:
        references: the pictures.
        lists: what was read.
        hints: the paths of all lists that lie together, where not all of them are read.
    """
    found: dict[str, _Place] = {}
    skips: list[Skip] = []
    notes: list[Skip] = []
    splits = {path: split_hinted(PurePosixPath(path).stem) for path in (*(one.path for one in lists), *hints)}
    are_split = len({split for split in splits.values() if split is not None}) > 1
    disputed = 0
    for claims in lists:
        notes += claims.notes
        labels = {label for claim in claims.entries for label in claim.labels}
        ways: Counter[Found] = Counter()
        astray = empty = 0
        for claim in claims.entries:
            item = _item(claim, claims.path, references, labels, skips, ways)
            if item is None:
                continue
            place = item.path
            word = claim.split
            folder = split_on_the_way(place, item.label)
            split = split_named(word) if word else split_named(folder) if folder else None
            if split is None and are_split and not word:
                split = splits[claims.path]
            if word and split is None and word.casefold() not in _NO_SPLIT:
                notes.append(
                    Skip(place, f"split {word!r}: expected train, validation or test; decided by whatsit's rule")
                )
            astray += _lies_astray(place, item.label, labels)
            empty += item.label == UNLABELLED
            item = Item(place, item.label, split)
            first = found.setdefault(place, _Place(item, claims.path))
            if first.item != item:
                what = repr(item.label) if first.item.label != item.label else f"split {word!r}"
                if first.list != claims.path:
                    disputed += first.item.label != item.label
                    what += f" of {claims.path}"
                notes.append(Skip(place, f"named twice in {first.list}; {what} of {claim.where} was not taken"))
        notes += _without_label(claims, labels, empty)
        if astray:
            notes.append(
                Skip(
                    claims.path, f"{astray:,} of its pictures lie in the folder of another label; the list was followed"
                )
            )
        if ways[Found.END]:
            notes.append(Skip(claims.path, f"{ways[Found.END]:,} of its pictures lie in another folder: found by name"))
    if disputed:
        return NearMiss(
            lists[0].path, f"{lists[1].path} says other labels of {disputed:,} of its pictures; keep one list"
        )
    taken = tuple(found[path].item for path in sorted(found))
    return Listing(taken, tuple(skips), tuple(notes), read_as=_said(lists, taken, are_split))


_NOTHING = frozenset({"nan", "none", "null", "na", "n/a", "<na>"})
_NO_SPLIT = frozenset({"unassigned", "none", "unsplit", "default", "nan", "null"})


def _item(
    claim: Claim, list_path: str, references: References, labels: set[str], skips: list[Skip], ways: Counter[Found]
) -> Item | None:
    label = claim.labels[0] if claim.labels else ""
    reference = references.find(claim.name, list_path, label, claim.split)
    if reference.how is not Found.PATH and (other := _other(reference, claim.name, label, labels)):
        reference = Reference(problem=other)
    if reference.picture and len(claim.labels) > 1:
        skips.append(Skip(reference.picture, SEVERAL))
    elif reference.picture:
        ways[reference.how] += 1
        return Item(reference.picture, label.strip() or UNLABELLED)
    elif reference.problem == NOT_A_PICTURE:
        skips.append(Skip(claim.name, NOT_A_PICTURE))
    else:
        problem = "and not in its folder" if reference.problem == "not there" else f"but {reference.problem}"
        skips.append(Skip(claim.name or list_path, f"named in {list_path} {problem}"))
    return None


def _without_label(claims: Claims, labels: set[str], empty: int) -> list[Skip]:
    """That some have no label, and that a word which can mean so was taken for one."""
    said = []
    if empty and any(map(str.strip, labels)):
        said.append(f"pictures with an empty label, which are unlabelled: {empty:,}")
    if words := sorted(label for label in labels if can_mean_nothing(label)):
        shown = first_few([repr(word) for word in words])
        said.append(f"words that can mean no label were taken for labels: {shown}; leave the cells empty if they do")
    return [Skip(claims.path, one) for one in said]


def can_mean_nothing(label: str) -> bool:
    """True for what tables write where there is nothing, such as ``NaN``. In a list it is a label all the same."""
    return label.strip().casefold() in _NOTHING


def _lies_astray(place: str, label: str, labels: set[str]) -> bool:
    folders = PurePosixPath(place).parts[:-1]
    return label not in folders and any(folder in labels for folder in folders)


def _other(reference: Reference, name: str, label: str, labels: set[str]) -> str:
    """Why the picture that was found by its name can be another one."""
    if not reference.picture:
        return ""
    if _lies_astray(reference.picture, label, labels):
        return f"the only picture of this name is of another class, {reference.picture}"
    if contradicts(name, reference.picture):
        return f"the only picture of this name is in another split, {reference.picture}"
    return ""


def _said(lists: Sequence[Claims], items: Sequence[Item], are_split: bool) -> str:
    names = [one.path for one in lists]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    kinds = {one.kind for one in lists if one.kind}
    kind = f"{kinds.pop()} " if len(kinds) == 1 else "the list " if len(lists) == 1 else "the lists "
    counts = Counter(item.split for item in items if item.split is not None)
    parts = ", ".join(f"{counts[split]:,} {split.value}" for split in Split if counts[split])
    return f"{kind}{shown}" + (f"; splits {'of the lists' if are_split else 'as given'}: {parts}" if parts else "")
