"""A pin of a Raspberry Pi or the like as an output (gpiozero): something switched, or a servo at an angle."""

import re
import warnings
from typing import Any, Protocol

from whatsit.plugins import Address, FlagOption, NumberOption

_PIN = re.compile(r"(GPIO|BCM|BOARD)?[0-9]{1,2}", re.IGNORECASE)
_NO_PINS = "expected a machine with GPIO pins, and a library for them such as lgpio"

ANGLE = NumberOption("angle", "a servo: its angle while on, in degrees", None, -90, 90, "no servo")
REST = NumberOption("rest", "a servo: its angle while off", 0, -90, 90)
ACTIVE_LOW = FlagOption("active_low", "on is a low level, as for many relay boards")
SAFE_ON = FlagOption("safe_on", "the safe state is on")


class Output(Protocol):
    """Something that has a level: on or off for a relay, an angle for a servo."""

    def set(self, level: float) -> None:
        """Move it."""

    def close(self) -> None:
        """Let go of the pin."""


def pin_of(address: Address) -> str:
    """The pin's name, such as ``17`` or ``BOARD11``.

    Raises:
        DataError: it is none.
    """
    if not _PIN.fullmatch(address.target):
        raise address.refusal("expected a pin by its GPIO number, such as gpio:17, or by its place: gpio:BOARD11")
    return address.target.upper()


def levels(address: Address) -> tuple[float, float, float]:
    """The level while on, while off, and the safe one.

    Raises:
        DataError: options that do not go together.
    """
    angle = ANGLE.of(address)
    if angle is None:
        if "rest" in address.options:
            raise address.refusal("rest goes with angle; give both for a servo")
        return 1.0, 0.0, float(SAFE_ON.of(address))
    if {"active_low", "safe_on"} & address.options.keys():
        raise address.refusal("active_low and safe_on go with what is switched, not with a servo")
    rest = REST.of(address)
    return angle, rest, rest


def open_output(address: Address) -> Output:
    """The pin as an output in its safe state.

    Raises:
        DataError: there is no such pin, or something else uses it.
    """
    pin, (_, _, safe) = pin_of(address), levels(address)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # gpiozero names every library that it tried
        from gpiozero import AngularServo, DigitalOutputDevice, GPIOZeroError

        name: int | str = int(pin) if pin.isdigit() else pin
        try:
            if ANGLE.of(address) is not None:
                return _Servo(AngularServo(name, initial_angle=safe))
            low = ACTIVE_LOW.of(address)
            return _Switch(DigitalOutputDevice(name, active_high=not low, initial_value=bool(safe)))
        except (GPIOZeroError, OSError, ValueError) as error:
            raise address.refusal(f"cannot be used: {' '.join(str(error).split()) or _NO_PINS}; {_NO_PINS}") from error


class _Switch:
    def __init__(self, device: Any) -> None:
        self._device = device

    def set(self, level: float) -> None:
        self._device.value = bool(level)

    def close(self) -> None:
        self._device.close()


class _Servo(_Switch):
    def set(self, level: float) -> None:
        self._device.angle = level
