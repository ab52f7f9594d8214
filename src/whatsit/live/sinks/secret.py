"""Secrets of sinks: from the environment or a file, never in an address, which every user of the machine can read."""

import os
from dataclasses import dataclass

from whatsit.errors import DataError
from whatsit.files import read_bounded
from whatsit.plugins import Address, Option

_MOST = 4096


@dataclass(frozen=True, slots=True)
class SecretOption(Option):
    """``name=env:VARIABLE`` or ``name=file:PATH``; the last newline of a file is not part of the secret."""

    @property
    def is_secret(self) -> bool:
        return True

    def of(self, address: Address) -> str | None:
        """The secret; None where none is named.

        Raises:
            WhatsitError: of the address's class: it is written out, missing or empty. The text never contains it.
        """
        value = address.options.get(self.name)
        if value is None:
            return None
        kind, _, place = value.partition(":")
        if kind not in ("env", "file") or not place:
            raise address.refusal(f"{self.name}: expected env:VARIABLE or file:PATH, not the secret in plain sight")
        secret = os.environ.get(place, "") if kind == "env" else self._read(address, place)
        if not secret or not secret.isprintable():
            raise address.refusal(f"{self.name}: {value} is missing, empty or has more than one line")
        return secret

    def _read(self, address: Address, place: str) -> str:
        try:
            return read_bounded(place, _MOST, "a file with a secret").decode().removesuffix("\n").removesuffix("\r")
        except (DataError, UnicodeDecodeError) as error:
            raise address.refusal(f"{self.name}: {place} cannot be read; expected a text file") from error
