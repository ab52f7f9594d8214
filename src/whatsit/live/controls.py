"""What a sink may ask of the engine and change in it: for commands that come back from where the answers go."""

from typing import Protocol, runtime_checkable

from whatsit.cameras import SharedCamera
from whatsit.live.model_selector import ModelSelector
from whatsit.live.recogniser import Recogniser
from whatsit.live.sink import Sink


class Controls(Protocol):
    """The part of ``Live`` that a sink sees. All of it can be used from any thread."""

    threshold: float
    """The score below which an answer is uncertain, 0..1; setting another value raises ``ArgumentError``."""
    paused: bool
    """True while no frame is recognised."""
    recogniser: Recogniser
    """The model in use."""

    @property
    def models(self) -> ModelSelector | None:
        """The models that can be chosen; None where there is no choice."""

    @property
    def camera(self) -> SharedCamera | None:
        """The camera being watched."""


@runtime_checkable
class ControllingSink(Sink, Protocol):
    """A sink that gets hold of the engine."""

    def attach(self, controls: Controls) -> None:
        """Called once, before the first answer."""
