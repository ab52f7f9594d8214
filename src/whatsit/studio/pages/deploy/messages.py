"""What the Deploy page sends and receives."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from whatsit.studio.jobs.deployments import DeploymentView, OfferView

MESSAGES: dict[str, type] = {"deploy": DeploymentView}


class DeploymentChoice(BaseModel):
    """``POST /api/deploy``"""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=64)]
    """The model's."""
    target: Annotated[str, Field(max_length=64)]
    """A name in the table of targets."""


class OffersView(TypedDict):
    """What every target says of a model, in the table's order."""

    targets: list[OfferView]


class NoValues(TypedDict):
    """For a message that has no placeholders."""


class PackingBegun(TypedDict):
    """The packing runs; it says on the WebSocket when it has ended."""

    message: Literal["packing"]
    values: NoValues
