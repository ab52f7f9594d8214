"""Undo, the same on every page."""

from whatsit.datasets.dataset import Dataset
from whatsit.studio.lessons.edit_view import edit_view
from whatsit.studio.pages.shared.messages import Undone


def undo(dataset: Dataset) -> Undone:
    """Undo the dataset's latest edit, which can be a change of the lesson."""
    undone = dataset.undo()
    if undone is None:
        return {"message": "nothing_to_undo", "values": {"edit": None, "gone": 0}}
    return {"message": "undone", "values": {"edit": edit_view(undone.edit), "gone": len(undone.gone)}}
