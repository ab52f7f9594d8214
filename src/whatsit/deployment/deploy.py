"""Ready folders for other programs: the model in the layout they expect, and a few lines of Python that run it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from whatsit.deployment.program import PROGRAM, filled_program
from whatsit.deployment.remark import Line
from whatsit.deployment.target import Need, Source, Target
from whatsit.deployment.targets import TARGETS
from whatsit.errors import DataError, ModelError, PluginError
from whatsit.files import beneath, cannot_write, scratch_beside
from whatsit.models.card import ModelCard, read_card
from whatsit.teaching.teach import Example
from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.interpreter import Runtime
from whatsit.tflite.metadata import read_files
from whatsit.tflite.network import read_model_file
from whatsit.validation import path as checked_path
from whatsit.validation import row, short


@dataclass(frozen=True, slots=True)
class Deployment:
    """What was written, and what to know before using it."""

    folder: Path
    files: tuple[str, ...]
    """Relative paths of the files, sorted."""
    remarks: tuple[Line, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know before using it, one line each."""
        return tuple(map(str, self.remarks))


@dataclass(frozen=True, slots=True)
class Offer:
    """Whether a target takes a model, and what to know before using it there."""

    name: str
    """The target's name in the table."""
    target: Target
    refusal: Line | None
    """None: it takes the model."""
    notes: tuple[Line, ...]


def deploy(
    model: str | os.PathLike[str], target: str, folder: str | os.PathLike[str], *,
    taught: Sequence[Example] = (), judged: Sequence[Example] = (),
) -> Deployment:  # fmt: skip
    """Write a new folder with the model as another program expects it, and ``classify.py``, which runs it.

    ``classify.py`` needs LiteRT, numpy and Pillow (the one for MediaPipe needs MediaPipe), not whatsit.

    Args:
        model: an int8 ``.tflite`` with uint8 input that whatsit made.
        target: a name in ``whatsit.deployment.targets.TARGETS``: ``litert``, ``teachable-machine``, ``mediapipe``,
            ``frigate``, ``maixpy``, ``c-array``, or one that an installed package adds.
        folder: made here; its parent must exist.
        taught: the training pictures with their labels, as ``find_examples`` gives them; only for targets that need
            them, such as ``maixpy``.
        judged: pictures of the same classes that were not trained on, such as the validation pictures; ``maixpy``
            compares features, and notes on how many of these it agrees with the model.

    Raises:
        ModelError: not such a model, or not one the target takes.
        DataError: no such target; the folder exists already, has no parent or cannot be written; ``taught`` is missing
            or has other classes than the model. Nothing is left behind.
        PluginError: the target comes from an installed package and cannot be used.

    Example::

        made = whatsit.deploy("models/model.tflite", "litert", "for-the-pi")
        print(*made.files, *made.notes, sep="\\n")
    """
    wanted = row(TARGETS, target, "target")
    place = checked_path(folder, "a new folder")
    _check_place(place)
    source = _source(model, taught, judged)
    refusal = wanted.refusal(source.card)
    if refusal is not None:
        raise ModelError(f"{source.name}: {wanted.title} {refusal}")
    if Need.TRAINING_PICTURES in wanted.needs and not taught:
        needed = f"{wanted.title} needs the training pictures"
        raise DataError(
            f"{needed}: give them by  --taught FOLDER",
            on_page=f"{needed}: add some to the training split on the Dataset page",
        )
    written = wanted.write(source)
    files = {**_checked(wanted, written.files), PROGRAM: filled_program(wanted.program, source.card)}
    _write_folder(place, files)
    return Deployment(place, tuple(sorted(files)), (*written.notes, *wanted.notes(source.card)))


def offers(model: str | os.PathLike[str]) -> tuple[Offer, ...]:
    """What every target says of a model, in the table's order; quick, nothing is written.

    Args:
        model: a ``.tflite``; one that cannot be deployed at all is refused by every target.
    """
    try:
        card = _source(model).card
    except ModelError as error:
        return tuple(Offer(name, target, error.on_page, ()) for name, target in TARGETS.items())
    return tuple(_offer(name, target, card) for name, target in TARGETS.items())


def _offer(name: str, target: Target, card: ModelCard) -> Offer:
    try:
        return Offer(name, target, target.refusal(card), target.notes(card))
    except Exception as error:  # a package's code: whatever it raises, the other targets are offered
        return Offer(name, target, f"fails on this model ({type(error).__name__}: {short(str(error))})", ())


def _source(model: str | os.PathLike[str], taught: Sequence[Example] = (), judged: Sequence[Example] = ()) -> Source:
    content, name = read_model_file(model), str(model)
    read_model(content, name)
    card = read_card(read_files(content, name), name)
    if card is None:
        raise ModelError(
            f"{name}: not made by whatsit; deploy works on what  whatsit train  or  teach  wrote",
            on_page=f"{name}: not made by whatsit; choose a model from the Train page",
        )
    if card.dtype != "int8":
        raise ModelError(f"{name}: {card.dtype}; deploy the int8 model")
    takes = Runtime(content, 1).input.dtype
    if takes != np.uint8:
        raise ModelError(f"{name}: takes {takes}, the programs give uint8: deploy the model that train or teach wrote")
    return Source(name, content, card, taught, judged)


def _checked(target: Target, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The files of a target, which a package can supply, where all of them lie inside the folder."""
    for name in files:
        path = PurePosixPath(name)
        if path.is_absolute() or not path.parts or ".." in path.parts or "\0" in name or name == PROGRAM:
            raise PluginError(f"target {target.name!r}: cannot write a file {short(name)} in the folder")
    return files


def _check_place(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder}: exists already; name a new folder")
    if not folder.absolute().parent.is_dir():
        raise DataError(f"{folder}: there is no folder {folder.absolute().parent} to make it in; make that first")


def _write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        with scratch_beside(folder) as scratch:
            whole = scratch / "whole"
            whole.mkdir()
            for name, content in files.items():
                file = whole / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            beneath.replace(whole, folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
