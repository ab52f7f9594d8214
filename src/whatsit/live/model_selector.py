"""The models that can be chosen while it runs, by name, and whether the one in use has a newer file."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from whatsit.errors import DataError
from whatsit.live.recogniser import Recogniser, load_recogniser
from whatsit.parallel import lasting_threads
from whatsit.validation import short

_log = logging.getLogger(__name__)


class ModelSelector(Protocol):
    """What programs that steer the engine see of its models. All of it can be used from any thread."""

    @property
    def names(self) -> tuple[str, ...]:
        """The models there are."""

    @property
    def name(self) -> str:
        """The one in use."""

    @property
    def installed(self) -> str:
        """The version in use."""

    @property
    def latest(self) -> str:
        """The version that choosing it again would load."""

    def choose(self, name: str) -> None:
        """Use a model; returns when it is in use.

        Raises:
            WhatsitError: there is no such model, or it cannot be loaded; the one before goes on.
        """


def models_in(folder: Path) -> dict[str, Path]:
    """The models in a folder by name."""
    files = sorted(folder.glob("*.tflite")) if folder.is_dir() else []
    return {file.stem: file for file in files}


def version_of(file: Path) -> str:
    """When a model file was written, as text; empty where it is not there."""
    try:
        written = file.stat().st_mtime
    except OSError:
        return ""
    return datetime.fromtimestamp(written, UTC).strftime("%Y-%m-%d %H:%M:%S")


class FileSelector:
    """A ``ModelSelector`` of files.

    Args:
        files: those there are now, by name.
        name: the one in use.
        use: called with what was loaded.
    """

    def __init__(self, files: Callable[[], Mapping[str, Path]], name: str, use: Callable[[Recogniser], None]) -> None:
        self._files = files
        self._use = use
        self.name = name
        self.installed = ""
        self.installed = self.latest

    @property
    def names(self) -> tuple[str, ...]:
        """The models there are."""
        return tuple(self._files())

    @property
    def latest(self) -> str:
        """When the file of the one in use was last written."""
        file = self._files().get(self.name)
        # A file that is being replaced, or gone, is nothing newer.
        return (version_of(file) if file is not None else "") or self.installed

    def choose(self, name: str) -> None:
        """As ``ModelSelector.choose``."""
        file = self._files().get(name)
        if file is None:
            raise DataError(f"model {short(name)}: no such model; there are: {', '.join(self.names)}")
        version = version_of(file)
        self._use(load_recogniser(file, lasting_threads()))
        self.name, self.installed = name, version
        _log.warning("model %s is in use now", name)
