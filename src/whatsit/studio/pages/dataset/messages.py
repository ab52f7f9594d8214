"""What the Dataset page sends and receives."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field
from typing_extensions import TypedDict

from whatsit.datasets.split import Split
from whatsit.studio.gallery import CountsView
from whatsit.studio.jobs.background import BackgroundView
from whatsit.studio.pages.shared.messages import Body, MovedMessage, NoValues, Reply

MESSAGES: dict[str, type] = {"dataset": CountsView, "import": BackgroundView, "export": BackgroundView}

Key: TypeAlias = Annotated[str, Field(max_length=600)]


class KeysChoice(Body):
    """``POST /api/dataset/delete``"""

    keys: list[Key] = Field(min_length=1, max_length=200_000)


class Relabelling(KeysChoice):
    """``POST /api/dataset/relabel``"""

    label: str


class Moving(KeysChoice):
    """``POST /api/dataset/move``"""

    split: Split


class LabelChoice(Body):
    """``POST /api/dataset/add-label``, ``POST /api/dataset/delete-label``"""

    label: str


class LabelRenaming(Body):
    """``POST /api/dataset/rename-label``"""

    old: str
    new: str


class UploadEnd(Body):
    """``POST /api/dataset/upload/<id>/finish``"""

    label: str = ""
    """The class of pictures without a folder; empty: they get none."""


class LayoutChoice(Body):
    """``POST /api/dataset/export``"""

    layout: str = "split"


class EditedValues(TypedDict):
    """What an edit of pictures did."""

    n: int
    """Pictures that were edited."""
    gone: int
    """Pictures that were not there any more."""


class RelabelledValues(EditedValues):
    """What relabelling did."""

    label: str


class LabelValues(TypedDict):
    """A class that was added, renamed (its new name) or removed."""

    label: str


class UploadBegun(TypedDict):
    """An upload that pages can send files to."""

    id: str


Relabelled: TypeAlias = Reply[Literal["relabelled"], RelabelledValues]
Moved: TypeAlias = Reply[MovedMessage, EditedValues]
Deleted: TypeAlias = Reply[Literal["deleted"], EditedValues]
Refreshed: TypeAlias = Reply[Literal["refreshed"], NoValues]
LabelAdded: TypeAlias = Reply[Literal["class_added"], LabelValues]
LabelRenamed: TypeAlias = Reply[Literal["renamed"], LabelValues]
LabelRemoved: TypeAlias = Reply[Literal["class_removed"], LabelValues]
PartTaken: TypeAlias = Reply[Literal["part_taken"], NoValues]
ImportBegun: TypeAlias = Reply[Literal["import_begun"], NoValues]
UploadCancelled: TypeAlias = Reply[Literal["upload_cancelled"], NoValues]
ExportBegun: TypeAlias = Reply[Literal["export_begun"], NoValues]
