"""Which layout a source is in: each format is asked in turn, and a near miss is never passed over in silence."""

from collections.abc import Mapping
from dataclasses import replace

from whatsit.datasets.formats import FORMATS
from whatsit.datasets.formats.class_names import in_words
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.listing import Listing, NearMiss, pictures_in
from whatsit.datasets.formats.source import Contents, Source
from whatsit.datasets.formats.unread import unread_table, unread_text
from whatsit.datasets.formats.wrapping import class_depth, is_filling
from whatsit.datasets.split import split_named
from whatsit.errors import ArgumentError, SourceError
from whatsit.validation import first_few, row

LAST_RESORT = "folder"
_PARTS = frozenset({"masks", "mask", "annotations", "labels", "segmentation", "segmentations", "jpegimages"})


def readable_formats() -> dict[str, Format]:
    """The layouts that can be imported, by name, in the order of the table."""
    return {name: layout for name, layout in FORMATS.items() if layout.read is not None}


def list_endings() -> tuple[str, ...]:
    """Endings of the files that name pictures, such as ``.csv``, of all layouts."""
    return tuple(dict.fromkeys(ending for layout in readable_formats().values() for ending in layout.list_endings))


def chosen_formats(layout: str | None) -> Mapping[str, Format]:
    """The layouts to try: the one that was asked for, else all.

    Raises:
        ArgumentError: no such layout, or one that is only written.
    """
    if layout is None:
        return readable_formats()
    chosen = row(FORMATS, layout, "layout")
    if chosen.read is None:
        raise ArgumentError(f"layout {layout!r}: can only be exported; expected one of {', '.join(readable_formats())}")
    return {layout: chosen}


def recognised(source: Source, contents: Contents, formats: Mapping[str, Format]) -> Listing:
    """What a source holds, in the first of the layouts that knows it.

    Raises:
        SourceError: it is in none of them; it nearly is in one, so that its folders may not be classes; it holds
            nothing, or a list in it cannot be read.
    """
    name = contents.name or "upload"
    misses: list[tuple[Format, NearMiss]] = []
    if "csv" in formats and (unread := unread_table(contents)) is not None:
        misses.append((formats["csv"], unread))
    for layout in _in_turn(formats):
        found = layout.read(source, contents) if layout.read is not None else None
        if isinstance(found, NearMiss):
            misses.append((layout, found))
        elif found is not None:
            if layout.takes_folders and "csv" in formats and _is_one_class(contents):
                unread = unread_text(source, contents)
                misses += [] if unread is None else [(formats["csv"], unread)]
            if open_misses := [miss for miss in misses if layout.takes_folders and _matters(miss[1], contents)]:
                lists_first = sorted(open_misses, key=lambda miss: miss[0].takes_folders)
                raise SourceError(_said(*lists_first[0], formats))
            if not (found.items or found.skips or contents.skips):
                raise SourceError(f"{name}: no files in it; expected pictures in class folders")
            if layout.name == LAST_RESORT and len(formats) > 1 and (why := _no_classes(found, contents)):
                raise SourceError(f"{name}: {why}; --layout {LAST_RESORT} takes the folders' names for the classes")
            if len(formats) > 1 or not layout.takes_folders:  # who asks for the folders' names gets them
                found = _in_words(source, contents, found, layout)
            return replace(
                found, skips=(*contents.skips, *found.skips), notes=(*contents.notes, *found.notes),
                read_as=found.read_as or layout.title,
            )  # fmt: skip
    if misses:
        raise SourceError(_said(*misses[0], formats))
    expected = " or ".join(f"{layout.title}: {layout.about}" for layout in formats.values())
    raise SourceError(f"{name}: not in the layout that was asked for; expected {expected}")


def _in_words(source: Source, contents: Contents, found: Listing, layout: Format) -> Listing:
    if not (layout.takes_folders or layout.list_endings):
        return found
    return in_words(source, contents, replace(found, read_as=found.read_as or layout.title), layout.takes_folders)


def _no_classes(listing: Listing, contents: Contents) -> str:
    """Why the folders can be no classes: they are called as splits, or as folders of pictures and masks, are."""
    labels = sorted({item.label for item in listing.items})
    if listing.is_flat and split_named(contents.name) is not None:
        return "a folder named after a split, and no class folders or lists in it say what the pictures are"
    parts = [label for label in labels if is_filling(label) or label.casefold() in _PARTS]
    if len(labels) < 2 or not parts:
        return ""
    return f"the folders {first_few([repr(label) for label in labels])} are no classes, and no list says what they hold"


def _matters(miss: NearMiss, contents: Contents) -> bool:
    return not miss.only_flat or _is_one_class(contents)


def _is_one_class(contents: Contents) -> bool:
    pictures, _ = pictures_in(contents)
    depth = class_depth(pictures)
    return len({path.parts[depth] if len(path.parts) > depth + 1 else "" for path in pictures}) <= 1


def _said(layout: Format, miss: NearMiss, formats: Mapping[str, Format]) -> str:
    way_out = "" if len(formats) == 1 else f"; --layout {LAST_RESORT} takes the folders' names for the classes"
    return f"{miss.path}: nearly {layout.title}, but {miss.why}{way_out}"


def recognised_list(source: Source, contents: Contents, path: str, formats: Mapping[str, Format]) -> Listing | None:
    """What one list says of the pictures beside it; None where no layout has lists of its ending.

    Raises:
        SourceError: it cannot be read, or is in none of the layouts.
    """
    readers = [one for one in _in_turn(formats) if one.read_list and path.casefold().endswith(one.list_endings)]
    misses: list[tuple[Format, NearMiss]] = []
    for layout in readers:
        found = layout.read_list(source, contents, path) if layout.read_list is not None else None
        if isinstance(found, Listing):
            found = _in_words(source, contents, found, layout)
            return replace(found, notes=(*contents.notes, *found.notes), read_as=found.read_as or layout.title)
        if found is not None:
            misses.append((layout, found))
    if misses:
        layout, miss = misses[0]
        raise SourceError(f"{miss.path}: nearly a list of {layout.title}, but {miss.why}")
    if readers:
        raise SourceError(f"{path}: no list that is known; expected {' or '.join(one.about for one in readers)}")
    return None


def _in_turn(formats: Mapping[str, Format]) -> list[Format]:
    return sorted(formats.values(), key=lambda one: (one.precedence, one.name))
