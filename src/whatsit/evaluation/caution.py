"""What a person should know before trusting a test's figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

QUANTISING_COST = 0.01
"""A loss of accuracy by int8 above this is worth a caution."""
_WIDEST_INTERVAL = 0.2


class CautionKind(StrEnum):
    """What a caution is about."""

    QUANTISING = "quantising"
    """int8 loses ``points`` of accuracy."""
    NEVER_TAUGHT = "never-taught"
    """The pictures of ``labels`` count as wrong."""
    UNTESTED = "untested"
    """No picture shows one of ``labels``: how well the model knows them was not measured."""
    UNREADABLE = "unreadable"
    """``pictures`` could not be read."""
    FEW = "few"
    """With ``pictures`` only, the accuracy is uncertain by ``points``."""


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing to know; the fields that its kind does not name are empty."""

    kind: CautionKind
    points: float = 0.0
    """Percentage points."""
    pictures: int = 0
    labels: tuple[str, ...] = ()

    def text(self, split: str) -> str:
        """One English sentence, about the pictures of ``split``."""
        match self.kind:
            case CautionKind.QUANTISING:
                return (
                    f"Quantising costs {self.points:.1f} points of accuracy: use the float32 model, "
                    "or train with more pictures."
                )
            case CautionKind.NEVER_TAUGHT:
                return (
                    f"The {split} pictures have {', '.join(self.labels)}, which training never saw: "
                    "all of those count as wrong."
                )
            case CautionKind.UNTESTED:
                return f"Untested: no {split} picture shows {', '.join(self.labels)}; nothing here is about them."
            case CautionKind.UNREADABLE:
                return f"{self.pictures} pictures could not be read and were left out."
            case CautionKind.FEW:
                return f"Only {self.pictures} {split} pictures: the accuracy is uncertain by {self.points:.0f} points."


def cautions(models: Mapping[str, Mapping[str, Any]]) -> Sequence[Caution]:
    """The cautions about a report.

    Args:
        models: ``models`` of the report's JSON: dtype -> figures.
    """
    main = models.get("int8") or next(iter(models.values()))
    found = []
    lost = models["float32"]["accuracy"] - models["int8"]["accuracy"] if {"int8", "float32"} <= models.keys() else 0
    if lost > QUANTISING_COST:
        found.append(Caution(CautionKind.QUANTISING, points=lost * 100))
    if main["never_taught"]:
        found.append(Caution(CautionKind.NEVER_TAUGHT, labels=tuple(main["never_taught"])))
    if untested := tuple(one["label"] for one in main["classes"] if not one["pictures"]):
        found.append(Caution(CautionKind.UNTESTED, labels=untested))
    if main["unreadable"]:
        found.append(Caution(CautionKind.UNREADABLE, pictures=len(main["unreadable"])))
    low, high = main["interval"]
    if high - low > _WIDEST_INTERVAL:
        found.append(Caution(CautionKind.FEW, points=(high - low) * 50, pictures=main["pictures"]))
    return found
