"""What the Test page sends and receives."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field
from typing_extensions import TypedDict

from whatsit.studio.jobs.test_record import TestView
from whatsit.studio.jobs.workshop import Judging
from whatsit.studio.pages.shared.messages import Body, NoValues, Reply


class TestChoice(Body):
    """``POST /api/test``"""

    name: Annotated[str, Field(max_length=64)]
    split: Judging = "test"


class LastTest(TypedDict):
    """The last test of a model on a split."""

    name: str
    test: TestView | None
    """None where there was none."""


Begun: TypeAlias = Reply[Literal["test_begun"], NoValues]
