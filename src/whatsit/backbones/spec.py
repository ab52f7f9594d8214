"""What a row of the backbones' table is: where a backbone comes from, and what can be chosen about it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from whatsit.backbones.backbone import Backbone
    from whatsit.backbones.choice import BackboneChoice
    from whatsit.backbones.efficientnet_lite import Variant
    from whatsit.imaging.preprocess import Colour


@dataclass(frozen=True, kw_only=True)
class BackboneSpec(ABC):
    """A backbone by name. ``TfliteFile`` is the row for a package that ships a finished ``.tflite``.

    The fields say which fields of a ``BackboneChoice`` apply; a page and ``--help`` offer no others.
    """

    name: str
    title: str
    """Its name for people."""
    package: str | None = None
    """The Python package that holds its weights; None: they come with the row."""
    extra: str | None = None
    """The extra of whatsit that installs ``package``; None: it is always there."""
    sizes: Sequence[int] = ()
    """Input sides in pixels it can be built at; empty: its file has one size."""
    blocks: int = 0
    """How many blocks it has; 0: it cannot be cut shorter."""
    depths: tuple[int, ...] = ()
    """Numbers of blocks that are worth a place in a sweep, beside all of them."""
    colours: "tuple[Colour, ...]" = ()
    """Channels it can be built for; empty: its file decides."""
    multi_layer: bool = False
    """Whether its embedding can take in the last blocks too."""
    variant: "Variant | None" = None
    """The EfficientNet-Lite variant whose weights fine-tuning starts from; None: it cannot be fine-tuned."""

    @property
    def fine_tunable(self) -> bool:
        """Whether its weights can be trained further."""
        return self.variant is not None

    @property
    def installed(self) -> bool:
        """Whether its weights are on this machine."""
        return self.package is None or find_spec(self.package) is not None

    @property
    def file(self) -> Path | None:
        """The ``.tflite`` it is; None: it is built on demand."""
        return None

    @property
    def sweep_names(self) -> tuple[str, ...]:
        """``lite0``, ``lite0/11`` …: the depths a sweep offers."""
        return (self.name, *(f"{self.name}/{depth}" for depth in self.depths))

    @abstractmethod
    def check(self, choice: "BackboneChoice") -> None:
        """Refuse quickly what ``open`` would refuse.

        Raises:
            ModelError, MissingExtraError: it cannot be built as chosen; its weights are missing.
        """

    @abstractmethod
    def network(self, choice: "BackboneChoice") -> bytes:
        """The ``.tflite`` a head is appended to: float32, or quantised where no float32 form exists.

        Takes one picture and gives one embedding.

        Raises:
            ModelError, MissingExtraError: see ``check``.
        """

    @abstractmethod
    def open(self, choice: "BackboneChoice", dtype: str, threads: int | None) -> "Backbone":
        """The backbone ready to embed pictures.

        Args:
            dtype: arithmetic, ``int8`` or ``float32``; where only one exists, that one is opened.
            threads: of the interpreter; None: one per core, at most four.

        Raises:
            ModelError, MissingExtraError: see ``check``.
        """

    def ranges(self, choice: "BackboneChoice") -> Mapping[str, tuple[float, float]] | None:
        """Lowest and highest value of each tensor of ``network``, for int8; None: measured on training pictures."""
        return None
