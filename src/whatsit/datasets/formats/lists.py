"""The lists of a source: which files are lists of the whole, and what all of one format say together."""

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TypeAlias

from whatsit.datasets.formats import split_folders
from whatsit.datasets.formats.claims import Claims, listing_of
from whatsit.datasets.formats.label_table import SPEAKS_AGAINST, folder_of, speaks_against
from whatsit.datasets.formats.list_cost import check_list
from whatsit.datasets.formats.listing import NOT_A_PICTURE, Listing, NearMiss, not_listed, pictures_in
from whatsit.datasets.formats.references import References
from whatsit.datasets.formats.source import Contents, Source
from whatsit.datasets.formats.wrapping import class_depth, is_filling, wrapping
from whatsit.datasets.label import label_of
from whatsit.datasets.skip import Skip
from whatsit.datasets.split import split_hinted, split_named
from whatsit.errors import DataError, SourceError

LIST_FILE = "labels.csv"
_MAX_LISTS = 64
_is_number = re.compile(r"[0-9]{1,9}").fullmatch
_LIST_FOLDERS = frozenset({"annotations", "annotation", "lists", "meta", "metadata", "splits", "imagesets"})
_ALONE = "a list without its pictures; zip it with them, or choose the folder that holds both"

Parse: TypeAlias = Callable[[bytes, str, References, bool], Claims | NearMiss | None]
"""What the bytes of one list say: its content, its path, the pictures, and whether it is certainly a list, which is
then read or refused. None: it is not such a list. Raises SourceError."""


@dataclass(frozen=True, slots=True)
class ListFormat:
    """Lists of one format: the reader of a folder and of a single list are made of how one is parsed."""

    endings: tuple[str, ...]
    parse: Parse

    def read(self, source: Source, contents: Contents) -> Listing | NearMiss | None:
        """What the lists of a source say; None where it has none.

        A list counts in a folder that holds all pictures, in one that holds none, and in split folders; deeper down
        it belongs to a class. Of several lists ``labels.csv`` counts alone.
        """
        here = [path for path in contents.paths if self._has_ending(path)]
        here = here and _not_of_one_picture(contents, here)
        if not here:
            return None
        if not any(map(contents.is_picture, contents.paths)):
            return self._without_pictures(contents, here)
        chosen = of_the_whole(contents, here)
        usual = [path for path in chosen if posixpath.basename(path).casefold() == LIST_FILE]
        references = References.of(contents)
        if len(chosen) > _MAX_LISTS:
            return None
        return self._together(source, contents, references, usual or chosen)

    def read_list(self, source: Source, contents: Contents, list_path: str) -> Listing | NearMiss | None:
        """What one list says. Files that it does not name are not mentioned.

        Raises:
            SourceError: it cannot be read, or names no pictures.
        """
        content = _content(source, list_path)
        check_list(content, list_path)
        said = self.parse(content, list_path, References.of(contents), True)
        if not isinstance(said, Claims):
            return said
        found = listing_of(References.of(contents), [said], self._of_labels_beside(source, contents, list_path))
        return found if isinstance(found, NearMiss) else _in_words(found)

    def _of_labels_beside(self, source: Source, contents: Contents, list_path: str) -> list[str]:
        """The other lists of labels in the same folder: where their names say splits, so does that of ``list_path``."""
        folder = posixpath.dirname(list_path)
        beside = [
            path
            for path in contents.paths
            if posixpath.dirname(path) == folder and path != list_path and self._has_ending(path)
        ]
        found = []
        for path in beside[:_MAX_LISTS]:
            if is_template(path) or split_hinted(PurePosixPath(path).stem) is None:
                continue
            try:
                content = _content(source, path)
                check_list(content, path)
                said = self.parse(content, path, References.of(contents), False)
            except SourceError:
                continue
            if isinstance(said, Claims) and any(entry.labels for entry in said.entries):
                found.append(path)
        return found

    def _together(
        self, source: Source, contents: Contents, references: References, lists: Sequence[str]
    ) -> Listing | NearMiss | None:
        found: list[Claims] = []
        misses: list[NearMiss] = []
        skips = [Skip(path, "a template for answers, no list of labels") for path in lists if is_template(path)]
        cost = 0
        for path in lists:
            if is_template(path):
                continue
            content = _content(source, path)
            cost = check_list(content, path, cost)
            said = self.parse(content, path, references, False)
            if isinstance(said, Claims):
                found.append(said)
            elif said is not None:
                misses.append(said)
        found = [claims for claims in found if not _name_the_classes(claims, found, contents)]
        labelled = [claims for claims in found if any(entry.labels for entry in claims.entries)]
        found = labelled or found
        if strong := next((miss for miss in misses if not miss.only_flat), None):
            return strong
        if not found:
            return misses[0] if misses else None
        listing = listing_of(references, found)
        if isinstance(listing, NearMiss):
            return listing
        # A list in each class folder says nothing against that folder alone.
        if (guess := next((claims for claims in found if claims.guessed), None)) and len(found) > 1:
            folders = [folder_of(item.path) for item in listing.items]
            if speaks_against([item.label for item in listing.items], folders):
                return NearMiss(guess.path, SPEAKS_AGAINST.format(repr(guess.guessed)))
        if not labelled:
            of_folders = _of_folders(listing, contents)
            if of_folders is None:
                return None
            if of_folders is listing and not listing.notes:
                nothing = Skip(found[0].path, "it gives no labels: its pictures are unlabelled")
                of_folders = replace(listing, notes=(nothing,))
            listing = of_folders
        listing = _in_words(listing)
        listing = _with_other_parts(source, contents, listing, [claims.path for claims in found])
        read = [claims.path for claims in found]
        every = [*read, *(skip.path for skip in skips)]
        return replace(
            listing,
            skips=(
                *listing.skips,
                *skips,
                *not_listed(contents, listing, every, read[0] if len(read) == 1 else "the lists"),
            ),
        )

    def _has_ending(self, path: str) -> bool:
        return path.casefold().endswith(self.endings)

    def _without_pictures(self, contents: Contents, lists: Sequence[str]) -> Listing | None:
        if not all(path.casefold().endswith((".csv", ".tsv", ".json", ".jsonl", ".xml")) for path in lists):
            return None
        others = [Skip(path, NOT_A_PICTURE) for path in contents.paths if path not in lists]
        return Listing(skips=(*(Skip(path, _ALONE) for path in lists), *others))


def _not_of_one_picture(contents: Contents, lists: Sequence[str]) -> list[str]:
    """Without files that describe one picture each, such as the boxes in ``1.txt`` of ``1.jpg``."""
    stems = {PurePosixPath(path).stem for path in contents.paths if contents.is_picture(path)}
    of_one = {path: stem for path in lists if (stem := PurePosixPath(path).stem) in stems}
    return [path for path in lists if path not in of_one] if len({*of_one.values()}) > 1 else [*lists]


def _name_the_classes(claims: Claims, every: Sequence[Claims], contents: Contents) -> bool:
    """True for ``0 cat, 1 dog`` where 0 and 1 are the labels of another list, folders, or the first of many pictures.

    It names classes, not pictures that are called so.
    """
    names = {entry.name for entry in claims.entries}
    words = [entry.labels[0] for entry in claims.entries if len(entry.labels) == 1]
    count = len(claims.entries)
    are_names = all(map(_is_number, names)) and len(words) == count > 1 and len({*words}) in (1, count)
    if not are_names or any(map(str.isdecimal, words)):
        return False
    pictures = sum(map(contents.is_picture, contents.paths))
    first = min(map(int, names))
    if len({*words}) == count <= pictures // 2 and first < 2 and {*map(int, names)} == {*range(first, first + count)}:
        return True  # nobody labels the first few pictures, each with a label of its own
    others = [{label for entry in other.entries for label in entry.labels} for other in every if other is not claims]
    folders = {folder_of(path) for path in contents.paths if contents.is_picture(path)}
    return any(labels and labels <= names for labels in others) or (len(folders) > 1 and folders <= names)


def _in_words(listing: Listing) -> Listing:
    """Where a list gives numbers, and the class folders of its pictures are these numbers one to one: the folders'
    names."""
    folders = {item.path: folder_of(item.path) for item in listing.items}
    names = {*folders.values()}
    pairs = {(folders[item.path], item.label) for item in listing.items}
    numbers = {item.label for item in listing.items}
    are_no_classes = any(not name or is_filling(name) or split_named(name) is not None for name in names)
    if are_no_classes or not all(map(str.isdecimal, numbers)) or not len(pairs) == len(names) == len(numbers) > 1:
        return listing
    if names == numbers:
        return listing
    items = tuple(replace(item, label=folders[item.path]) for item in listing.items)
    return replace(listing, items=items, read_as=f"{listing.read_as}; its numbers stand for the class folders")


def _of_folders(listing: Listing, contents: Contents) -> Listing | None:
    """What lists without labels say of class folders: the splits, if anything."""
    pictures, _ = pictures_in(contents)
    depth = class_depth(pictures)
    if len({path.parts[depth] for path in pictures if len(path.parts) > depth + 1}) < 2:
        return listing
    if all(item.split is None for item in listing.items):
        return None
    items = [
        replace(item, label=label_of(parts[depth]))
        for item in listing.items
        if len(parts := PurePosixPath(item.path).parts) > depth + 1
    ]
    return replace(listing, items=tuple(items), read_as=f"class folders, and for the splits {listing.read_as}")


def _with_other_parts(source: Source, contents: Contents, listing: Listing, lists: Sequence[str]) -> Listing:
    """Where only some splits have lists: the others, whose pictures lie in class folders."""
    around = wrapping(contents)[-1]
    depth = len(PurePosixPath(around).parts)
    tops = {PurePosixPath(path).parts[depth] for path in lists if len(PurePosixPath(path).parts) > depth + 1}
    if not tops or any(split_named(top) is None for top in tops):
        return listing
    rest = Contents(contents.name, told=contents.told)
    rest.paths = [p for p in contents.paths if contents.is_picture(p) and PurePosixPath(p).parts[depth] not in tops]
    others = split_folders.read(source, rest) if rest.paths else None
    if not isinstance(others, Listing) or not ({i.label for i in others.items} & {i.label for i in listing.items}):
        return listing
    return replace(
        listing,
        items=(*listing.items, *others.items),
        skips=(*listing.skips, *others.skips),
        read_as=f"{listing.read_as}; {others.read_as}",
    )


def is_template(path: str) -> bool:
    """True for the templates of competitions, which have labels that mean nothing."""
    stem = posixpath.basename(path).casefold()
    return "submission" in stem or "sample_sub" in stem


def _content(source: Source, path: str) -> bytes:
    try:
        return source.read(path)
    except DataError as error:
        raise SourceError(f"{path}: {error}") from error


def of_the_whole(contents: Contents, lists: Iterable[str]) -> list[str]:
    """The lists that can speak for the source, those at the top first."""
    around = wrapping(contents)
    holding = {
        "/".join(parts[:at])
        for path in contents.paths
        if contents.is_picture(path)
        for parts in [path.split("/")]
        for at in range(len(parts))
    }
    every = list(lists)
    chosen = [path for path in every if _is_of_the_whole(posixpath.dirname(path), around, holding)]
    chosen += [path for path in _in_every_part(every, around[-1], holding) if path not in chosen]
    return sorted(chosen, key=lambda path: (path.count("/"), path))


def _is_of_the_whole(folder: str, around: Sequence[str], holding: set[str]) -> bool:
    while folder and folder not in holding:  # annotations/, beside the pictures
        folder = posixpath.dirname(folder)
    if folder in around or posixpath.basename(folder).casefold() in _LIST_FOLDERS:
        return True
    inner = PurePosixPath(folder).parts[len(PurePosixPath(around[-1]).parts) :]
    # A folder may be named after its split twice, or by a longer name where its parent tells.
    return all(split_named(part) is not None or is_filling(part) for part in inner) or all(
        split_hinted(part) is not None for part in inner
    )


def _in_every_part(lists: Sequence[str], top: str, holding: set[str]) -> list[str]:
    """Lists of one name in each of the folders that hold pictures: every part of the set has its own."""
    start = f"{top}/" if top else ""
    parts = {
        folder for folder in holding if folder.startswith(start) and folder != top and "/" not in folder[len(start) :]
    }
    names: dict[str, set[str]] = {}
    for path in lists:
        names.setdefault(posixpath.basename(path), set()).add(posixpath.dirname(path))
    whole = {name for name, folders in names.items() if len(parts) > 1 and parts <= folders}
    return [path for path in lists if posixpath.basename(path) in whole and posixpath.dirname(path) in parts]
