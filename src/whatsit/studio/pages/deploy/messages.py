"""What the Deploy page sends and receives."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field
from typing_extensions import TypedDict

from whatsit.studio.jobs.deployments import DeploymentView, OfferView
from whatsit.studio.pages.shared.messages import Body, NoValues, Reply

MESSAGES: dict[str, type] = {"deploy": DeploymentView}


class DeploymentChoice(Body):
    """``POST /api/deploy``"""

    name: Annotated[str, Field(max_length=64)]
    """The model's."""
    target: Annotated[str, Field(max_length=64)]
    """A name in the table of targets."""


class ReadingChoice(Body):
    """``POST /api/deploy/reading``"""

    name: Annotated[str, Field(max_length=64)]
    """The model's."""
    normalise: Annotated[str | None, Field(max_length=200)]
    """What its network sees of pixel values; None: as the file says."""


class ReadingValues(TypedDict):
    """What was kept."""

    name: str
    normalise: str


ReadingKept: TypeAlias = Reply[Literal["reading_kept", "reading_forgotten"], ReadingValues]


class OffersView(TypedDict):
    """What every target says of a model."""

    targets: list[OfferView]


PackingBegun: TypeAlias = Reply[Literal["packing"], NoValues]
"""The packing runs; it says on the WebSocket when it has ended."""
