"""Teachable Machine's project files (``.tm``): pictures named ``<class>-!-<number>``, without folders.

The samples of one class (``<class>-samples.zip``) are class folders: the archive's name is the class.
"""

from whatsit.datasets.formats.class_folders import label_at
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.listing import Listing, pictures_in
from whatsit.datasets.formats.source import Contents, Source
from whatsit.datasets.formats.wrapping import class_depth

_MARK = "-!-"


def read(source: Source, contents: Contents) -> Listing | None:
    """The pictures labelled by the first part of their names; None where no picture is named so."""
    pictures, skips = pictures_in(contents)
    depth = class_depth(pictures)
    if not any(_MARK in path.name[1:] and len(path.parts) == depth + 1 for path in pictures):
        return None
    items = []
    for path in pictures:
        label, mark, _ = path.name.rpartition(_MARK)
        is_named = mark and label and len(path.parts) == depth + 1
        items.append(Item(str(path), label if is_named else label_at(path, depth, contents.name)))
    return Listing(tuple(items), tuple(skips))


FORMAT = Format(
    name="teachable-machine",
    title="Teachable Machine",
    about="<class>-samples.zip of numbered pictures, or a project (.tm) of <class>-!-<number> names",
    splits="none",
    read=read,
    takes_folders=True,
    precedence=70,
)
