"""What the Teach page sends and receives."""

from typing import Literal, TypeAlias

from typing_extensions import TypedDict

from whatsit.studio.lessons.lesson_view import LessonView
from whatsit.studio.pages.shared.messages import Body, NoValues, Reply

MESSAGES: dict[str, type] = {"lesson": LessonView}


class NewClass(Body):
    """``POST /api/lesson/class``"""

    label: str | None = None
    """None: the next free ``class N``."""


class NewSample(Body):
    """``POST /api/lesson/sample``"""

    class_id: int | None = None
    """None: a sample without a label."""
    burst: str | None = None
    """Pictures of one press share this word."""


class ClassRenaming(Body):
    """``POST /api/lesson/rename``"""

    class_id: int
    label: str


class ClassChoice(Body):
    """``POST /api/lesson/remove-class``"""

    class_id: int


class ShotChoice(Body):
    """``POST /api/lesson/remove-picture``"""

    shot_id: int


class ShotMoving(Body):
    """``POST /api/lesson/move-picture``"""

    shot_id: int
    class_id: int | None = None
    """None: without a label."""


class Switch(Body):
    """``POST /api/lesson/auto-learn``"""

    on: bool


class LabelValues(TypedDict):
    """A class that was renamed (its new name) or removed, or got a sample."""

    label: str


class NewClassValues(LabelValues):
    """A class that was added."""

    class_id: int


class WentRow(TypedDict):
    """Pictures without a label that went to one class."""

    label: str
    n: int


class LearntValues(TypedDict):
    """Where learning put the pictures that have no label."""

    went: list[WentRow]


class LoadedValues(TypedDict):
    """What a feature file brought."""

    classes: int
    samples: int


class ModelValues(TypedDict):
    """A model that was made."""

    name: str


class CountValues(TypedDict):
    """Pictures that were taught."""

    n: int


DatasetTaught: TypeAlias = Reply[Literal["dataset_taught", "dataset_known"], CountValues]
ModelSaved: TypeAlias = Reply[Literal["lesson_saved"], ModelValues]
ClassAdded: TypeAlias = Reply[Literal["class_added"], NewClassValues]
SampleAdded: TypeAlias = Reply[Literal["sample_added"], NoValues]
LabelledSampleAdded: TypeAlias = Reply[Literal["labelled_sample_added"], LabelValues]
Learnt: TypeAlias = Reply[Literal["learn_complete"], LearntValues]
AlreadyLearnt: TypeAlias = Reply[Literal["already_learned"], NoValues]
ClassRenamed: TypeAlias = Reply[Literal["renamed"], LabelValues]
ClassRemoved: TypeAlias = Reply[Literal["class_removed"], LabelValues]
PictureRemoved: TypeAlias = Reply[Literal["picture_removed"], NoValues]
PictureMoved: TypeAlias = Reply[Literal["picture_moved"], NoValues]
Cleared: TypeAlias = Reply[Literal["cleared"], NoValues]
Switched: TypeAlias = Reply[Literal["auto_learn_on", "auto_learn_off"], NoValues]
Loaded: TypeAlias = Reply[Literal["loaded"], LoadedValues]
