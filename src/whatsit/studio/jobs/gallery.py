"""The dataset as the pages show it: counts, pages of pictures, one picture."""

from typing import Any

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.label import UNLABELLED
from whatsit.datasets.split import Split
from whatsit.studio.lessons.edit_view import edit_view

ID_DIGITS = 16
"""Of a picture's SHA-256, enough to name its content in an address."""
MOST = 500
"""Pictures in one answer."""


def counts_view(dataset: Dataset) -> dict[str, Any]:
    """Pictures of every class in each split, ``_unlabelled`` last, and whether an edit can be taken back."""
    counts = dataset.counts()
    labels = sorted(counts, key=lambda label: (label == UNLABELLED, label.casefold()))
    return {
        "labels": [{"label": label, **{s.value: n for s, n in counts[label].items()}} for label in labels],
        "can_undo": dataset.undoable() is not None,
    }


def undo_view(dataset: Dataset) -> dict[str, Any]:
    """What undo would undo, on every page the same."""
    edit = dataset.undoable()
    return {"edit": None if edit is None else edit_view(edit)}


def page_view(dataset: Dataset, label: str | None, split: str | None, offset: int, limit: int) -> dict[str, Any]:
    """Some of the pictures of a class and split, or of all.

    Raises:
        DataError: no such split.
    """
    chosen = _split(split)
    return {
        "total": dataset.count(label, chosen),
        "pictures": [
            picture_view(picture) for picture in dataset.pictures(label, chosen, offset=offset, limit=min(limit, MOST))
        ],
    }


def keys_view(dataset: Dataset, label: str | None, split: str | None) -> dict[str, Any]:
    """The keys of all pictures of a class and split, in the order of the pages."""
    return {"keys": dataset.keys(label, _split(split))}


def picture_view(picture: Picture) -> dict[str, Any]:
    """What a tile shows of a picture."""
    return {
        "key": picture.key,
        "id": picture.hash[:ID_DIGITS],
        "label": picture.label,
        "split": picture.split.value,
        "error": picture.error,
    }


def details_view(picture: Picture) -> dict[str, Any]:
    """What is known of one picture."""
    return {
        **picture_view(picture),
        "name": picture.path.name,
        "width": picture.width,
        "height": picture.height,
        "size": picture.size,
        "decided_by": picture.decided_by.value,
        "source": picture.source,
        "time": picture.time,
    }


def _split(split: str | None) -> Split | str | None:
    return split or None
