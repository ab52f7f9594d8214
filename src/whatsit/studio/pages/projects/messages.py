"""What the Projects page sends and receives."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field
from typing_extensions import TypedDict

from whatsit.studio.pages.shared.messages import Body, Reply


class ProjectChoice(Body):
    """``POST /api/projects/open`` and ``POST /api/projects/make``"""

    name: Annotated[str, Field(min_length=1, max_length=64)]


class ProjectValues(TypedDict):
    """The project that is being opened."""

    name: str


class ProjectsView(TypedDict):
    """``GET /api/projects``"""

    names: list[str]
    open: str
    """The one that is open."""
    choosable: bool
    """False where the studio was started on one project alone."""
    problem: str
    """Why the one chosen last could not be opened; empty where it was."""


Opening: TypeAlias = Reply[Literal["opening"], ProjectValues]
