"""Remarks about a model and a program, as the pages show them."""

from typing_extensions import TypedDict

from whatsit.deployment.remark import Line, Remark


class RemarkView(TypedDict):
    """One line about a model and a program."""

    key: str
    """``remark.<key>`` in the word lists; where that is missing, as for a package's plain text, ``text`` is shown."""
    text: str
    """In English."""
    values: dict[str, str]
    """For the placeholders of the word lists' text."""


def remark_view(line: Line) -> RemarkView:
    """One remark, for the page."""
    if isinstance(line, Remark):
        return {"key": line.key, "text": str(line), "values": dict(line.values)}
    return {"key": "", "text": line, "values": {}}
