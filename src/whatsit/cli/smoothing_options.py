"""The options of steady answers, for the commands that give them."""

import re
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from whatsit.live.smoothing import Smoothing


class SteadyRule(StrEnum):
    """Rules that have a name."""

    FRIGATE = "frigate"


Threshold = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="The score below which an answer is uncertain. Default: 0.5"),
]
Holding = Annotated[
    str | None,
    typer.Option(metavar="3|1.5s", help="Answer what N frames in a row say (3), or what was there for 1.5s."),
]
ExpireAfter = Annotated[
    float | None, typer.Option(min=0, help="Seconds after which a label that is not seen again is uncertain.")
]
SteadyRuleOption = Annotated[
    SteadyRule | None,
    typer.Option(help="A ready rule; frigate: 0.8 or more three times in a row, frames below are not counted."),
]


def smoothing_of(
    threshold: float | None, hold: str | None, expire_after: float | None, steady: SteadyRule | None
) -> "Smoothing":
    """How answers follow the frames, by the options."""
    from whatsit.live.smoothing import Smoothing

    smoothing = Smoothing.frigate() if steady is SteadyRule.FRIGATE else Smoothing()
    held = replace(smoothing.hold, expire_after=expire_after)
    if hold is not None:
        found = re.fullmatch(r"([1-9][0-9]{0,3})|([0-9]{1,5}(?:\.[0-9]{1,3})?)s", hold)
        if found is None:
            raise typer.BadParameter(f"{hold!r} is neither frames nor seconds, such as 3 or 1.5s", param_hint="--hold")
        held = replace(held, frames=int(found[1])) if found[1] else replace(held, seconds=float(found[2]))
    return replace(smoothing, hold=held, threshold=smoothing.threshold if threshold is None else threshold)
