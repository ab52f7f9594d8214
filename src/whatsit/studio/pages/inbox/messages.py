"""What the Inbox page sends and receives."""

from typing import Literal, TypeAlias

from whatsit.studio.pages.shared.messages import Body, NoValues, Reply
from whatsit.studio.watching.inbox import InboxView

MESSAGES: dict[str, type] = {"inbox": InboxView}


class FrameCorrection(Body):
    """``POST /api/inbox/correct``"""

    frame: str
    """Its id."""
    label: str | None
    """What it is; None: none of the classes."""


class FrameChoice(Body):
    """``POST /api/inbox/dismiss``"""

    frame: str


FrameDismissed: TypeAlias = Reply[Literal["frame_dismissed"], NoValues]
