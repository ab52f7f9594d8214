"""The types of what pages send and receive: the rules for every page, and the types that all pages share.

``pages/<name>/messages.py`` writes down what one page sends and receives:

- **A request's body** is a pydantic model derived from ``Body``. It is checked before the route runs; a field that the
  model does not have is refused.
- **A request's query** is written as the route's parameters.
- **An answer** is a ``TypedDict`` (from ``typing_extensions``: pydantic needs it on Python 3.11), named by the route's
  return annotation, never ``dict[str, Any]``. FastAPI checks the answer against it.
- **A change** is answered by ``Reply[Literal["<message>"], <values>]``: ``done.<message>`` in the word lists is what
  the page says, and the values fill its placeholders. A message without a text there says nothing.
- ``MESSAGES`` maps each kind of WebSocket message that the page brings to its type. The kinds of all pages together
  are what every tab receives; ``answer`` and ``frame`` are sent only to tabs that ask.

A state that the studio or one of its jobs makes has its type beside the code that makes it, because lower layers do
not know the pages; the page's ``messages.py`` imports it, so that one file names everything the page exchanges.

The scripts use the fields' names unchanged, and routes and kinds as literals: ``get("/api/check")``,
``act("/api/check/fix", { finding, fix, keys })``, ``socket.on("check", …)``. ``tests/studio/scripts`` reads the scripts
and holds every field they read or send, every route and every kind to these types.
"""

from collections.abc import Mapping
from typing import Generic, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict, TypeVar

from whatsit.datasets.split import Split
from whatsit.studio.lessons.edit_view import EditView, UndoView
from whatsit.studio.watching.feed import CameraView

MessageT = TypeVar("MessageT", bound=str)
ValuesT = TypeVar("ValuesT", bound=Mapping[str, object])


class Body(BaseModel):
    """A request's JSON body."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class NoValues(TypedDict):
    """For a message that has no placeholders."""


class Reply(TypedDict, Generic[MessageT, ValuesT]):
    """What a change did: the key of a message, and the values that fill its placeholders."""

    message: MessageT
    values: ValuesT


Stopped: TypeAlias = Reply[Literal["stopped"], NoValues]
"""A job was asked to stop; it says on the WebSocket when it has."""

MovedMessage: TypeAlias = Literal["moved_to_training", "moved_to_validation", "moved_to_test"]
MOVED: dict[Split, MovedMessage] = {
    Split.TRAINING: "moved_to_training",
    Split.VALIDATION: "moved_to_validation",
    Split.TEST: "moved_to_test",
}
"""What is said when pictures were moved to a split."""


# ---- undo


class UndoneValues(TypedDict):
    """What was undone."""

    edit: EditView | None
    """None where there was nothing to undo."""
    gone: int
    """Pictures that could not come back because their files are gone."""


Undone: TypeAlias = Reply[Literal["undone", "nothing_to_undo"], UndoneValues]


# ---- the camera chooser


class CameraChoice(Body):
    """``POST /api/camera``"""

    uri: str
    """A camera's address."""
    tab: str | None = None
    """For a camera that is fed by a page, the tab that sends the frames, by the name that ``Hello`` gave it."""


class SceneChoice(Body):
    """``POST /api/camera/show``"""

    name: str | None = None
    """What the demonstration scene shows; None: everything in turn."""


class RegionChoice(Body):
    """``POST /api/camera/region``"""

    region: tuple[float, float, float, float] | None
    """Left, top, width and height in shares of the camera's whole picture; None: all of it."""


class FoundCamera(TypedDict):
    """One camera that can be chosen."""

    uri: str
    name: str
    scheme: str
    """Which kind of camera it is."""
    device: bool
    """False for the demonstration scene, which the studio draws."""


class Cameras(TypedDict):
    """``GET /api/cameras``"""

    found: list[FoundCamera]
    """The cameras of the studio's machine, and last the demonstration scene."""
    examples: list[str]
    """Addresses that can be typed, one per kind of camera."""


# ---- why an answer was given


class WhyChoice(Body):
    """``POST /api/why``"""

    model: str
    picture: str | None = Field(None, pattern="^[0-9a-f]{16}$")
    """A picture of the dataset by its content; None: a frame of the camera."""
    frame: float | None = None
    """Which, by ``time`` in its answer; None: the newest."""
    held: str | None = Field(None, max_length=32)
    """A picture that is held on the Live page, by its id; None: a frame."""


# ---- the WebSocket


class Wishes(Body):
    """What a tab sends to say which streams it subscribes to; each message replaces the one before."""

    video: bool = False
    """Frames of the camera, as JPEG."""
    answers: str | None = None
    """The name of the model whose answers are wanted."""


class Hello(TypedDict):
    """The first message to a tab."""

    tab: str
    """The tab's name, to be sent with ``CameraChoice``."""
    project: str
    """The name of the project's folder: a page that was made of another one is loaded anew."""


class Taken(TypedDict):
    """The frame that this tab sent was taken; it can send the next."""


class Heard(TypedDict):
    """What the tab said arrived; a page that hears nothing for long knows that the server is gone."""


MESSAGES: dict[str, type] = {
    "hello": Hello,
    "heard": Heard,
    "taken": Taken,
    "camera": CameraView,
    "undo": UndoView,
}
