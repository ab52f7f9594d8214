"""What a command left out of the folders it was given, on standard error."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from whatsit.cli.terminal import note
from whatsit.validation import first_few

if TYPE_CHECKING:
    from whatsit.datasets.skip import Skip


def note_left_out(skips: "Iterable[Skip]") -> None:
    """One line for each reason: how many, and the first few of them."""
    by_reason: dict[str, list[str]] = {}
    for skip in skips:
        by_reason.setdefault(skip.reason, []).append(skip.path)
    for reason, paths in by_reason.items():
        note(f"Note: left out, {reason}: {first_few(paths)}")
