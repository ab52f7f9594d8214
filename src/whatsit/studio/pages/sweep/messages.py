"""What the Sweep page sends and receives."""

from typing import Literal, TypeAlias

from pydantic import Field
from typing_extensions import TypedDict

from whatsit.imaging.preprocess import Fit
from whatsit.studio.pages.shared.messages import Body, NoValues, Reply
from whatsit.training.setting import Value


class SweepChoice(Body):
    """``POST /api/sweep`` and ``/api/sweep/count``"""

    sizes: list[int] = Field(max_length=16)
    backbones: list[str] = Field(max_length=16)
    fits: list[Fit] = Field(max_length=3)
    widths: list[float] = Field(default=[], max_length=16)
    """Fine-tuned at these shares of the channels; empty: heads only."""


class CountView(TypedDict):
    """How many designs a sweep would measure."""

    designs: int
    possible: bool
    """Whether that is a number one sweep can have."""


class TrialView(TypedDict):
    """One measured design."""

    title: str
    """Backbone, depth and size; the fit is not in it."""
    fit: str | None
    """Its fit, where that is not the default one."""
    accuracy: float
    balanced_accuracy: float
    interval: tuple[float, float]
    """The 95 % interval of the accuracy."""
    pictures: int
    cross_validated: bool
    """Whether the pictures were held out in turn; otherwise they are the validation pictures."""
    milliseconds: float
    milliseconds_p95: float
    size_bytes: int
    multiply_adds: int
    on_front: bool
    """Whether it is on the Pareto front: no other is as accurate and faster, or as fast and more accurate."""
    design: dict[str, Value]
    """The settings that a training on the Train page would need."""


class SweepView(TypedDict):
    """The last sweep, and what to take of it."""

    trials: list[TrialView]
    recommended: int | None
    """Place in ``trials``; None where nothing is within the limits."""
    not_told_apart: list[int]
    """Places of the faster trials that could be as good as the recommended one."""


Begun: TypeAlias = Reply[Literal["sweep_begun"], NoValues]
