"""Answers that stay: a verdict is taken when it has come several times in a row, and kept until another has."""

from dataclasses import dataclass

from whatsit.errors import ArgumentError
from whatsit.live.answer_state import AnswerState
from whatsit.validation import short, whole_number

Verdict = tuple[AnswerState, str | None]
"""The state, and the label where the state is one."""
UNDECIDED: Verdict = (AnswerState.UNCERTAIN, None)
"""What is held before anything was there for long enough."""


@dataclass(frozen=True, slots=True)
class Hold:
    """How long something must be seen before it is the answer, and how long it stays without being seen again.

    *Uncertain* and *unknown* are held like labels: what was a mug is a mug until something else, or *unknown*, was
    there for long enough. By default every frame decides.

    Raises:
        ArgumentError: a value out of range.
    """

    frames: int = 1
    """Frames in a row that must say the same."""
    seconds: float = 0.0
    """Seconds from the first to the last of them."""
    expire_after: float | None = None
    """Seconds after which a label that no frame has confirmed becomes uncertain; None: it stays."""
    skip_uncertain: bool = False
    """Uncertain frames neither count nor interrupt a row."""

    def __post_init__(self) -> None:
        whole_number(self.frames, "frames to hold")
        for name, value in (("seconds to hold", self.seconds), ("expire_after", self.expire_after)):
            if value is not None and (not isinstance(value, int | float) or not 0 <= value <= 86400):
                raise ArgumentError(f"{name} {short(value)}: expected a number from 0 to 86400")


@dataclass(frozen=True, slots=True)
class Held:
    """What is held at one moment, and what is needed for the next."""

    verdict: Verdict
    confirmed: float
    """When a frame last said it, in seconds."""
    rival: Verdict | None = None
    """What the last frames say instead."""
    rival_frames: int = 0
    rival_since: float = 0.0


def hold(before: Held | None, seen: Verdict, time: float, settings: Hold) -> Held:
    """What is held after one more frame.

    Args:
        before: what was held, or None before the first frame.
        seen: what this frame says.
        time: when it was taken, in seconds.
        settings: how long a row must be.
    """
    now = before or Held(UNDECIDED, time)
    if not (settings.skip_uncertain and seen[0] is AnswerState.UNCERTAIN):
        now = _counted(now, seen, time, settings)
    expires = settings.expire_after is not None and now.verdict[0] is AnswerState.LABEL
    if expires and time - now.confirmed > float(settings.expire_after or 0):
        return Held(UNDECIDED, time, now.rival, now.rival_frames, now.rival_since)
    return now


def _counted(before: Held, seen: Verdict, time: float, settings: Hold) -> Held:
    if seen == before.verdict:
        return Held(seen, time)
    again = seen == before.rival
    frames = before.rival_frames + 1 if again else 1
    since = before.rival_since if again else time
    if frames >= settings.frames and time - since >= settings.seconds:
        return Held(seen, time)
    return Held(before.verdict, before.confirmed, seen, frames, since)
