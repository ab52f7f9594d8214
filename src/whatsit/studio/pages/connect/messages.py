"""What the Connect page sends and receives."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field
from typing_extensions import TypedDict

from whatsit.studio.pages.shared.messages import Body, NoValues, Reply
from whatsit.studio.watching.rule_list import RuleView, SwitchedView

Seconds = Annotated[float, Field(ge=0)]


class SinkView(TypedDict):
    """A sink and how it is. Times are in seconds since 1970."""

    name: str
    """Its address, without secrets."""
    connected: bool
    last_sent: float | None
    error: str | None
    """Why it fails; None where it does not."""
    waiting: int
    dropped: int


class ChangeView(TypedDict):
    """A change of what is seen."""

    time: float
    """Seconds since 1970; 0 before the first picture."""
    state: str
    label: str | None
    score: float
    """0..1"""


class ConnectView(TypedDict):
    """``GET /api/connect``"""

    labels: list[str]
    """Of the model in use."""
    sinks: list[SinkView]
    problem: str
    """Why the file's sinks are not at work; empty where they are."""
    rules: list[RuleView]
    on: list[str]
    """The names of the rules that are on."""
    rules_problem: str
    version: str
    """Of the rules; to be sent with a change of them."""
    paused: bool
    changes: list[ChangeView]
    """The newest first."""


class TestChoice(Body):
    """``POST /api/connect/test``"""

    sink: Annotated[int, Field(ge=0, lt=1000)]
    """Its place in the list."""
    label: Annotated[str, Field(max_length=255)]
    """What the message says; empty: that it is a test."""


class RuleChoice(Body):
    """A rule as the page has it; see ``RuleView``."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    label: Annotated[str | None, Field(max_length=255)] = None
    state: Annotated[str | None, Field(max_length=20)] = None
    then: Annotated[str, Field(max_length=1000)]
    seconds: Seconds = 0
    at_least: Annotated[float, Field(ge=0, le=1)] = 0
    minimum_off: Seconds = 0
    cooldown: Seconds = 0


class RulesChoice(Body):
    """``POST /api/connect/rules`` and ``POST /api/connect/dry-run``"""

    rules: Annotated[list[RuleChoice], Field(max_length=100)]
    version: Annotated[str, Field(max_length=64)]
    """Of the rules that these were made from."""


class TriedView(TypedDict):
    """What rules would have done lately."""

    seconds: float
    """How long answers were remembered."""
    switched: list[SwitchedView]


Tested: TypeAlias = Reply[Literal["test_sent", "test_queued"], NoValues]
Saved: TypeAlias = Reply[Literal["rules_saved"], NoValues]
Reloaded: TypeAlias = Reply[Literal["outlets_reloaded"], NoValues]
