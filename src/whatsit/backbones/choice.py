"""Which backbone to learn on, as a value."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from whatsit.backbones import BACKBONES, DEFAULT
from whatsit.backbones.backbone import Backbone
from whatsit.backbones.builtin_id import DEFAULT_SIZE, parse_builtin_id
from whatsit.backbones.spec import BackboneSpec
from whatsit.backbones.tflite_file import TfliteFile
from whatsit.errors import ModelArgumentError, ModelError
from whatsit.imaging.preprocess import Colour, Fit, check_colour, check_fit
from whatsit.tflite.interpreter import Runtime
from whatsit.tflite.normalisation import NormaliseLike, parse_normalise
from whatsit.validation import short

DTYPES = ("int8", "float32", "dynamic")
"""The arithmetic a model file can have: ``dynamic`` has 8-bit weights, and float32 at its input and output."""


@dataclass(frozen=True, slots=True)
class BackboneChoice:
    """A backbone, and the input it is used with.

    Raises:
        ModelError, DataError: the name is neither text nor a path; no such fit or colour.

    Example::

        BackboneChoice("lite0", size=160, fit="squash").open().embed("cat.jpg")
    """

    name: str = DEFAULT
    """A name in ``whatsit.backbones.BACKBONES``, such as lite0, or the path of a ``.tflite``."""
    size: int = DEFAULT_SIZE
    """Input side in pixels; a ``.tflite`` has its own: the default stands for it, another is refused."""
    fit: Fit = Fit.COVER
    blocks: int | None = None
    """Keep only the first blocks, this many; None: all. A ``.tflite`` keeps its own."""
    colour: Colour = Colour.RGB
    """Channels of the input; a ``.tflite`` has its own."""
    multi_layer: bool = False
    """Take the last blocks into the embedding too; not for a ``.tflite``."""
    normalise: NormaliseLike | None = None
    """What a ``.tflite`` sees of pixel values, as for ``Classifier``; kept as text. None: as ``Backbone.from_file``."""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str | os.PathLike):
            raise _unknown(self.name)
        for field, value in (
            ("name", os.fspath(self.name)), ("fit", check_fit(self.fit)), ("colour", check_colour(self.colour)),
        ):  # fmt: skip
            object.__setattr__(self, field, value)
        if self.normalise is not None:
            object.__setattr__(self, "normalise", parse_normalise(self.normalise).text)

    @classmethod
    def from_id(cls, id: str, fit: Fit = Fit.COVER) -> "BackboneChoice":  # noqa: A002
        """The choice of a built-in backbone by its id, as kept with models and features.

        Raises:
            ModelError: the id is of a file's backbone, of another revision, or not an id at all.
        """
        parts = parse_builtin_id(id)
        return cls(parts.name, parts.size, fit, parts.blocks, parts.colour, parts.multi_layer)

    @classmethod
    def of(
        cls, backbone: "BackboneChoice | str | os.PathLike[str] | None", normalise: NormaliseLike | None = None
    ) -> "BackboneChoice":
        """A backbone as people name it: a name, the path of a ``.tflite``, a choice, or None for the default.

        Args:
            normalise: instead of the choice's own; None: that.

        Raises:
            ModelArgumentError: none of these; no such normalisation.
        """
        if backbone is None:
            choice = cls()
        elif isinstance(backbone, BackboneChoice):
            choice = backbone
        elif isinstance(backbone, str | os.PathLike):
            choice = cls(os.fspath(backbone))
        else:
            raise ModelArgumentError(f"backbone {short(backbone)}: expected a name, a .tflite file or a BackboneChoice")
        return choice if normalise is None else replace(choice, normalise=normalise)

    @property
    def is_path(self) -> bool:
        """Whether the name is the path of a ``.tflite`` of the user's."""
        return self.name.lower().endswith((".tflite", ".lite"))

    @property
    def is_file(self) -> bool:
        """Whether it is a finished ``.tflite``, the user's or a package's, whose size, colour and depth are fixed."""
        return self.file is not None

    @property
    def file(self) -> Path | None:
        """The ``.tflite`` it is; None: it is built on demand."""
        if self.is_path:
            return Path(self.name)
        row = BACKBONES.get(self.name)
        return None if row is None else row.file

    @property
    def takes_layers(self) -> bool:
        """Whether it can have ``multi_layer``."""
        return not self.is_file and self.spec.multi_layer

    @property
    def spec(self) -> BackboneSpec:
        """The row of that name, or one for the user's file.

        Raises:
            ModelError: neither a name nor a ``.tflite``.
        """
        if self.is_path:
            return TfliteFile(name=self.name, title=Path(self.name).name, path=self.name)
        row = BACKBONES.get(self.name)
        if row is None:
            raise _unknown(self.name)
        return row

    def check(self) -> None:
        """Refuse, before any picture is read, what ``open`` would refuse.

        Raises:
            ModelError, MissingExtraError: see ``open``.
        """
        self.spec.check(self)

    def check_output(self, dtype: str, io: str | None) -> None:
        """Refuse, before any picture is read, what ``TaughtModel.to_tflite`` would refuse later.

        Raises:
            ModelError: ``dtype`` or ``io`` is unknown or does not go with the other or with the backbone.
        """
        if dtype not in DTYPES:
            raise ModelArgumentError(f"arithmetic {dtype!r}: expected {', '.join(DTYPES[:-1])} or {DTYPES[-1]}")
        if io not in (None, "uint8", "int8", "float32"):
            raise ModelArgumentError(f"io {io!r}: expected uint8, int8 or float32")
        if dtype != "int8" and io not in (None, "float32"):
            raise ModelArgumentError(f"io {io!r}: a {dtype} model takes and gives float32; leave it out")
        if self.is_file and (dtype, io) not in (("int8", None), ("int8", "uint8")) and is_quantised(self.network()):
            if dtype != "int8":
                raise ModelError(f"{self.name}: quantised, its float32 weights are not in the file; ask for int8")
            raise ModelError(f"io {io!r}: a head on {self.name} keeps that model's own input type; leave it out")

    def network(self) -> bytes:
        """The ``.tflite`` that a head goes on: float32, except where the file is quantised already.

        Raises:
            ModelError, MissingExtraError: see ``open``.
        """
        return self.spec.network(self)

    def open(self, dtype: str = "int8", threads: int | None = None) -> Backbone:
        """The backbone itself, whose embeddings the head is fitted on.

        Args:
            dtype: arithmetic of a built-in backbone, ``int8`` or ``float32``; a ``.tflite`` has its own.
            threads: of the interpreter; None: one per core, at most four.

        Raises:
            ModelError: no such name, size or depth, or a file that is missing or broken.
            MissingExtraError: the weights come with an extra that is not installed.
        """
        return self.spec.open(self, dtype, threads)


def is_quantised(network: bytes) -> bool:
    """Whether a network takes integers: its weights are no longer float32."""
    return bool(Runtime(network, 1).input.dtype != np.float32)


def _unknown(name: object) -> ModelArgumentError:
    return ModelArgumentError(f"backbone {short(name)}: expected one of {', '.join(BACKBONES)}, or a .tflite file")
