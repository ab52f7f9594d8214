"""Which backbone to learn on, as a value."""

import os
from dataclasses import dataclass

import numpy as np

from whatsit.backbones.backbone import Backbone
from whatsit.backbones.builtin import builtin_model, check_builtin, parse_builtin_id, weights_path
from whatsit.backbones.efficientnet_lite import VARIANTS
from whatsit.errors import ModelError
from whatsit.imaging.preprocess import Colour, Fit, check_colour, check_fit
from whatsit.tflite.cut import cut_top
from whatsit.tflite.interpreter import Runtime
from whatsit.tflite.network import read_model_file
from whatsit.validation import short


@dataclass(frozen=True, slots=True)
class BackboneChoice:
    """Which backbone to teach on.

    ``name`` is lite0, lite1, lite2, or a ``.tflite`` file; ``size``, ``blocks`` and ``multi_layer``
    apply to the built-in ones.

    Raises:
        ModelError, DataError: the name is neither text nor a path; no such fit or colour.
    """

    name: str = "lite0"
    size: int = 224
    fit: Fit = Fit.COVER
    blocks: int | None = None
    colour: Colour = Colour.RGB
    multi_layer: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.name, str | os.PathLike):
            raise ModelError(f"backbone {short(self.name)}: expected one of {', '.join(VARIANTS)}, or a .tflite file")
        for field, value in (
            ("name", os.fspath(self.name)), ("fit", check_fit(self.fit)), ("colour", check_colour(self.colour)),
        ):  # fmt: skip
            object.__setattr__(self, field, value)

    @classmethod
    def from_id(cls, id: str, fit: Fit = Fit.COVER) -> "BackboneChoice":  # noqa: A002
        """The choice of a built-in backbone by its id, as kept with models and features.

        Raises:
            ModelError: the id is of a file's backbone, of another revision, or not an id at all.
        """
        parts = parse_builtin_id(id)
        return cls(parts.name, parts.size, fit, parts.blocks, parts.colour, parts.multi_layer)

    @property
    def is_file(self) -> bool:
        """Whether it is a ``.tflite`` of the user's."""
        return self.name.lower().endswith((".tflite", ".lite"))

    def check(self) -> None:
        """Refuse, before any picture is looked at, what ``open`` would refuse.

        Raises:
            ModelError, MissingExtraError: see ``Backbone``.
        """
        if self.is_file:
            self.network()
            return
        variant = check_builtin(self.name, self.size, "int8")
        variant.check_blocks(self.blocks)
        weights_path(variant)

    def check_output(self, dtype: str, io: str | None) -> None:
        """Refuse, before any picture is looked at, what ``TaughtModel.to_tflite`` would refuse after.

        Raises:
            ModelError: ``dtype`` or ``io`` is unknown or does not go with the other or with the backbone.
        """
        if dtype not in ("int8", "float32"):
            raise ModelError(f"arithmetic {dtype!r}: expected int8 or float32")
        if io not in (None, "uint8", "int8", "float32"):
            raise ModelError(f"border {io!r}: expected uint8, int8 or float32")
        if dtype == "float32" and io not in (None, "float32"):
            raise ModelError(f"border {io!r} around float32: a float32 model takes and gives float32; leave it out")
        if self.is_file and (dtype, io) not in (("int8", None), ("int8", "uint8")) and is_quantised(self.network()):
            if dtype == "float32":
                raise ModelError(f"{self.name}: quantised, its float32 weights are not in the file; ask for int8")
            raise ModelError(f"border {io!r}: a head on {self.name} keeps that model's own input type; leave it out")

    def network(self) -> bytes:
        """The backbone that a head goes on: float32, except where the user's file is quantised already.

        Raises:
            ModelError, MissingExtraError: see ``Backbone``.
        """
        if self.is_file:
            return cut_top(read_model_file(self.name), self.name)
        return builtin_model(
            self.name, self.size, "float32", blocks=self.blocks, colour=self.colour, multi_layer=self.multi_layer
        )

    def open(self, dtype: str = "int8", threads: int | None = None) -> Backbone:
        """The backbone itself, whose embeddings the head is learnt on.

        Raises:
            ModelError, MissingExtraError: see ``Backbone``.
        """
        if self.is_file:
            return Backbone.from_file(self.name, fit=self.fit, threads=threads)
        return Backbone.builtin(
            self.name, self.size, dtype, blocks=self.blocks, fit=self.fit, colour=self.colour,
            multi_layer=self.multi_layer, threads=threads,
        )  # fmt: skip


def is_quantised(network: bytes) -> bool:
    """Whether a network takes integers: its weights are no longer float32."""
    return bool(Runtime(network, 1).input.dtype != np.float32)
