"""What a row of the targets' table is: a program that can run the model, and how its folder is written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from whatsit.deployment.remark import Line
from whatsit.models.card import ModelCard
from whatsit.teaching.teach import Example


class Need(StrEnum):
    """What a target needs besides the model."""

    TRAINING_PICTURES = "training pictures"


@dataclass(frozen=True, slots=True)
class Source:
    """A checked model, and the pictures that go with it: what a folder is written from."""

    name: str
    """What to call the model in errors."""
    content: bytes
    """The ``.tflite`` file: uint8 pixels in, shape (1, height, width, channels), uint8 scores out, (1, classes)."""
    card: ModelCard
    taught: Sequence[Example] = ()
    """The training pictures, where the target needs them."""
    judged: Sequence[Example] = ()
    """Pictures of the same classes that were not trained on."""


@dataclass(frozen=True, slots=True)
class Written:
    """What ``Target.write`` gives: files, and what only writing them could tell."""

    files: Mapping[str, bytes]
    """Content by relative path, such as ``model.tflite`` or ``golden/0.png``; without the program."""
    notes: tuple[Line, ...] = ()


def _none(card: ModelCard) -> None:
    return None


def _nothing(card: ModelCard) -> tuple[Line, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A program that a model can be deployed to.

    Example, of a package's row::

        TOASTER = Target(
            name="toaster", title="Toaster", description="the model and its labels as the toaster reads them",
            program=files(__package__).joinpath("toaster.txt").read_text(),
            write=lambda source: Written({"toast.tflite": source.content}),
        )
    """

    name: str
    title: str
    """The program's own name."""
    description: str
    """What is written, in one line without a full stop."""
    program: str
    """The text of ``classify.py``: a program that runs the model and prints path, label and score for each picture
    named on its command line, tab-separated. A line ``{FITTED}`` stands for a function
    ``fitted(picture, width, height)`` that resizes a PIL picture as the model was trained, ``{SIZE}`` for the input's
    width and height. A line ``{UNKNOWN}`` stands for ``opened(content)``, which makes the embedding a second output,
    and ``strangeness(output)``, above 1 where the picture is unknown; a line ``{STRANGE}`` for ``strange(embedding)``
    alone, None for models without the rule. ``unknown_files`` gives the file they read."""
    write: Callable[[Source], Written]
    """The folder's files, for a model that ``refusal`` does not refuse."""
    refusal: Callable[[ModelCard], Line | None] = _none
    """Why the program cannot run such a model, and the way out; None: it can. A phrase that follows the title:
    ``takes 224 pixels only; train with size 224``."""
    notes: Callable[[ModelCard], tuple[Line, ...]] = _nothing
    """What to know before using such a model there."""
    needs: tuple[Need, ...] = ()
