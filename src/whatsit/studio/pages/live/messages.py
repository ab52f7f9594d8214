"""What the Live page sends and receives."""

from typing import Literal, TypeAlias

from whatsit.studio.pages.shared.messages import Body, NoValues, Reply
from whatsit.studio.watching.asking import CorrectedValues
from whatsit.studio.watching.guard import GuardView
from whatsit.studio.watching.models import ModelsView
from whatsit.studio.watching.recognition import AnswerView

MESSAGES: dict[str, type] = {"models": ModelsView, "answer": AnswerView, "guard": GuardView}


class ModelChoice(Body):
    """``POST /api/models/open``"""

    name: str


class ThresholdChoice(Body):
    """``POST /api/models/threshold``"""

    name: str
    threshold: float
    """The score below which an answer is uncertain, 0..1."""


class ModelName(Body):
    """``POST /api/live/hold``"""

    model: str


class HeldPicture(Body):
    """``POST /api/live/again``"""

    model: str
    picture: str
    """Its id."""


class CorrectionChoice(Body):
    """``POST /api/live/correct``"""

    model: str
    picture: str
    """The id of a held picture."""
    label: str | None
    """What it is; None: none of the classes."""


PictureCorrected: TypeAlias = Reply[
    Literal["corrected", "marked_stranger", "corrected_later", "marked_stranger_later"], CorrectedValues
]
ModelOpened: TypeAlias = Reply[Literal["model_opened"], NoValues]
ThresholdSet: TypeAlias = Reply[Literal["threshold_set"], NoValues]
