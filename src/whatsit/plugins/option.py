"""The options of an address: each one's name, meaning, default and limits, and its value in a given address."""

import re
from dataclasses import dataclass
from typing import Generic, TypeVar

from whatsit.plugins.address import Address

Default = TypeVar("Default", float, None)


@dataclass(frozen=True, slots=True)
class Option:
    """What every option has."""

    name: str
    help: str
    """What it does, in a few words."""

    @property
    def is_secret(self) -> bool:
        """Whether messages leave out its value."""
        return False

    @property
    def default_text(self) -> str:
        """The default as documents show it; empty where nothing is the default."""
        return ""


@dataclass(frozen=True, slots=True)
class NumberOption(Option, Generic[Default]):
    """A number from ``low`` to ``high``, both allowed."""

    default: Default
    low: float
    high: float
    default_help: str = ""
    """What happens without it, where there is no default number."""

    @property
    def default_text(self) -> str:
        return self.default_help if self.default is None else f"{self.default:g}"

    def of(self, address: Address) -> float | Default:
        """Its value.

        Raises:
            WhatsitError: of the address's class: not a number, or out of range.
        """
        value = address.options.get(self.name)
        if value is None:
            return self.default
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not self.low <= number <= self.high:
            raise address.refusal(f"{self.name}={value} is not a number from {self.low:g} to {self.high:g}")
        return number


@dataclass(frozen=True, slots=True)
class FlagOption(Option):
    """Yes or no; no by default. Written ``name=1``, ``name=0``, yes, no, true or false, or ``name`` alone for yes."""

    def of(self, address: Address) -> bool:
        """Its value.

        Raises:
            WhatsitError: of the address's class: neither yes nor no.
        """
        value = address.options.get(self.name, "no")
        if value.lower() in ("", "1", "yes", "true"):
            return True
        if value.lower() in ("0", "no", "false"):
            return False
        raise address.refusal(f"{self.name}={value} is neither yes nor no")


@dataclass(frozen=True, slots=True)
class SizeOption(Option):
    """A picture's size, ``WIDTHxHEIGHT`` in pixels, 16 to 4096 each."""

    default: tuple[int, int]

    @property
    def default_text(self) -> str:
        return "{}x{}".format(*self.default)

    def of(self, address: Address) -> tuple[int, int]:
        """Its value as (width, height).

        Raises:
            WhatsitError: of the address's class: not of that form, or out of range.
        """
        value = address.options.get(self.name)
        if value is None:
            return self.default
        match = re.fullmatch(r"(\d{2,4})x(\d{2,4})", value)
        if match is None or not all(16 <= int(side) <= 4096 for side in match.groups()):
            raise address.refusal(
                f"{self.name}={value} is not WIDTHxHEIGHT of 16 to 4096 pixels, such as {self.default_text}"
            )
        return int(match[1]), int(match[2])


@dataclass(frozen=True, slots=True)
class TextOption(Option):
    """Any text; None by default."""

    def of(self, address: Address) -> str | None:
        """Its value; an empty one counts as none."""
        return address.options.get(self.name) or None
