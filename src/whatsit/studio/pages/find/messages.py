"""What the Find page sends and receives."""

from typing import Literal, TypeAlias

from typing_extensions import TypedDict

from whatsit.studio.jobs.background import BackgroundView
from whatsit.studio.jobs.likeness import AlikeView
from whatsit.studio.pages.shared.messages import NoValues, Reply

MESSAGES: dict[str, type] = {"find": BackgroundView}

Where: TypeAlias = Literal["dataset", "answers"]
"""Which pictures are searched."""


class Alike(TypedDict):
    """Pictures that are like one picture, the best first."""

    pictures: list[AlikeView]


GatheringBegun: TypeAlias = Reply[Literal["gathering_begun"], NoValues]
