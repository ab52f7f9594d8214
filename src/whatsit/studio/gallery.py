"""The dataset as the pages show it: counts, pages of pictures, one picture."""

from typing_extensions import TypedDict

from whatsit.datasets.catalogue import Picture
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.label import STRANGERS, UNLABELLED
from whatsit.datasets.split import Split

ID_DIGITS = 16
"""Of a picture's SHA-256, enough to name its content in an address."""
MOST = 500
"""Pictures in one answer."""


class LabelCounts(TypedDict):
    """A class's number of pictures in each split."""

    label: str
    training: int
    validation: int
    test: int


class CountsView(TypedDict):
    """The classes of the dataset; the WebSocket message ``dataset``."""

    labels: list[LabelCounts]
    """``_strangers`` and ``_unlabelled`` last."""


class PictureView(TypedDict):
    """What a tile shows of a picture."""

    key: str
    id: str
    """The first ``ID_DIGITS`` of its SHA-256, in hexadecimal."""
    label: str
    split: str
    error: str
    """Why it cannot be read; empty where it can."""


class PageView(TypedDict):
    """Some of the pictures of a class and split."""

    total: int
    """The number of all of them."""
    pictures: list[PictureView]


class KeysView(TypedDict):
    """The keys of all pictures of a class and split, in the order of the pages."""

    keys: list[str]


class DetailsView(PictureView):
    """What is known of one picture."""

    name: str
    width: int
    """Pixels, 0 where it cannot be read."""
    height: int
    size: int
    """Bytes."""
    decided_by: str
    """What chose its split: ``content``, ``source`` or ``hand``."""
    source: str
    time: float
    """When it was taken or imported, in seconds since 1970; 0 where that is not known."""


def counts_view(dataset: Dataset) -> CountsView:
    """The number of pictures of every class in each split."""
    counts = dataset.counts()
    labels = sorted(counts, key=lambda label: (label == UNLABELLED, label == STRANGERS, label.casefold()))
    return {
        "labels": [
            {
                "label": label,
                "training": counts[label][Split.TRAINING],
                "validation": counts[label][Split.VALIDATION],
                "test": counts[label][Split.TEST],
            }
            for label in labels
        ],
    }


def page_view(dataset: Dataset, label: str | None, split: str | None, offset: int, limit: int) -> PageView:
    """Some of the pictures of a class and split, or of all.

    Raises:
        DataError: no such split.
    """
    chosen = split or None
    pictures = dataset.pictures(label, chosen, offset=offset, limit=min(limit, MOST))
    return {"total": dataset.count(label, chosen), "pictures": [picture_view(picture) for picture in pictures]}


def keys_view(dataset: Dataset, label: str | None, split: str | None) -> KeysView:
    """The keys of all pictures of a class and split, in the order of the pages."""
    return {"keys": dataset.keys(label, split or None)}


def picture_view(picture: Picture) -> PictureView:
    """What a tile shows of a picture."""
    return {
        "key": picture.key,
        "id": picture.hash[:ID_DIGITS],
        "label": picture.label,
        "split": picture.split.value,
        "error": picture.error,
    }


def details_view(picture: Picture) -> DetailsView:
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
