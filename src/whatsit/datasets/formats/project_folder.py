"""Another whatsit project: ``dataset/<label>/<file>`` with ``splits.csv`` beside the labels."""

import posixpath

from whatsit.datasets.formats.class_folders import NO_CLASS
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.list_cost import check_list
from whatsit.datasets.formats.listing import NOT_A_PICTURE, Listing
from whatsit.datasets.formats.source import Contents, Source
from whatsit.datasets.label import RECORD_FILES, SPLITS_FILE, label_of
from whatsit.datasets.skip import Skip
from whatsit.datasets.split import Split
from whatsit.datasets.splits_csv import read_records


def read(source: Source, contents: Contents) -> Listing | None:
    """The pictures of every ``dataset/`` in the source with their labels and splits; None where there is none."""
    splits: dict[str, Split] = {}
    roots = []
    cost = 0
    for path in contents.paths:
        if posixpath.basename(path) == SPLITS_FILE:
            content = source.read(path)
            cost = check_list(content, path, cost)
            found = {record.hash: record.split for record in read_records(content)}
            splits |= found
            roots += [posixpath.dirname(path)] if found else []
    if not roots:
        return None
    items, skips = [], []
    for path in contents.paths:
        folder, name = posixpath.split(path)
        root, label = posixpath.split(folder)
        if root in roots and label and contents.is_picture(path):
            items.append(Item(path, label_of(label)))
        elif not (folder in roots and name in RECORD_FILES):
            outside = NO_CLASS if folder in roots else "not in a class of the project"
            skips.append(Skip(path, outside if contents.is_picture(path) else NOT_A_PICTURE))
    return Listing(tuple(items), tuple(skips), splits=splits)


FORMAT = Format(
    name="project",
    title="whatsit project",
    about="the project's folder, or its dataset/ with splits.csv",
    splits="the other project's",
    read=read,
    precedence=20,
)
