"""What sinks with commands can steer in the studio: the model in use, its threshold, whether answers go out."""

from collections.abc import Callable

from whatsit.cameras import SharedCamera
from whatsit.errors import ModelArgumentError
from whatsit.live.model_selector import version_of
from whatsit.live.recogniser import Recogniser
from whatsit.studio.watching.feed import Feed
from whatsit.studio.watching.models import TAUGHT, Models
from whatsit.studio.watching.outlets import Outlets
from whatsit.studio.watching.recognition import Recognition, Seeing
from whatsit.validation import short

_TAUGHT = "(taught)"
"""What was just taught, among names of files."""


class Steering:
    """``Controls`` and ``ModelSelector`` of a studio.

    Args:
        use: puts a model of the project to work by name, or what was taught by an empty one.
        changed: called after the threshold was set.
    """

    def __init__(
        self, models: Models, outlets: Outlets, feed: Feed, use: Callable[[str], None], changed: Callable[[], None]
    ) -> None:
        self._models, self._outlets, self._feed = models, outlets, feed
        self._use, self._changed = use, changed

    # ---- Controls

    @property
    def threshold(self) -> float:
        """The score below which an answer is uncertain."""
        return self._recognition.threshold

    @threshold.setter
    def threshold(self, value: float) -> None:
        self._recognition.set_threshold(value)
        self._changed()

    @property
    def paused(self) -> bool:
        """Whether no answers go out; the pages go on."""
        return self._outlets.paused

    @paused.setter
    def paused(self, value: bool) -> None:
        self._outlets.paused = value

    @property
    def recogniser(self) -> Recogniser:
        """The model in use."""
        return self._recognition.recogniser

    @recogniser.setter
    def recogniser(self, value: Recogniser) -> None:
        if not isinstance(value, Seeing):
            raise ModelArgumentError(f"{short(value)}: nothing that corrections can be compared with; use a classifier")
        self._recognition.replace(value)

    @property
    def camera(self) -> SharedCamera | None:
        """The studio's camera."""
        return self._feed.camera

    @property
    def models(self) -> "Steering":
        """The choice of models is made here too."""
        return self

    # ---- ModelSelector

    @property
    def names(self) -> tuple[str, ...]:
        """What was taught, then the project's models."""
        return (_TAUGHT, *self._models.files())

    @property
    def name(self) -> str:
        """The one in use."""
        return _TAUGHT if self._outlets.model == TAUGHT else self._outlets.model.removeprefix("file:")

    @property
    def installed(self) -> str:
        """The version in use; what was taught is always the newest."""
        return self._models.version(self._outlets.model) or self.latest

    @property
    def latest(self) -> str:
        """The version of its file."""
        file = self._models.files().get(self.name)
        return (version_of(file) if file is not None else "") or self._models.version(self._outlets.model) or self.name

    def choose(self, name: str) -> None:
        """As ``ModelSelector.choose``."""
        self._use("" if name == _TAUGHT else name)

    @property
    def _recognition(self) -> Recognition:
        # Until the model in use is loaded, which takes a moment, what was taught answers for it.
        return self._models.get(self._outlets.model) if self._outlets.model in self._models else self._models.taught
