"""One setting of a design: its kind, its limits and choices, which training modes use it."""

import os
import types
import typing
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from enum import StrEnum
from numbers import Integral, Real
from typing import Any, Literal, TypeAlias

from whatsit.errors import SettingError
from whatsit.imaging.augmentation import Augmentation

Value: TypeAlias = str | int | float | bool | list[str] | None
"""A setting's value as JSON and TOML hold it."""


NARROW = "narrow"
"""A key of ``About.by_mode``: fine-tuning at a width below 1."""


class Kind(StrEnum):
    """How a setting is written, in ``whatsit.toml``, on the command line and on a page."""

    CHOICE = "choice"
    """One of ``choices``."""
    SWITCHES = "switches"
    """Any of ``choices``."""
    NAME = "name"
    """Text."""
    COUNT = "count"
    """A whole number from ``low`` to ``high``."""
    NUMBER = "number"
    """A number from ``low`` to ``high``."""
    FLAG = "flag"
    """True or false."""


@dataclass(frozen=True, slots=True)
class About:
    """What ``Design`` says of a field beside its type and its default, as ``Annotated[int, About(…)]``."""

    text: str
    """One sentence, for the command line's help and the documentation."""
    low: float = 0
    high: float = 0
    step: float = 1
    """Distance between the values that a page's arrows go through; 0: any."""
    modes: tuple[str, ...] = ()
    """The training modes that use it; empty: all."""
    by_mode: Mapping[str, float | None] = field(default_factory=dict)
    """What None stands for in each mode and for ``NARROW``; one without a value does without the setting."""
    offered: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """The values that a page offers in each mode; others can still be chosen elsewhere."""
    of_backbone: bool = False
    """Whether it means something else on another backbone."""
    made_by_file: bool = False
    """Whether a ``.tflite`` backbone has it fixed already."""
    of_file: bool = False
    """Whether it is for a ``.tflite`` backbone only."""
    advanced: bool = True
    """Whether a page shows it only on demand."""
    headline: Literal["always", "changed", "never"] = "never"
    """Whether a line that tells designs apart mentions it: always, or where it is not the default."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of ``Design``, as the command line, the pages and the documentation need it."""

    name: str
    kind: Kind
    default: Value
    choices: tuple[str, ...]
    optional: bool
    """Whether None is allowed."""
    about: About
    word: type[StrEnum] | None = None
    """The type of ``choices`` where a choice is an enum's member."""

    @property
    def limits(self) -> str:
        """``0 to 4,096``, ``one of rgb, grey`` or empty."""
        if self.kind in (Kind.COUNT, Kind.NUMBER):
            return f"{_figure(self.about.low)} to {_figure(self.about.high)}"
        if self.kind is Kind.FLAG:
            return "true or false"
        return f"{'one' if self.kind is Kind.CHOICE else 'any'} of {', '.join(self.choices)}" if self.choices else ""

    @property
    def offered(self) -> tuple[float, ...]:
        """The values that a page offers in some mode, ascending; empty: any within the limits."""
        return tuple(sorted({value for values in self.about.offered.values() for value in values}))

    def offering(self, value: float) -> tuple[str, ...]:
        """The modes in which a page offers a value."""
        return tuple(mode for mode, values in self.about.offered.items() if value in values)

    def used_by(self, mode: str) -> bool:
        """Whether training in ``mode`` makes use of it."""
        return not self.about.modes or mode in self.about.modes

    def value_in(self, mode: str, value: Any) -> Any:
        """``value``, or what None stands for in ``mode``, a training mode or ``NARROW``."""
        return self.about.by_mode.get(mode) if value is None else value

    def read(self, value: Any) -> Any:
        """``value`` from TOML or JSON as ``Design`` holds it.

        Raises:
            SettingError: a value of the wrong kind, or a word that is not a choice.
        """
        match self.kind:
            case Kind.CHOICE if self.word is not None and value in self.choices:
                return self.word(value)
            case Kind.SWITCHES:
                return self._switches(value)
            case Kind.NAME if isinstance(value, str):
                return value
            case Kind.FLAG if isinstance(value, bool):
                return value
            case Kind.COUNT if isinstance(value, Integral) and not isinstance(value, bool):
                return int(value)
            case Kind.NUMBER if isinstance(value, Real) and not isinstance(value, bool):
                return value if isinstance(value, int) else float(value)
        raise SettingError(self.name, value, _EXPECTED.get(self.kind, self.limits))

    def check(self, value: Any) -> None:
        """Refuse a number outside the limits.

        Raises:
            SettingError: it is.
        """
        if self.kind not in (Kind.COUNT, Kind.NUMBER) or value is None:
            return
        if not self.about.low <= value <= self.about.high:
            raise SettingError(self.name, value, self.limits)

    def _switches(self, value: Any) -> Augmentation:
        if not isinstance(value, list | tuple):
            raise SettingError(self.name, value, f"a list of {', '.join(self.choices)}")
        for switch in value:
            if switch not in self.choices:
                raise SettingError(self.name, switch, self.limits)
        return Augmentation(**{name: name in value for name in self.choices})


_SWITCHES = tuple(one.name for one in fields(Augmentation))
_EXPECTED = {Kind.NAME: "text", Kind.COUNT: "a whole number", Kind.NUMBER: "a number"}
_KINDS = {str: Kind.NAME, int: Kind.COUNT, float: Kind.NUMBER, bool: Kind.FLAG, Augmentation: Kind.SWITCHES}


def setting_of(field: Field[Any], annotation: Any) -> Setting:
    """The setting that a dataclass's field ``name: Annotated[type, About(…)] = default`` declares."""
    declared, about = typing.get_args(annotation)
    parts = typing.get_args(declared) if isinstance(declared, types.UnionType) else (declared,)
    kind = parts[0]
    default = field.default_factory() if callable(field.default_factory) else field.default
    word = kind if issubclass(kind, StrEnum) else None
    choices = tuple(word) if word else _SWITCHES if kind is Augmentation else ()
    return Setting(
        field.name, Kind.CHOICE if word else _KINDS[kind], plain(default), tuple(map(str, choices)),
        type(None) in parts, about, word,
    )  # fmt: skip


def plain(value: Any) -> Any:
    """A design's value as JSON and TOML hold it, a ``Value``; what cannot be one stays as it is."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Augmentation):
        return [switch for switch in _SWITCHES if getattr(value, switch)]
    return value.value if isinstance(value, StrEnum) else value


def _figure(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"
