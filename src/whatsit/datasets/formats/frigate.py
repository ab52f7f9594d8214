"""Frigate's custom classification: ``dataset/<label>/<file>``, and ``train/<file>`` for what nobody has labelled."""

from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.listing import Listing, pictures_in
from whatsit.datasets.formats.source import Contents, Source
from whatsit.datasets.formats.wrapping import class_depth
from whatsit.datasets.label import UNLABELLED, label_of


def read(source: Source, contents: Contents) -> Listing | None:
    """The named pictures and the inbox, which is no training split; None for other sources."""
    pictures, skips = pictures_in(contents)
    depth = class_depth(pictures)
    tops = {path.parts[depth] for path in pictures if len(path.parts) > depth + 1}
    inbox = [path for path in pictures if len(path.parts) > depth + 1 and path.parts[depth] == "train"]
    if tops != {"dataset", "train"} or any(len(path.parts) != depth + 2 for path in inbox):
        return None
    items = []
    for path in pictures:
        is_named = len(path.parts) > depth + 2 and path.parts[depth] == "dataset"
        items.append(Item(str(path), label_of(path.parts[depth + 1]) if is_named else UNLABELLED))
    return Listing(tuple(items), tuple(skips))


FORMAT = Format(
    name="frigate",
    title="Frigate",
    about="dataset/<label>/<file> and the inbox train/<file>",
    splits="none",
    read=read,
    takes_folders=True,
    precedence=40,
    notes=("The inbox is imported without labels.",),
)
