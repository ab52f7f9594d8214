"""What the Collect page sends and receives."""

from typing import Literal, TypeAlias

from typing_extensions import TypedDict

from whatsit.studio.lessons.collection import CollectionView
from whatsit.studio.pages.shared.messages import Body, Reply

MESSAGES: dict[str, type] = {"collection": CollectionView}


class Capture(Body):
    """``POST /api/collect/take``"""

    label: str
    burst: str = ""
    """Pictures of one press share this word."""


class TakenChoice(Body):
    """``POST /api/collect/take-back``"""

    id: int


class TakenValues(TypedDict):
    """A picture that was taken."""

    label: str
    id: int


class TakenBackValues(TypedDict):
    """A picture that was removed again."""

    label: str


PictureTaken: TypeAlias = Reply[Literal["taken"], TakenValues]
TakenBack: TypeAlias = Reply[Literal["taken_back"], TakenBackValues]
