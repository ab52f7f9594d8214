"""The models that can be watched live: what was just taught, the built-in one, and the project's files."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from typing_extensions import TypedDict

from whatsit.errors import DataError, WhatsitError
from whatsit.heads.exemplars import NOTHING, Exemplars
from whatsit.imaging.image import ImageLike
from whatsit.live.model_selector import models_in, version_of
from whatsit.models.corrected import Seen
from whatsit.parallel import lasting_threads
from whatsit.studio.outbox import Hub
from whatsit.studio.watching.feed import Feed
from whatsit.studio.watching.recognition import Recognition, Seeing, Watch

_log = logging.getLogger(__name__)
TAUGHT = "taught"
BUILT_IN = "imagenet"


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model: its name in messages, and its file; None for the two that have none."""

    name: str
    file: Path | None = None


class ModelView(TypedDict):
    """A model, for the page."""

    name: str
    title: str | None
    """The name of its file; None for the two that have none."""
    fit: str | None
    """How a frame becomes its square input; None while it is not loaded."""
    threshold: float | None
    """The score below which its answers are uncertain, 0..1; None while it is not loaded."""


class ModelsView(TypedDict):
    """The WebSocket message ``models``."""

    models: list[ModelView]
    in_use: str | None
    """The name of the project's model that is used live."""


class Wants(Protocol):
    """What wants the answers of a model, also where no tab watches them."""

    model: str
    """The model."""

    def wants(self, model: str) -> bool:
        """Whether it wants the answers of a model now."""


class Models:
    """Loads a model when it is first asked for; loading one closes those that no tab watches.

    ``open``, ``refresh``, ``follow`` and ``attend`` must be called from one thread.

    Args:
        wants: wants the answers of a model without a tab.
        watches: take every answer of every model.
        recognise_all: as for ``Live``.
    """

    def __init__(
        self, folder: Path, taught: Seeing, feed: Feed, hub: Hub, *,
        wants: Wants, watches: Sequence[Watch], recognise_all: bool,
    ) -> None:  # fmt: skip
        self._wants = wants
        self._folder = folder
        self._hub = hub
        self._recognition = partial(
            Recognition, feed=feed, hub=hub, wanted=wants.wants, watches=watches, recognise_all=recognise_all
        )
        self.taught = self._recognition(TAUGHT, taught)
        self._open = {TAUGHT: self.taught}
        self._corrected: tuple[tuple[str, Path, str | None], ...] = ()
        self._versions: dict[str, str] = {}
        """Name -> when the file that was loaded was written."""

    def files(self) -> dict[str, Path]:
        """The project's models by name."""
        return models_in(self._folder)

    def choices(self) -> list[ModelChoice]:
        """Every model, the taught one first."""
        named = [ModelChoice(f"file:{name}", file) for name, file in self.files().items()]
        return [ModelChoice(TAUGHT), *named, ModelChoice(BUILT_IN)]

    def choice(self, name: str) -> ModelChoice:
        """The model of that name.

        Raises:
            DataError: there is none.
        """
        choice = next((choice for choice in self.choices() if choice.name == name), None)
        if choice is None:
            raise DataError(f"model {name[:80]!r}: no such model in this project")
        return choice

    def view(self) -> list[ModelView]:
        """Every model, for the page."""
        return [self._view(choice) for choice in self.choices()]

    def seen(self, name: str, picture: ImageLike) -> tuple[Seen | None, Exemplars]:
        """What a model that is open sees of a picture, and its corrected pictures; None of one that is not open.

        Raises:
            ImageError: it cannot be read.
        """
        answering = self._open.get(name)
        return (None, NOTHING) if answering is None else (answering.see(picture), answering.exemplars)

    def can_follow(self, picture: ImageLike) -> bool:
        """Whether a model that is open can be corrected by a picture at once.

        Raises:
            ImageError: it cannot be read.
        """
        return any(one.see(picture).unit is not None for one in self._open.values())

    def __contains__(self, name: object) -> bool:
        return name in self._open

    def get(self, name: str) -> Recognition:
        """A model that is open.

        Raises:
            DataError: it is not.
        """
        if name not in self._open:
            raise DataError(f"model {name[:80]!r} is not open; choose it on the Live page")
        return self._open[name]

    def open(self, name: str) -> Recognition:
        """A model, loaded if it is not open yet, or its file is another one by now.

        Raises:
            DataError: there is no such model.
            ModelError: its file is broken.
        """
        choice = self.choice(name)
        if name not in self._open:
            recogniser = self._load(choice)
            self._forget_unwatched()
            self._open[name] = self._recognition(name, recogniser)
            self._open[name].follow(self._corrected)
        elif choice.file is not None and self.version(name) != version_of(choice.file):
            self._open[name].replace(self._load(choice))
            self._open[name].follow(self._corrected)
        return self._open[name]

    def version(self, name: str) -> str:
        """When the file that an open model was loaded from was written; empty where there was none."""
        return self._versions.get(name, "")

    def refresh(self, name: str) -> None:
        """Load an open model again after its file changed; watchers stay. If the file is gone, close it.

        Raises:
            ModelError: the new file is broken.
        """
        if name not in self._open:
            return
        choice = next((choice for choice in self.choices() if choice.name == name), None)
        if choice is None:
            self._open.pop(name).close()
        else:
            self._open[name].replace(self._load(choice))
            self._open[name].follow(self._corrected)

    def follow(self, corrected: Sequence[tuple[str, Path, str | None]]) -> None:
        """Let every open model of a file compare with these corrected pictures, each as (SHA-256, file, label)."""
        self._corrected = tuple(corrected)
        for name, recognition in tuple(self._open.items()):
            if name != TAUGHT:
                recognition.follow(self._corrected)

    def attend(self) -> None:
        """Start the models whose answers are wanted; stop the others."""
        if self._wants.model not in self._open and self._wants.wants(self._wants.model):
            try:
                self.open(self._wants.model)
            except WhatsitError as error:
                _log.warning("%s", error)
        for recognition in tuple(self._open.values()):
            recognition.attend()

    def close(self) -> None:
        """Stop all of them."""
        for recognition in self._open.values():
            recognition.close()

    def _view(self, choice: ModelChoice) -> ModelView:
        opened = self._open.get(choice.name)
        return {
            "name": choice.name,
            "title": choice.file.stem if choice.file is not None else None,
            "fit": opened.fit if opened is not None else None,
            "threshold": opened.threshold if opened is not None else None,
        }

    def _forget_unwatched(self) -> None:
        for name, recognition in tuple(self._open.items()):
            if name != TAUGHT and not self._wants.wants(name) and not self._hub.wanted(recognition.kind):
                recognition.close()
                del self._open[name]

    def _load(self, choice: ModelChoice) -> Seeing:
        from whatsit.models.admission import admit
        from whatsit.models.classifier import Classifier

        if choice.file is None:
            return Classifier(None, threads=lasting_threads())
        version = version_of(choice.file)
        admit(choice.file)
        recogniser = Classifier(choice.file, threads=lasting_threads())
        self._versions[choice.name] = version
        return recogniser
