"""What the Check page sends and receives."""

from typing import Literal, TypeAlias

from typing_extensions import TypedDict

from whatsit.studio.gallery import PictureView
from whatsit.studio.jobs.background import BackgroundView
from whatsit.studio.pages.shared.messages import Body, MovedMessage, NoValues, Reply

MESSAGES: dict[str, type] = {"check": BackgroundView}


class FixChoice(Body):
    """``POST /api/check/fix``"""

    finding: int
    fix: int = 0
    """Place in the finding's ``fixes``."""
    keys: list[str] | None = None
    """Limits the fix to these pictures; None: all of them."""


class FindingChoice(Body):
    """``POST /api/check/keep``"""

    finding: int


class KindChoice(Body):
    """``POST /api/check/fix-all``"""

    kind: str


FixAction: TypeAlias = Literal["delete", "relabel", "move", "rename", "split_again", "hold_out"]


class FixView(TypedDict):
    """One click that fixes a finding."""

    action: FixAction
    to: str
    """The label or the split."""
    keys: list[str]
    """The first pictures it edits."""


class FindingView(TypedDict):
    """One finding."""

    id: int
    label: str
    """The class that is meant, where one is."""
    n: int
    """Pictures of that class."""
    fewest: int
    """Pictures that a class needs at least."""
    largest: str
    """The largest class."""
    largest_n: int
    """Pictures of the largest class."""
    split: str
    """The split that is meant, where one is."""
    details: list[str]
    """The first files, lines or classes that are meant, where they are no pictures."""
    details_n: int
    """The number of all of them."""
    pictures: list[PictureView]
    """The first of them."""
    total: int
    """The number of all of them."""
    fixes: list[FixView]


class KindView(TypedDict):
    """The open findings of one kind."""

    kind: str
    n: int
    """Findings."""
    amount: int
    """What they count for: pictures where each stands for itself, else findings."""
    against: bool
    """Whether they keep the dataset from being ready."""
    selective: bool
    """Whether a person can leave some of a finding's pictures out of its fix."""
    pictures_help: bool
    """Whether more pictures are the fix."""
    all_fixable: bool
    """Whether all of them can be fixed at once."""
    findings: list[FindingView]
    """The first of them; ``/api/check/more`` gives further ones."""


class WantedPictures(TypedDict):
    """A class that needs more pictures."""

    label: str
    n: int
    """How many more."""


class ReportView(TypedDict):
    """What is open of the latest check."""

    pictures: int
    classes: int
    ready: bool
    """Whether nothing keeps the dataset from being trained on, and every picture in it was looked at."""
    kept: int
    """Findings that a person kept."""
    unseen: bool
    """Whether there are pictures that the check has not looked at."""
    stale: bool
    """Whether the pictures have changed since the check."""
    wanted: list[WantedPictures]
    """What to photograph next, the smallest class first."""
    kinds: list[KindView]
    """The most important first."""


class CheckView(BackgroundView):
    """How far the check is, and what the latest one found."""

    report: ReportView | None


class MoreFindings(TypedDict):
    """Further open findings of a kind."""

    findings: list[FindingView]


class FixedValues(TypedDict):
    """What a fix did."""

    n: int
    """Pictures that were edited."""
    label: str
    """The label or the split."""


class CountValues(TypedDict):
    """Pictures that were edited."""

    n: int


FixMessage: TypeAlias = MovedMessage | Literal["deleted", "relabelled", "renamed", "split_again", "split_held_out"]
Begun: TypeAlias = Reply[Literal["check_begun"], NoValues]
Fixed: TypeAlias = Reply[FixMessage, FixedValues]
AllFixed: TypeAlias = Reply[Literal["fixed"], CountValues]
Kept: TypeAlias = Reply[Literal["kept"], NoValues]
KeptForgotten: TypeAlias = Reply[Literal["kept_forgotten"], NoValues]
