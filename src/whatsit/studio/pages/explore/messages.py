"""What the Explore page sends and receives."""

from typing import Literal, TypeAlias

from whatsit.studio.jobs.background import BackgroundView
from whatsit.studio.jobs.picture_map import PointsView
from whatsit.studio.pages.shared.messages import NoValues, Reply

MESSAGES: dict[str, type] = {"map": BackgroundView}


class ColouredPoints(PointsView):
    """The pictures on the map, and what they can be coloured by."""

    findings: dict[str, list[str]]
    """Kind of finding -> the keys of its pictures."""


MapBegun: TypeAlias = Reply[Literal["map_begun"], NoValues]
