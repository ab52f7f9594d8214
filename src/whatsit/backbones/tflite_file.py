"""A backbone that is a ``.tflite`` file: the user's, or one that a package ships."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from whatsit.backbones.backbone import Backbone
from whatsit.backbones.builtin_id import DEFAULT_SIZE
from whatsit.backbones.spec import BackboneSpec
from whatsit.errors import ModelArgumentError
from whatsit.imaging.preprocess import Colour, Preprocess
from whatsit.tflite.cut import cut_top
from whatsit.tflite.network import read_model_file

if TYPE_CHECKING:
    from whatsit.backbones.choice import BackboneChoice


@dataclass(frozen=True, kw_only=True)
class TfliteFile(BackboneSpec):
    """A float32 or quantised ``.tflite``, with or without its classifier; the last layer is cut off.

    Its size, colour and depth are its own: a choice that names others is refused. Example, of a package's row::

        TINY = TfliteFile(name="tiny", title="Tiny net", path=Path(__file__).with_name("tiny.tflite"))
    """

    path: str | os.PathLike[str]

    @property
    def file(self) -> Path | None:
        return Path(self.path)

    def check(self, choice: "BackboneChoice") -> None:
        self.open(choice, "", 1)

    def network(self, choice: "BackboneChoice") -> bytes:
        return cut_top(read_model_file(self.path), str(self.path))

    def open(self, choice: "BackboneChoice", dtype: str, threads: int | None) -> Backbone:
        backbone = Backbone.from_file(self.path, fit=choice.fit, threads=threads, normalise=choice.normalise)
        _check_input(choice, backbone.preprocess, os.fspath(self.path))
        return backbone


def _check_input(choice: "BackboneChoice", own: Preprocess, name: str) -> None:
    """Refuse a size, colour or depth that the file does not have; the defaults stand for its own.

    Raises:
        ModelArgumentError: which it is.
    """
    if choice.size not in (DEFAULT_SIZE, own.width, own.height):
        raise ModelArgumentError(f"size {choice.size}: {name} takes {own.width} x {own.height} pixels; leave it out")
    if choice.colour is Colour.GREY and own.colour is not Colour.GREY:
        raise ModelArgumentError(f"colour {choice.colour}: {name} takes colour pictures; leave it out")
    if choice.blocks is not None or choice.multi_layer:
        what = "multi_layer" if choice.blocks is None else f"blocks {choice.blocks}"
        raise ModelArgumentError(f"{what}: for built-in backbones only, and {name} is a file; leave it out")
