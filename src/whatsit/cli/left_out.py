"""What a command left out of the folders it was given, on standard error."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from whatsit.cli.terminal import note
from whatsit.validation import first_few

if TYPE_CHECKING:
    from whatsit.datasets.skip import Skip


def note_left_out(skips: "Sequence[Skip]", taken: int) -> None:
    """That most was left out, where it was; then one line for each reason: how many, and the first few of them."""
    from whatsit.datasets.skip import by_reason, mostly_left_out

    if most := mostly_left_out(taken, skips):
        note(f"Note: {most}")
    for group in by_reason(skips):
        count = f" ({len(group.paths):,})" if len(group.paths) > 1 else ""
        note(f"Note: left out, {group.reason}{count}: {first_few(group.paths)}")
