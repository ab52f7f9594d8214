"""The model files that are served, by the names that requests use."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from whatsit.datasets.places import MODELS
from whatsit.errors import DataError, ModelError
from whatsit.validation import short

Files: TypeAlias = Callable[[], Mapping[str, Path | None]]
"""The models there are now, by name, the first one first; None is the built-in ImageNet network."""

BUILT_IN = "imagenet"
SUFFIXES = (".tflite", ".lite", ".bin")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_RESERVED = frozenset({"list"})
"""``/v1/vision/custom/list`` lists the models."""


def is_name(name: str) -> bool:
    """Whether a model can have this name: it stands in addresses as it is."""
    return _NAME.fullmatch(name) is not None and name not in _RESERVED


def named_files(arguments: Iterable[str]) -> dict[str, Path | None]:
    """Models as a person lists them: ``FILE``, whose name is the file's without its ending, or ``NAME=FILE``.

    Raises:
        ModelError: a file is missing or no model; a name cannot stand in an address, or two are the same.
    """
    found: dict[str, Path | None] = {}
    for argument in arguments:
        name, path = _split(argument)
        if path.is_dir():
            raise ModelError(f"{path}: a folder; the models of a project are served by --project {path}")
        if path.suffix.lower() not in SUFFIXES:
            raise ModelError(f"{path}: expected a .tflite model or a .bin of taught features")
        if not path.is_file():
            raise ModelError(f"{path}: no such file; expected a .tflite model or a .bin of taught features")
        if not is_name(name):
            raise ModelError(f"{path}: the name {short(name)} cannot stand in an address; give another: model={path}")
        if name in found:
            raise ModelError(f"{path} and {found[name]}: both are called {name!r}; name one: {name}-2={path}")
        found[name] = path.absolute()
    return found


def _split(argument: str) -> tuple[str, Path]:
    name, equals, path = argument.partition("=")
    if equals and path and not Path(argument).exists():
        return name, Path(path)
    return Path(argument).stem, Path(argument)


def project_files(project: Path) -> dict[str, Path | None]:
    """The ``.tflite`` models of a project, by name; those whose name cannot stand in an address are left out."""
    folder = MODELS.below(project)
    files = sorted(folder.glob("*.tflite")) if folder.is_dir() else []
    return {file.stem: file for file in files if is_name(file.stem) and file.is_file() and not file.is_symlink()}


def unnameable(project: Path) -> list[Path]:
    """The models of a project that ``project_files`` leaves out for their names."""
    folder = MODELS.below(project)
    return [file for file in sorted(folder.glob("*.tflite")) if not is_name(file.stem)] if folder.is_dir() else []


def all_files(arguments: Iterable[str], project: Path | None) -> Files:
    """The models given, and those of a project as it is at each call; the built-in network where neither is given.

    Raises:
        ModelError: as ``named_files``, or the project has a model of the same name.
        DataError: the project is no folder.
    """
    given = named_files(arguments)
    if project is None:
        fixed: Mapping[str, Path | None] = given or {BUILT_IN: None}
        return lambda: fixed
    if not project.is_dir():
        raise DataError(f"{project}: no such project; expected a folder, as `whatsit studio {project}` makes it")
    for name in project_files(project):
        if name in given:
            raise ModelError(f"{given[name]}: the project has a model {name!r} too; name it: {name}-2={given[name]}")
    return lambda: {**given, **project_files(project), **given}  # those given come first and win
