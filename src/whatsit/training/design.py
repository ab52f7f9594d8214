"""What a person chooses before training, as one value that ``whatsit.toml`` keeps under ``[design]``."""

import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from whatsit.backbones import BACKBONES, DEFAULT
from whatsit.errors import ArgumentError, SettingError
from whatsit.imaging.augmentation import Augmentation
from whatsit.imaging.preprocess import Colour, Fit
from whatsit.training.device import Device
from whatsit.training.setting import NARROW, About, Setting, Value, plain, setting_of

if TYPE_CHECKING:
    from whatsit.backbones.choice import BackboneChoice


class TrainingMode(StrEnum):
    """How much of the network is trained."""

    FROZEN = "frozen"
    """Only the head, on embeddings: takes seconds and needs nothing beyond the core."""
    FINE_TUNE = "fine-tune"
    """The head and the last blocks, or all, of a built-in backbone; needs the extra ``torch``."""
    SCRATCH = "scratch"
    """A small convolutional network from random weights; needs the extra ``torch``."""

    @property
    def package(self) -> str | None:
        """The optional package that it needs; None: none."""
        return None if self is TrainingMode.FROZEN else "torch"


class ScratchNetwork(StrEnum):
    """The networks that are trained from random weights."""

    SMALL = "small"
    """Stages of two convolutions with batch norm, as many as the size allows: the better one."""
    TEXTBOOK = "textbook"
    """Conv32, Conv64, Dense64, with which books on CIFAR-10 begin."""


_FROZEN, _FINE_TUNE, _SCRATCH = TrainingMode
_BACKBONE = (_FROZEN, _FINE_TUNE)
_WHOLE = (_FINE_TUNE, _SCRATCH)
WIDTHS = (1, 0.75, 0.5, 0.35)
"""Shares of channels that the pages offer, as MobileNet is published; 1 is the whole network."""
_LARGE = (96, 128, 160, 192, 224, 256)


@dataclass(frozen=True, slots=True)
class Design:
    """Every setting of a training; the same design, seed and pictures give the same file.

    The fields are the only source of defaults, limits and choices: the command line's options, the studio's form and
    the table in the documentation are made from ``Design.schema()``.

    Raises:
        SettingError: a value outside its limits, or one that does not go with the backbone.

    Example:
        >>> Design(size=160, epochs=20).to_dict()["size"]
        160
    """

    mode: Annotated[TrainingMode, About("How much of the network is trained.", headline="changed", advanced=False)] = (
        TrainingMode.FROZEN
    )
    backbone: Annotated[
        str,
        About("The network that turns pictures into embeddings.", modes=_BACKBONE, headline="always", advanced=False),
    ] = DEFAULT
    size: Annotated[
        int,
        About(
            "Input side in pixels.", 32, 512, made_by_file=True,
            offered={_FROZEN: _LARGE, _FINE_TUNE: _LARGE, _SCRATCH: (32, 64, 96, 128)}, headline="always",
            advanced=False,
        ),
    ] = 224  # fmt: skip
    blocks: Annotated[
        int | None,
        About(
            "Keep only this many blocks of a built-in backbone: faster, less accurate.", 1, 64, modes=_BACKBONE,
            of_backbone=True, made_by_file=True, headline="changed", advanced=False,
        ),
    ] = None  # fmt: skip
    width: Annotated[
        float,
        About(
            "Keep only this share of the channels, distilled from the full network: faster, less accurate.", 0.1, 1,
            0.05, modes=(_FINE_TUNE,), offered={_FINE_TUNE: WIDTHS}, headline="changed", advanced=False,
        ),
    ] = 1.0  # fmt: skip
    colour: Annotated[
        Colour, About("Colour or grey pictures.", made_by_file=True, headline="changed", advanced=False)
    ] = Colour.RGB
    fit: Annotated[
        Fit | None,
        About(
            "How a picture meets the square input; if none: chosen by cross-validation (frozen), else cover.",
            headline="always", advanced=False,
        ),
    ] = None  # fmt: skip
    augmentation: Annotated[
        Augmentation, About("Random variations of the training pictures.", advanced=False)
    ] = field(default_factory=Augmentation)  # fmt: skip
    epochs: Annotated[
        int | None,
        About(
            "At most this many passes over the training pictures.", 1, 10_000,
            by_mode={_FROZEN: 60, _FINE_TUNE: 6, NARROW: 25, _SCRATCH: 40}, advanced=False,
        ),
    ] = None  # fmt: skip
    learning_rate: Annotated[
        float | None,
        About(
            "Step size of the optimiser; when fine-tuning, of the backbone.", 1e-6, 1, 0,
            by_mode={_FROZEN: 1e-3, _FINE_TUNE: 3e-4, NARROW: 1e-3, _SCRATCH: 3e-3}, advanced=False,
        ),
    ] = None  # fmt: skip
    dropout: Annotated[
        float, About("Share of the head's inputs left out at each step.", 0, 0.9, 0.05, advanced=False)
    ] = 0.1
    hidden: Annotated[
        int, About("Units in a hidden layer of the head; 0: none.", 0, 4096, modes=(_FROZEN,), headline="changed")
    ] = 0
    views: Annotated[
        int, About("Views of each training picture, the unchanged one included.", 1, 64, modes=(_FROZEN,))
    ] = 4
    patience: Annotated[
        int | None,
        About("Stop after this many epochs without a better one.", 1, 10_000, by_mode={_FROZEN: 10}),
    ] = None
    label_smoothing: Annotated[
        float, About("Share of each target spread over all classes.", 0, 0.5, 0.05)
    ] = 0.1  # fmt: skip
    """Szegedy et al. 2016, section 7."""
    batch: Annotated[int, About("Pictures per training step.", 1, 4096, modes=_WHOLE)] = 32
    unfrozen_blocks: Annotated[
        int | None,
        About("Fine-tune only this many blocks, the last ones.", 0, 64, modes=(_FINE_TUNE,), of_backbone=True),
    ] = None
    seed: Annotated[int, About("The same seed and pictures give the same file.", 0, 2**31 - 1)] = 0
    multi_layer: Annotated[
        bool,
        About(
            "Let the head see the last blocks of a built-in backbone too, upper and lower half apart.",
            modes=(_FROZEN,), made_by_file=True,
        ),
    ] = True  # fmt: skip
    class_weights: Annotated[bool, About("Let classes with few pictures count as much as the others.")] = True
    mixup: Annotated[bool, About("Train on blends of two pictures.", modes=_WHOLE)] = False
    """Zhang et al. 2018."""
    device: Annotated[Device, About("Where PyTorch computes; auto: on a GPU where it finds one.", modes=_WHOLE)] = (
        Device.AUTO
    )
    network: Annotated[
        ScratchNetwork,
        About(
            "The network trained from scratch: small, or textbook (Conv32, Conv64, Dense64).", modes=(_SCRATCH,),
            headline="changed", advanced=False,
        ),
    ] = ScratchNetwork.SMALL  # fmt: skip
    normalise: Annotated[
        str | None,
        About(
            "What a .tflite backbone sees of pixels: 0..1, -1..1, 0..255, or MEAN,STD; as its file says without.",
            modes=(_FROZEN,), of_backbone=True, of_file=True, headline="changed", advanced=False,
        ),
    ] = None  # fmt: skip

    def __post_init__(self) -> None:
        for setting in self.schema():
            value = getattr(self, setting.name)
            if not (value is None and setting.optional):
                object.__setattr__(self, setting.name, setting.read(plain(value)))
        on_file = self.on_file
        for setting in self.schema():
            if not (setting.about.made_by_file and on_file):
                setting.check(getattr(self, setting.name))
        if self.normalise is not None:
            self._read_normalise(self.normalise, on_file)
        if not self.uses("backbone"):
            return
        row = BACKBONES.get(self.backbone)
        fine_tunable = row.fine_tunable if row is not None else not on_file
        if self.mode is TrainingMode.FINE_TUNE and not fine_tunable:
            able = ", ".join(name for name, row in BACKBONES.items() if row.fine_tunable)
            raise SettingError("backbone", self.backbone, f"one of {able} for fine-tuning, or mode frozen")
        if row is not None and row.blocks:
            self._check_blocks(row.blocks)

    def _read_normalise(self, value: str, on_file: bool) -> None:
        from whatsit.tflite.normalisation import parse_normalise

        if not on_file:
            raise SettingError("normalise", value, f"no value: {self.backbone} has its own; leave it out")
        try:
            object.__setattr__(self, "normalise", parse_normalise(value).text)
        except ArgumentError as error:
            raise SettingError("normalise", value, "0..1, -1..1, 0..255, or mean and standard deviation") from error

    def _check_blocks(self, total: int) -> None:
        if self.blocks is not None and self.blocks > total:
            raise SettingError("blocks", self.blocks, f"1 to {total}, the number of blocks in {self.backbone}")
        kept = self.blocks or total
        if self.uses("unfrozen_blocks") and self.unfrozen_blocks is not None and self.unfrozen_blocks > kept:
            whose = self.backbone if self.blocks is None else f"{self.backbone}/{self.blocks}"
            raise SettingError("unfrozen_blocks", self.unfrozen_blocks, f"0 to {kept}, the number of blocks in {whose}")

    @classmethod
    def schema(cls) -> tuple[Setting, ...]:
        """Every setting in order: its kind, default, limits and choices, and which modes use it."""
        return _schema()

    @property
    def backbone_choice(self) -> "BackboneChoice":
        """The backbone that these settings name."""
        from whatsit.backbones.choice import BackboneChoice

        if self.on_file:  # its size, colour and depth are its own, whatever stands here
            return BackboneChoice(self.backbone, fit=self.usual_fit, normalise=self.normalise)
        multi_layer = self.multi_layer and self.uses("multi_layer")
        return BackboneChoice(self.backbone, self.size, self.usual_fit, self.blocks, self.colour, multi_layer)

    @property
    def usual_fit(self) -> Fit:
        """``fit``, or cover where none is named."""
        return Fit.COVER if self.fit is None else self.fit

    @property
    def on_file(self) -> bool:
        """Whether the backbone is a finished ``.tflite``, which has its own size and colour."""
        return _on_file(self.mode, self.backbone)

    @property
    def narrow(self) -> bool:
        """Whether a narrower network is distilled from the one that is fine-tuned."""
        return _defaults_of(self.mode, self.width) == NARROW

    @property
    def most_epochs(self) -> int:
        """``epochs``, or the mode's default."""
        return int(self._or_default("epochs"))

    @property
    def rate(self) -> float:
        """``learning_rate``, or the mode's default."""
        return float(self._or_default("learning_rate"))

    @property
    def stop_after(self) -> int | None:
        """``patience``, or the mode's default; None: never stop early."""
        patience: int | None = self._or_default("patience")
        return patience

    def uses(self, name: str) -> bool:
        """Whether training in this mode makes use of the setting called ``name``."""
        return _setting(name).used_by(self.mode)

    def _or_default(self, name: str) -> Any:
        return _setting(name).value_in(_defaults_of(self.mode, self.width), getattr(self, name))

    def headline(self) -> tuple[str, ...]:
        """The names of the settings that tell this design from others in one line: used, and not the default ones."""
        return tuple(
            setting.name
            for setting in self.schema()
            if setting.used_by(self.mode)
            and (
                setting.about.headline == "always"
                or (setting.about.headline == "changed" and plain(getattr(self, setting.name)) != setting.default)
            )
        )

    def revised(self, changes: Mapping[str, Value]) -> "Design":
        """This design with ``changes``, JSON values by name, as a person asks for them.

        What was chosen for another mode or another backbone is not taken over.

        Raises:
            SettingError: a wrong value, or a setting that the mode or the backbone makes no use of.
        """
        chosen = {name: _read(_setting(name), value) for name, value in changes.items()}
        mode, backbone = chosen.get("mode", self.mode), chosen.get("backbone", self.backbone)
        other = _defaults_of(mode, chosen.get("width", self.width)) != _defaults_of(self.mode, self.width)
        for setting in self.schema():
            about = setting.about
            fresh = (
                (other and about.by_mode)
                or (backbone != self.backbone and about.of_backbone)
                or (_on_file(mode, backbone) and about.made_by_file)
                or (not _on_file(mode, backbone) and about.of_file)
            )
            if setting.name in chosen:
                _check_used(setting, mode, backbone, chosen[setting.name])
            elif fresh:
                chosen[setting.name] = _default(setting)
        return replace(self, **chosen)

    def to_settings(self) -> dict[str, Value]:
        """For ``whatsit.toml``: ``to_dict`` without what a ``.tflite`` backbone has fixed."""
        values = self.to_dict()
        return {name: values[name] for name in values if not (self.on_file and _setting(name).about.made_by_file)}

    def to_dict(self) -> dict[str, Value]:
        """For JSON: text, numbers and truth values; what is None is left out."""
        values: dict[str, Value] = {setting.name: plain(getattr(self, setting.name)) for setting in self.schema()}
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Design":
        """The design in ``values``, from this version or an earlier one; what is missing has its default.

        Raises:
            SettingError: an unknown name, a word that is not a choice, or a value of the wrong kind.
        """
        renamed = {_FORMER_NAMES.get(name, name): value for name, value in values.items()}
        for name in renamed:
            _setting(name)
        return cls(**renamed)


_FORMER_NAMES = {"way": "mode", "joined": "multi_layer", "tuned_blocks": "unfrozen_blocks"}
"""What earlier versions called some settings in files that are still read."""


@cache
def _schema() -> tuple[Setting, ...]:
    hints = typing.get_type_hints(Design, include_extras=True)
    return tuple(setting_of(one, hints[one.name]) for one in dataclasses.fields(Design))


def _setting(name: str) -> Setting:
    known = {setting.name: setting for setting in _schema()}
    if name not in known:
        raise SettingError("setting", name, f"one of {', '.join(known)}")
    return known[name]


def _read(setting: Setting, value: Value) -> Any:
    return None if value is None and setting.optional else setting.read(value)


def _default(setting: Setting) -> Any:
    return None if setting.default is None else setting.read(setting.default)


def _defaults_of(mode: TrainingMode, width: float) -> str:
    """Under which name ``About.by_mode`` has the defaults."""
    return NARROW if mode is TrainingMode.FINE_TUNE and width < 1 else mode


def _on_file(mode: TrainingMode, backbone: str) -> bool:
    from whatsit.backbones.choice import BackboneChoice

    return _setting("backbone").used_by(mode) and BackboneChoice(backbone).is_file


def _check_used(setting: Setting, mode: TrainingMode, backbone: str, value: Any) -> None:
    if not setting.used_by(mode):
        users = setting.about.modes
        verb = "uses" if len(users) == 1 else "use"
        raise SettingError(setting.name, plain(value), f"no value in mode {mode}; only {' and '.join(users)} {verb} it")
    if setting.about.made_by_file and _on_file(mode, backbone):
        raise SettingError(setting.name, plain(value), f"no value: {Path(backbone).name} has its own; leave it out")
    if setting.about.of_file and value is not None and not _on_file(mode, backbone):
        raise SettingError(setting.name, plain(value), f"no value: {backbone} has its own; leave it out")
