"""A backbone that is a ``.tflite`` file: the user's, or one that a package ships."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from whatsit.backbones.backbone import Backbone
from whatsit.backbones.spec import BackboneSpec
from whatsit.tflite.cut import cut_top
from whatsit.tflite.network import read_model_file

if TYPE_CHECKING:
    from whatsit.backbones.choice import BackboneChoice


@dataclass(frozen=True, kw_only=True)
class TfliteFile(BackboneSpec):
    """A float32 or quantised ``.tflite``, with or without its classifier; the last layer is cut off.

    Its size, colour and depth are its own. Example, of a package's row::

        TINY = TfliteFile(name="tiny", title="Tiny net", path=Path(__file__).with_name("tiny.tflite"))
    """

    path: str | os.PathLike[str]

    @property
    def file(self) -> Path | None:
        return Path(self.path)

    def check(self, choice: "BackboneChoice") -> None:
        self.network(choice)

    def network(self, choice: "BackboneChoice") -> bytes:
        return cut_top(read_model_file(self.path), str(self.path))

    def open(self, choice: "BackboneChoice", dtype: str, threads: int | None) -> Backbone:
        return Backbone.from_file(self.path, fit=choice.fit, threads=threads)
