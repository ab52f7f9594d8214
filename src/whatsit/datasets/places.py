"""Every path beneath a project that whatsit uses, in one table; the rest of a project's folder is nobody's but its
owner's.
"""

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

from whatsit.errors import DataError
from whatsit.files import beneath


class Kind(StrEnum):
    """What lies at a place."""

    FILE = "file"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Place:
    """One path relative to the project, or several: ``*`` is any part of a name, ``**`` any number of names."""

    path: str
    kind: Kind
    purpose: str
    only_copy: bool = False
    """Whether something is lost with it; everything else is made again."""
    of_people: bool = False
    """Whether people put things there: what cannot be used is named and left alone, not refused."""

    @property
    def is_pattern(self) -> bool:
        """Whether several paths match."""
        return "*" in self.path

    def below(self, project: Path) -> Path:
        """The path in a project."""
        return project / self.path

    def matches(self, path: str) -> bool:
        """Whether a path relative to the project lies at this place."""
        if self.path.endswith("/**"):
            return path.startswith(self.path[:-2])
        return path.count("/") == self.path.count("/") and fnmatchcase(path, self.path)


SETTINGS = Place("whatsit.toml", Kind.FILE, "what a person chose", only_copy=True)
DATASET = Place("dataset", Kind.FOLDER, "the pictures", only_copy=True, of_people=True)
SPLITS = Place("dataset/splits.csv", Kind.FILE, "the split of each picture", only_copy=True)
JUDGED = Place("dataset/judged.csv", Kind.FILE, "findings that a person dismissed", only_copy=True)
MODELS = Place("models", Kind.FOLDER, "models, each with its report", only_copy=True)
FEATURES = Place("my_classes.bin", Kind.FILE, "learned features, made of the lesson")
FEATURES_SIDECAR = Place("my_classes.bin.json", Kind.FILE, "what the feature file's format cannot hold")
STATE = Place(".whatsit", Kind.FOLDER, "what is remembered beside the pictures")
LOCK = Place(".whatsit/lock", Kind.FILE, "the number of the process that writes")
RESERVE = Place(".whatsit/reserve", Kind.FILE, "space that is given up on a full disk, for the journal")
INDEX = Place(".whatsit/index.db", Kind.FILE, "what the files say, in SQLite")
LESSONS = Place(".whatsit/teach.db", Kind.FILE, "versions of the lesson, in SQLite", only_copy=True)
HISTORY = Place(".whatsit/history", Kind.FOLDER, "the journal of edits", only_copy=True)
TRASH = Place(".whatsit/trash", Kind.FOLDER, "deleted pictures, which undo brings back", only_copy=True)
INCOMING = Place(".whatsit/incoming", Kind.FOLDER, "new pictures before their edit is in the journal")
EMBEDDINGS = Place(".whatsit/embeddings", Kind.FOLDER, "embeddings by content and backbone")
MAPS = Place(".whatsit/maps", Kind.FOLDER, "maps of the Explore page")
TESTS = Place(".whatsit/tests", Kind.FOLDER, "answers of the last tests")
UPLOADS = Place(".whatsit/uploads", Kind.FOLDER, "files on their way from a page")
EXPORTS = Place(".whatsit/exports", Kind.FOLDER, "the archive to download")
DEPLOY = Place(".whatsit/deploy", Kind.FOLDER, "the folder packed for another program")
DOUBTFUL = Place(".whatsit/doubtful-frames", Kind.FOLDER, "frames of doubtful answers, for the Inbox page")
SWEEP = Place(".whatsit/sweep.json", Kind.FILE, "the last sweep")
ID = Place(".whatsit/project-id", Kind.FILE, "the project's own number, for home automation")
CERTIFICATE = Place(".whatsit/studio.crt", Kind.FILE, "the studio's certificate")
KEY = Place(".whatsit/studio.key", Kind.FILE, "its key")
HELD = Place(".whatsit/held", Kind.FOLDER, "pictures that version 0.1.0 had put aside", only_copy=True)

PLACES = (
    SETTINGS,
    DATASET,
    SPLITS,
    JUDGED,
    Place("dataset/*", Kind.FOLDER, "a class, or pictures of none", only_copy=True, of_people=True),
    Place("dataset/*/*", Kind.FILE, "a picture", only_copy=True, of_people=True),
    MODELS,
    Place("models/*.tflite", Kind.FILE, "a model", only_copy=True),
    Place("models/*.training.json", Kind.FILE, "how a model was made", only_copy=True),
    Place("models/*.html", Kind.FILE, "the report on a model, or of a sweep"),
    Place("models/*.json", Kind.FILE, "the same for programs"),
    FEATURES,
    FEATURES_SIDECAR,
    STATE,
    LOCK,
    RESERVE,
    INDEX,
    Place(f"{INDEX.path}-*", Kind.FILE, "SQLite's journal"),
    LESSONS,
    Place(f"{LESSONS.path}-*", Kind.FILE, "SQLite's journal"),
    HISTORY,
    Place(f"{HISTORY.path}/*.json", Kind.FILE, "an edit", only_copy=True),
    TRASH,
    Place(f"{TRASH.path}/**", Kind.FILE, "a deleted picture", only_copy=True, of_people=True),
    INCOMING,
    Place(f"{INCOMING.path}/*", Kind.FILE, "a new picture"),
    EMBEDDINGS,
    Place(f"{EMBEDDINGS.path}/*.embeddings", Kind.FILE, "those of one backbone"),
    MAPS,
    Place(f"{MAPS.path}/*.npy", Kind.FILE, "one map"),
    TESTS,
    Place(f"{TESTS.path}/*.json", Kind.FILE, "those of one model"),
    UPLOADS,
    Place(f"{UPLOADS.path}/**", Kind.FILE, "one of them"),
    EXPORTS,
    Place(f"{EXPORTS.path}/**", Kind.FILE, "it, or a part while it is written"),
    DEPLOY,
    Place(f"{DEPLOY.path}/**", Kind.FILE, "it, or a part while it is packed"),
    DOUBTFUL,
    Place(f"{DOUBTFUL.path}/*.jpg", Kind.FILE, "one of them"),
    Place(f"{DOUBTFUL.path}/*.json", Kind.FILE, "why it was kept"),
    SWEEP,
    ID,
    CERTIFICATE,
    KEY,
    HELD,
    Place(f"{HELD.path}/*", Kind.FILE, "one of them", only_copy=True),
)
"""All of them. What is written under another name is refused by a test."""

DATABASE_JOURNALS = ("-journal", "-wal", "-shm")
"""What SQLite opens beside a database."""
_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-z_]{8}\.tmp")
_ASIDE = re.compile(r"\.damaged-\d+$")
_OURS = frozenset(place.path.partition("/")[0] for place in PLACES)


def place_of(path: str) -> Place | None:
    """The place of a path relative to the project; the one that says most where several match."""
    path = _ASIDE.sub("", path)
    found = [place for place in PLACES if place.matches(path)]
    return max(found, key=lambda place: (not place.is_pattern, len(place.path)), default=None)


def protect_project(project: Path) -> None:
    """Let nothing of ours in a project be reached through a link, and refuse a project that has one.

    Classes and pictures, where people put things, are not looked at: a scan names what cannot be used there.

    Raises:
        DataError: something of ours is a link, a FIFO, a socket or a device, a folder in place of a file or the
            other way round, or a folder that cannot be read; it is named.
    """
    beneath.protect(project, _OURS)
    for place in PLACES:
        if not place.is_pattern:
            _check(project / place.path, place)
    for folder in _folders(project):
        with contextlib.suppress(FileNotFoundError, PermissionError), os.scandir(folder) as entries:
            for entry in entries:
                inner = Path(entry.path).relative_to(project).as_posix()
                if entry.is_symlink() or not entry.is_file(follow_symlinks=False):
                    found = place_of(inner)
                    if found is not None and not found.of_people and not found.path.endswith("/**"):
                        _check(Path(entry.path), found)


def checked_database(path: Path) -> str:
    """The path of a database for SQLite, which opens it and the files beside it by itself.

    Raises:
        DataError: one of them is a link, a FIFO, a socket, a device or a folder.
        OSError: as the system says.
    """
    for ending in DATABASE_JOURNALS:
        beneath.checked(path.with_name(path.name + ending))
    return beneath.checked(path)


def refuse_waiting_journals(path: str) -> None:
    """Refuse what SQLite would wait for: it opens the files beside a database again and again.

    Raises:
        DataError: one of them is no regular file.
    """
    for ending in DATABASE_JOURNALS:
        with contextlib.suppress(OSError):
            if not stat.S_ISREG(os.lstat(path + ending).st_mode):
                raise DataError(f"{path}{ending}: not a file; move away what is there")


def remove_leftovers(project: Path) -> None:
    """Remove the temporary files of writes that were killed; the caller has the project to itself."""
    for folder in (project, *_folders(project)):
        with contextlib.suppress(OSError, DataError):
            for path in folder.iterdir():
                found = _TEMPORARY.fullmatch(path.name)
                if found and (folder != project or place_of(found[1]) is not None):
                    beneath.unlink(path, missing_ok=True)


def _folders(project: Path) -> Iterator[Path]:
    """The folders that hold nothing but what is ours."""
    for place in PLACES:
        if place.kind is Kind.FOLDER and not place.is_pattern and not place.of_people:
            yield project / place.path


def _check(path: Path, place: Place) -> None:
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return
    beneath.refuse_special(path)
    if stat.S_ISDIR(mode) is not (place.kind is Kind.FOLDER):
        raise DataError(f"{path}: expected a {place.kind} ({place.purpose}); move away what is there")
    if place.kind is Kind.FOLDER and not os.access(path, os.R_OK | os.X_OK):
        raise DataError(f"{path}: cannot be read: permission denied; it holds {place.purpose}: check its permissions")
