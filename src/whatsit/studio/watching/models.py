"""Which models can be watched live: what was just taught, the built-in one, and the project's files."""

from dataclasses import dataclass
from pathlib import Path

from whatsit.errors import DataError
from whatsit.live.recogniser import Recogniser
from whatsit.studio.outbox import Hub
from whatsit.studio.watching.feed import Feed
from whatsit.studio.watching.recognition import Recognition

TAUGHT = "taught"
BUILT_IN = "imagenet"


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model: its name on the pages, and its file; None for the two that have none."""

    name: str
    file: Path | None = None


class Models:
    """Loads a model when it is first asked for, and unloads those that no tab watches when another is loaded.

    ``open`` and ``attend`` must be called from one thread.
    """

    def __init__(self, folder: Path, taught: Recogniser, feed: Feed, hub: Hub) -> None:
        self._folder = folder
        self._feed = feed
        self._hub = hub
        self.taught = Recognition(TAUGHT, taught, feed, hub)
        self._open = {TAUGHT: self.taught}

    def choices(self) -> list[ModelChoice]:
        """The models there are, the taught one first."""
        files = sorted(self._folder.glob("*.tflite")) if self._folder.is_dir() else []
        named = [ModelChoice(f"file:{file.stem}", file) for file in files]
        return [ModelChoice(TAUGHT), *named, ModelChoice(BUILT_IN)]

    def __contains__(self, name: object) -> bool:
        return name in self._open

    def get(self, name: str) -> Recognition:
        """An open model.

        Raises:
            DataError: it is not open.
        """
        if name not in self._open:
            raise DataError(f"model {name[:80]!r} is not open; choose it on the Live page")
        return self._open[name]

    def open(self, name: str) -> Recognition:
        """A model; it is loaded unless it is open already.

        Raises:
            DataError: there is no such model.
            ModelError: its file is broken.
        """
        choice = next((choice for choice in self.choices() if choice.name == name), None)
        if choice is None:
            raise DataError(f"model {name[:80]!r}: no such model in this project")
        if name not in self._open:
            recogniser = _load(choice)
            self._forget_unwatched()
            self._open[name] = Recognition(name, recogniser, self._feed, self._hub)
        return self._open[name]

    def refresh(self, name: str) -> None:
        """Load an open model again after its file has changed; watchers stay. Close it where its file is gone.

        Raises:
            ModelError: the new file is broken.
        """
        if name not in self._open:
            return
        choice = next((choice for choice in self.choices() if choice.name == name), None)
        if choice is None:
            self._open.pop(name).close()
        else:
            self._open[name].replace(_load(choice))

    def attend(self) -> None:
        """Start the models that some tab watches; stop the others."""
        for recognition in tuple(self._open.values()):
            recognition.attend()

    def close(self) -> None:
        """Stop everything."""
        for recognition in self._open.values():
            recognition.close()

    def _forget_unwatched(self) -> None:
        for name, recognition in tuple(self._open.items()):
            if name != TAUGHT and not self._hub.wanted(recognition.kind):
                recognition.close()
                del self._open[name]


def _load(choice: ModelChoice) -> Recogniser:
    from whatsit.models.classifier import Classifier

    return Classifier(choice.file)
