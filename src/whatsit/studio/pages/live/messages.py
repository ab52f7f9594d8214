"""What the Live page sends and receives."""

from typing import Literal, TypeAlias

from whatsit.studio.pages.shared.messages import Body, NoValues, Reply
from whatsit.studio.watching.models import ModelsView
from whatsit.studio.watching.recognition import AnswerView

MESSAGES: dict[str, type] = {"models": ModelsView, "answer": AnswerView}


class ModelChoice(Body):
    """``POST /api/models/open``"""

    name: str


class ThresholdChoice(Body):
    """``POST /api/models/threshold``"""

    name: str
    threshold: float
    """The score below which an answer is uncertain, 0..1."""


ModelOpened: TypeAlias = Reply[Literal["model_opened"], NoValues]
ThresholdSet: TypeAlias = Reply[Literal["threshold_set"], NoValues]
