"""What the Train page sends and receives."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field
from typing_extensions import TypedDict

from whatsit.studio.jobs.job_messages import EpochRow
from whatsit.studio.jobs.runs import RunsView
from whatsit.studio.jobs.workshop import PictureCounts, WorkView
from whatsit.studio.pages.shared.messages import Body, NoValues, Reply
from whatsit.training.setting import Value

MESSAGES: dict[str, type] = {"work": WorkView, "runs": RunsView}

Name = Annotated[str, Field(max_length=64)]


class TrainChoice(Body):
    """``POST /api/train``"""

    name: Name
    design: dict[str, Value]
    """By setting; what is missing has its default."""


class DesignChoice(Body):
    """``POST /api/train/name``"""

    design: dict[str, Value]


class RunChoice(Body):
    """``POST /api/runs/delete`` and ``/api/runs/use``"""

    name: Name


class SettingView(TypedDict):
    """A setting of the form."""

    name: str
    kind: Literal["choice", "switches", "name", "count", "number", "flag"]
    defaults: dict[str, Value]
    """By mode; null for a setting that the mode does without."""


class PresetView(TypedDict):
    """A design by name."""

    name: str
    changes: dict[str, Value]
    """What it sets; null is the default."""


class TrainView(TypedDict):
    """The form's settings, the design that was used last, and what there is to train on."""

    settings: list[SettingView]
    presets: list[PresetView]
    design: dict[str, Value]
    pictures: PictureCounts
    name: str
    """A name for the next model."""


class NameView(TypedDict):
    """A name for a model that no other has."""

    name: str


class EpochsView(TypedDict):
    """The learning curves of a training."""

    rows: list[EpochRow]


class NameValues(TypedDict):
    """The model that was meant."""

    name: str


Begun: TypeAlias = Reply[Literal["training_begun"], NameValues]
Stopping: TypeAlias = Reply[Literal["stopping"], NoValues]
Deleted: TypeAlias = Reply[Literal["run_deleted"], NameValues]
Used: TypeAlias = Reply[Literal["in_use"], NameValues]
