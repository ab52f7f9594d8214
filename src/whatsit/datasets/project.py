"""A project: one folder a person can read, holding the pictures, the settings and the models of one task."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from PIL import Image

from whatsit.backbones.embedder import Embedder
from whatsit.cameras import Frame
from whatsit.datasets.catalogue import Picture
from whatsit.datasets.coach import Advice, AdviceKind, advise_by_looks
from whatsit.datasets.correction import correct
from whatsit.datasets.damage import set_aside
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.label import RESERVED
from whatsit.datasets.lock import ProjectLock
from whatsit.datasets.places import DATASET, LOCK, MODELS, SETTINGS, STATE, protect_project
from whatsit.datasets.reserve import is_full
from whatsit.datasets.settings_file import MOST_BYTES, check_names, with_tables, with_values
from whatsit.datasets.split import SplitRatios
from whatsit.errors import DataError
from whatsit.files import beneath, read_bounded, write_file
from whatsit.imaging.encoding import encoded
from whatsit.imaging.image import ImageLike, load_image, read_picture_file
from whatsit.parallel import Progress
from whatsit.validation import path as checked_path

INBOX = 200


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """``whatsit.toml``: what a person chose."""

    name: str = ""
    camera: str = ""
    """A camera's address, such as ``usb:0``; empty: the first one found."""
    split: SplitRatios = field(default_factory=SplitRatios)
    design: dict[str, Any] = field(default_factory=dict)
    """Choices for training: backbone, size, fit, colour and so on."""
    model: str = ""
    """The model in ``models/`` that the studio uses live; empty: what was taught on its Teach page."""
    inbox: int = INBOX
    """Frames of doubtful answers that the studio keeps at most, 0 to 10,000."""
    recognise_all: bool = False
    """Recognise live also the frames that show exactly what the one before did."""


class Project:
    """Opens the project in ``path``, making the folder where there is none.

    Reading needs no lock. A program that writes for a long time, such as the studio, calls ``acquire`` first or opens
    the project in a ``with`` statement; other processes are then refused with the number of this one.

    Raises:
        ArgumentError: not a path.
        DataError: the folder cannot be made or ``whatsit.toml`` cannot be understood.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = checked_path(path, "a project's folder").absolute()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            protect_project(self.path)
            for place in (DATASET, MODELS, STATE):
                beneath.make_folder(place.below(self.path))
        except OSError as error:
            raise DataError(f"cannot make the project {self.path}: {error.strerror}; choose another folder") from error
        self._settings_path = SETTINGS.below(self.path)
        self._lock = ProjectLock(LOCK.below(self.path))
        if not self._settings_path.exists():
            try:
                write_file(self._settings_path, with_values("", {"name": self.path.name}).encode())
            except DataError as error:
                if not is_full(error):  # a full disk must not keep a person from freeing it
                    raise
        self._settings = self._read_settings()

    def __repr__(self) -> str:
        return f"Project({str(self.path)!r})"

    @property
    def models(self) -> Path:
        """The folder of ``<name>.tflite`` files and their reports."""
        return MODELS.below(self.path)

    @cached_property
    def dataset(self) -> Dataset:
        """The pictures; iterating gives (path, label, split)."""
        return Dataset(self.path, lambda: self._settings.split, self._lock)

    @property
    def settings(self) -> ProjectSettings:
        """What ``whatsit.toml`` says; the name is the folder's where none is given."""
        return self._settings if self._settings.name else replace(self._settings, name=self.path.name)

    def save_settings(self, settings: ProjectSettings) -> None:
        """Replace ``whatsit.toml`` in one step. Comments, and keys that this version does not know, are kept.

        Raises:
            ProjectInUseError: another process has the project.
            DataError: the disk is full or read-only.
        """
        with self._lock.held():
            values = {
                "name": settings.name, "camera": settings.camera, "split": str(settings.split),
                "design": settings.design or None, "model": settings.model or None,
                "inbox": settings.inbox if settings.inbox != INBOX else None,
                "recognise_all": settings.recognise_all or None,
            }  # fmt: skip
            write_file(self._settings_path, with_values(self._text(), values).encode())
            self._settings = settings

    def coach(self, embedder: Embedder | None = None, progress: Progress | None = None) -> Advice:
        """What to photograph next and why, and whether there is enough.

        Args:
            embedder: gives the embeddings, which the project keeps; None: the built-in backbone.
            progress: called with (done, total) while pictures are embedded.

        Raises:
            DataError: the project's own files cannot be read.
        """
        from whatsit.backbones.backbone import Backbone
        from whatsit.datasets.issues.examination import unit_embeddings

        self.dataset.refresh()
        pictures = [one for one in self.dataset.pictures() if not one.error and one.label not in RESERVED]
        if len({one.label for one in pictures}) < 2:
            return Advice(AdviceKind.START)
        unit = unit_embeddings(self.dataset, pictures, embedder or Backbone.builtin(), progress)
        labels, hashes = [one.label for one in pictures], [one.hash for one in pictures]
        return advise_by_looks(unit, labels, hashes, self.dataset.colours)

    def save_tables(self, name: str, tables: Sequence[Mapping[str, Any]], by: str) -> None:
        """Replace the ``[[name]]`` tables of ``whatsit.toml`` in one step. Comments and all other keys are kept.

        Args:
            by: the key that a table of before is known by.

        Raises:
            ProjectInUseError: another process has the project.
            DataError: the disk is full or read-only.
        """
        with self._lock.held():
            write_file(self._settings_path, with_tables(self._text(), name, tables, by).encode())

    def acquire(self) -> None:
        """Keep other processes from writing until ``release`` or ``close``.

        Raises:
            ProjectInUseError: another process has the project.
        """
        self._lock.acquire()

    def release(self) -> None:
        """Undo one ``acquire``."""
        self._lock.release()

    def correct(self, picture: "ImageLike | Frame | Picture", label: str | None) -> Picture:
        """Say what a picture is, where a model was wrong; ``dataset.undo`` undoes it.

        Args:
            picture: a file, its bytes, a Pillow image, an array, a camera's frame, or a picture of the dataset. One
                whose bytes are in the dataset gets the label there; another is added.
            label: what it is, also a class that is new; None: none of the classes.

        Raises:
            ImageError: not a picture that can be read.
            DataError: the label cannot be used, the project is in use elsewhere, or the disk is full.
        """
        if isinstance(picture, Frame):
            return correct(self.dataset, encoded(picture.image), label, source=picture.source, time=picture.time)
        given = picture.path if isinstance(picture, Picture) else picture
        if isinstance(given, np.ndarray | Image.Image):
            given = encoded(np.asarray(load_image(given)))
        content = given if isinstance(given, bytes) else read_picture_file(checked_path(given, "a picture"))
        return correct(self.dataset, content, label)

    def close(self) -> None:
        """Close the index."""
        if "dataset" in self.__dict__:
            self.dataset.close()
            del self.__dict__["dataset"]

    def __enter__(self) -> "Project":
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self.release()

    def _read_document(self) -> dict[str, Any]:
        if not self._settings_path.exists():  # deleted since the project was opened
            return {}
        content = read_bounded(self._settings_path, MOST_BYTES, "a TOML file")
        try:
            return tomllib.loads(content.decode())
        except (UnicodeDecodeError, RecursionError):  # written by no person, nor by us
            with self._lock.held():
                set_aside(self._settings_path, "not text, or nested too deep", "the defaults count")
            return {}
        except ValueError as error:
            reason = (str(error).splitlines() or [""])[0]
            raise DataError(f"{self._settings_path}: cannot be read: {reason}; correct or delete it") from error

    def _text(self) -> str:
        """The file as it is; what cannot be read is refused or set aside first."""
        self._read_document()
        if not self._settings_path.exists():
            return ""
        return read_bounded(self._settings_path, MOST_BYTES, "a TOML file").decode()

    def _read_settings(self) -> ProjectSettings:
        document = self._read_document()
        check_names(document, self._settings_path)
        values = {f.name: document[f.name] for f in fields(ProjectSettings) if f.name in document}
        for name, kind in _KINDS_OF.items():
            if name in values and not isinstance(values[name], kind):
                raise DataError(f"{self._settings_path}: {name} = {values[name]!r}: expected {_KINDS[kind]}")
        kept = values.get("inbox", 0)
        if not isinstance(kept, int) or isinstance(kept, bool) or not 0 <= kept <= _MOST_DOUBTFUL:
            expected = f"a whole number from 0 to {_MOST_DOUBTFUL:,}"
            raise DataError(f"{self._settings_path}: inbox = {kept!r}: expected {expected}")
        if "split" in values:
            try:
                values["split"] = SplitRatios.parse(values["split"])
            except DataError as error:
                raise DataError(f"{self._settings_path}: {error}") from error
        return ProjectSettings(**values)


_MOST_DOUBTFUL = 10_000
_KINDS_OF = {"name": str, "camera": str, "split": str, "design": dict, "model": str, "recognise_all": bool}
_KINDS = {str: "text in quotes", dict: "a table", bool: "true or false"}
