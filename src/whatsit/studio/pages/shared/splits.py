"""Which classes have too few pictures to validate and to test on, and holding some out, wherever models are made."""

from typing import Literal, TypeAlias

from fastapi import APIRouter, Request
from typing_extensions import TypedDict

from whatsit.datasets.dataset import Dataset
from whatsit.datasets.held_out import FEWEST, HELD, hold_out, too_small
from whatsit.datasets.label import RESERVED
from whatsit.studio.pages.shared.messages import Reply
from whatsit.studio.pages.shared.page import studio_of

router = APIRouter()


class SplitNeed(TypedDict):
    """A split that is too small for some classes."""

    split: str
    none: list[str]
    """Classes without a picture in it: nothing is known about them."""
    few: list[str]
    """Classes with fewer than ``fewest``."""
    fewest: int


class SplitsView(TypedDict):
    """``GET /api/splits``"""

    needs: list[SplitNeed]


class HeldOutValues(TypedDict):
    """What was held out."""

    n: int
    lacking: list[str]
    """Classes that nothing could be held out of."""


HeldOutReply: TypeAlias = Reply[Literal["held_out"], HeldOutValues]


@router.get("/api/splits")
def splits(request: Request) -> SplitsView:
    return {"needs": _needs(studio_of(request).project.dataset)}


@router.post("/api/splits/hold-out")
def hold(request: Request) -> HeldOutReply:
    """Move a share of every class that lacks them to validation and test; one edit, which can be undone."""
    done = hold_out(studio_of(request).project.dataset)
    return {"message": "held_out", "values": {"n": done.pictures, "lacking": list(done.lacking)}}


def _needs(dataset: Dataset) -> list[SplitNeed]:
    found = dataset.counts()
    counts = {label: found[label] for label in found if label not in RESERVED and any(found[label].values())}
    needs: list[SplitNeed] = []
    for split in HELD:
        small = [label for label in counts if too_small(counts[label], split)]
        none = [label for label in small if not counts[label][split]]
        few = [label for label in small if counts[label][split]]
        if small:
            needs.append({"split": split.value, "none": none, "few": few, "fewest": FEWEST})
    return needs
