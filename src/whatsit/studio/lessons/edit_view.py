"""An edit of the dataset as the pages name it: on the Undo button, and once it is undone."""

from typing_extensions import TypedDict

from whatsit.datasets.edit import Edit


class EditView(TypedDict):
    """The pages have words for every ``edit`` of ``EditKind``, with these values."""

    edit: str
    n: int
    label: str
    to: str
    what: str
    """The edit in English, for kinds that a page has no words for."""


def edit_view(edit: Edit) -> EditView:
    """What a person did."""
    return {"edit": edit.kind.value, "n": edit.count, "label": edit.label, "to": edit.to, "what": edit.what}
