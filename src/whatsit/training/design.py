"""What a person chooses before training, as one value that ``whatsit.toml`` keeps under ``[design]``."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from whatsit.backbones import BACKBONES
from whatsit.backbones.choice import BackboneChoice
from whatsit.errors import DataError
from whatsit.imaging.augmentation import Augmentation
from whatsit.imaging.preprocess import Colour, Fit


class TrainingMode(StrEnum):
    """How much of the network is trained."""

    FROZEN = "frozen"
    """Only the head, on embeddings: seconds, and nothing beyond the core is needed."""
    FINE_TUNE = "fine-tune"
    """The head and the last blocks, or all, of a built-in backbone; needs the extra ``torch``."""
    SCRATCH = "scratch"
    """A small convolutional network from random weights; needs the extra ``torch``."""


@dataclass(frozen=True, slots=True)
class Design:
    """Every choice of a training; the same design, seed and pictures give the same file."""

    way: TrainingMode = TrainingMode.FROZEN
    backbone: str = "lite0"
    """A name in ``whatsit.backbones.BACKBONES`` or the path of a ``.tflite``; not used from scratch."""
    size: int = 224
    """Side of the input in pixels; a ``.tflite`` has its own, which the finished training tells."""
    blocks: int | None = None
    """Keep only so many blocks of a built-in backbone: faster and coarser; None: all."""
    colour: Colour = Colour.RGB
    fit: Fit = Fit.COVER
    augmentation: Augmentation = field(default_factory=Augmentation)
    views: int = 4
    """Views of each training picture that are embedded, itself among them; for the frozen way."""
    hidden: int = 0
    """Units of a hidden layer in the head; 0: none."""
    dropout: float = 0.1
    """Share of the head's inputs left out at each step."""
    epochs: int | None = None
    """None: 60 frozen, 6 fine-tuning, 40 from scratch."""
    patience: int | None = None
    """Stop after so many epochs without a better validation loss; None: 10 frozen, never otherwise."""
    learning_rate: float | None = None
    """None: 1e-3 frozen, 3e-4 for the body and three times that for the head in fine-tuning, 3e-3 from scratch."""
    batch: int = 32
    class_weights: bool = False
    """Let a class with few pictures count as much as one with many."""
    label_smoothing: float = 0.1
    """Share of the target spread over all classes (Szegedy et al. 2016, section 7)."""
    mixup: bool = False
    """Train on blends of two pictures (Zhang et al. 2018); for fine-tuning and from scratch."""
    multi_layer: bool = True
    """Let the head see the last blocks of a built-in backbone too, upper and lower half apart; for the frozen way."""
    unfrozen_blocks: int | None = None
    """Fine-tune only so many blocks at the end; None: all."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low, high in _LIMITS:
            value = getattr(self, name)
            if name == "size" and self.choice.is_file:
                continue
            if value is not None and not low <= value <= high:
                raise DataError(f"{name} {value}: expected {_figure(low)} to {_figure(high)}")
        row = BACKBONES.get(self.backbone)
        fine_tunable = row.fine_tunable if row is not None else not self.choice.is_file
        if self.way is TrainingMode.FINE_TUNE and not fine_tunable:
            able = ", ".join(name for name, row in BACKBONES.items() if row.fine_tunable)
            raise DataError(f"backbone {self.backbone}: fine-tuning needs one of {able}; leave it frozen instead")
        if self.way is not TrainingMode.SCRATCH and row is not None and row.blocks:
            self._check_blocks(row.blocks)

    def _check_blocks(self, total: int) -> None:
        if self.blocks is not None and self.blocks > total:
            raise DataError(f"blocks {self.blocks}: expected 1 to {total}, as many as {self.backbone} has")
        kept = self.blocks or total
        if self.way is TrainingMode.FINE_TUNE and self.unfrozen_blocks is not None and self.unfrozen_blocks > kept:
            whose = self.backbone if self.blocks is None else f"{self.backbone}/{self.blocks}"
            raise DataError(f"unfrozen_blocks {self.unfrozen_blocks}: expected 0 to {kept}, as many as {whose} has")

    @property
    def choice(self) -> BackboneChoice:
        """The backbone these choices name."""
        choice = BackboneChoice(self.backbone, self.size, self.fit, self.blocks, self.colour)
        return replace(choice, multi_layer=self.multi_layer and self.way is TrainingMode.FROZEN and not choice.is_file)

    @property
    def all_epochs(self) -> int:
        """How many epochs, the default of the way where none is chosen."""
        return self.epochs if self.epochs is not None else _EPOCHS[self.way]

    def to_settings(self) -> dict[str, Any]:
        """For ``whatsit.toml``: ``to_dict`` without what a ``.tflite`` backbone leaves no choice of."""
        values = self.to_dict()
        return {key: value for key, value in values.items() if not (self.choice.is_file and key in MADE_BY_FILE)}

    def to_dict(self) -> dict[str, Any]:
        """For JSON: text, numbers and truth values; what is None is left out."""
        values = dataclasses.asdict(self)
        values["augmentation"] = [switch for switch, on in values["augmentation"].items() if on]
        return {key: _plain(value) for key, value in values.items() if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Design":
        """The design in ``values``; what is missing has its default.

        Raises:
            DataError: a word that is no choice, or a value of the wrong kind.
        """
        known = {f.name: f for f in dataclasses.fields(cls)}
        chosen: dict[str, Any] = {}
        for name, value in values.items():
            key = _FORMER_NAMES.get(name, name)
            if key not in known:
                raise DataError(f"design: {name!r} is not a choice; expected one of {', '.join(known)}")
            chosen[key] = _checked(key, value)
        return cls(**chosen)


_BACKBONE = (TrainingMode.FROZEN, TrainingMode.FINE_TUNE)
_WHOLE = (TrainingMode.FINE_TUNE, TrainingMode.SCRATCH)
WAYS_OF: Mapping[str, tuple[TrainingMode, ...]] = {
    "backbone": _BACKBONE, "blocks": _BACKBONE, "multi_layer": (TrainingMode.FROZEN,),
    "views": (TrainingMode.FROZEN,), "hidden": (TrainingMode.FROZEN,), "batch": _WHOLE, "mixup": _WHOLE,
    "unfrozen_blocks": (TrainingMode.FINE_TUNE,),
}  # fmt: skip
"""The choices that not every way makes use of."""

MADE_BY_FILE = ("size", "colour", "blocks", "multi_layer")
"""The choices that a ``.tflite`` backbone has made already."""

_FORMER_NAMES = {"joined": "multi_layer", "tuned_blocks": "unfrozen_blocks"}
"""What earlier versions called some choices in files that are still read."""
_EPOCHS = {TrainingMode.FROZEN: 60, TrainingMode.FINE_TUNE: 6, TrainingMode.SCRATCH: 40}
_LIMITS: tuple[tuple[str, float, float], ...] = (
    ("size", 32, 512), ("views", 1, 64), ("hidden", 0, 4096), ("dropout", 0, 0.9), ("epochs", 1, 10_000),
    ("patience", 1, 10_000), ("learning_rate", 1e-6, 1), ("batch", 1, 4096), ("label_smoothing", 0, 0.5),
    ("blocks", 1, 64), ("unfrozen_blocks", 0, 64), ("seed", 0, 2**31 - 1),
)  # fmt: skip
_CHOICES: dict[str, type[StrEnum]] = {"way": TrainingMode, "colour": Colour, "fit": Fit}
_FLAGS = ("class_weights", "mixup", "multi_layer")
_FLOATS = ("dropout", "learning_rate", "label_smoothing")


def _checked(key: str, value: Any) -> Any:
    if key in _CHOICES:
        kind = _CHOICES[key]
        if value not in list(kind):
            raise DataError(f"{key} {value!r}: expected one of {', '.join(kind)}")
        return kind(value)
    if key == "augmentation":
        return augmentation_of(value)
    if key == "backbone":
        expected, right = "text", isinstance(value, str)
    elif key in _FLAGS:
        expected, right = "true or false", isinstance(value, bool)
    elif key in _FLOATS:
        expected, right = "a number", isinstance(value, int | float) and not isinstance(value, bool)
    else:
        expected, right = "a whole number", isinstance(value, int) and not isinstance(value, bool)
    if not right:
        raise DataError(f"{key} {value!r}: expected {expected}")
    return value


def augmentation_of(switches: Any) -> Augmentation:
    """The augmentation with just these switches on.

    Raises:
        DataError: not a list of switches.
    """
    names = list(Augmentation.__slots__)
    if not isinstance(switches, list | tuple):
        raise DataError(f"augmentation {switches!r}: expected a list of {', '.join(names)}")
    for switch in switches:
        if switch not in names:
            raise DataError(f"augmentation {switch!r}: expected any of {', '.join(names)}")
    return Augmentation(**{name: name in switches for name in names})


def _figure(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, StrEnum) else value
