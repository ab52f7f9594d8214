"""An edit of the dataset as the pages name it: on the Undo button, and once it is undone."""

from typing_extensions import TypedDict

from whatsit.datasets.dataset import Dataset
from whatsit.datasets.edit import Edit


class EditView(TypedDict):
    """The word lists have a text ``edit.<edit>`` for every ``EditKind``, with these values."""

    edit: str
    n: int
    label: str
    to: str
    what: str
    """In English, for an edit that another version wrote."""


class UndoView(TypedDict):
    """What Undo would undo; the WebSocket message ``undo``."""

    edit: EditView | None
    """None where there is nothing to undo."""


def edit_view(edit: Edit) -> EditView:
    """What a person did."""
    return {"edit": edit.kind.value, "n": edit.count, "label": edit.label, "to": edit.to, "what": edit.what}


def undo_view(dataset: Dataset) -> UndoView:
    """What Undo would undo now."""
    edit = dataset.undoable()
    return {"edit": None if edit is None else edit_view(edit)}
