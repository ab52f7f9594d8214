"""The Sweep page: speed against accuracy of many designs, measured on this machine."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from whatsit.backbones import BACKBONES, DEFAULT
from whatsit.errors import DataError
from whatsit.evaluation.sweep import (
    MOST_TRIALS,
    SIZES,
    Planned,
    Trial,
    combinations,
    not_told_apart,
    pareto_front,
    planned,
    recommend,
)
from whatsit.imaging.preprocess import Fit
from whatsit.studio.jobs.own_backbones import check_backbone, own_backbones
from whatsit.studio.jobs.runs import backbone_title
from whatsit.studio.pages.shared.page import Page, render, studio_of
from whatsit.studio.pages.sweep.messages import Begun, CountView, SweepChoice, SweepView, TrialView
from whatsit.studio.studio import Studio
from whatsit.training.design import WIDTHS, Design, TrainingMode

PAGE = Page("sweep", "/sweep", order=80)
router = APIRouter()


@dataclass(frozen=True, slots=True)
class BackboneOption:
    """A backbone that the form offers."""

    value: str
    title: str
    blocks: int | None = None
    """How many it keeps; None: all."""
    is_file: bool = False
    chosen: bool = False


@router.get("/sweep")
def page(request: Request) -> Response:
    fine_tunes = find_spec(str(TrainingMode.FINE_TUNE.package)) is not None
    return render(
        request, "sweep", sizes=SIZES, backbones=_backbones(studio_of(request)), fits=list(Fit),
        widths=WIDTHS if fine_tunes else (),
    )  # fmt: skip


@router.get("/api/sweep")
def result(
    request: Request,
    max_ms: Annotated[float | None, Query(gt=0, allow_inf_nan=False)] = None,
    max_mb: Annotated[float | None, Query(gt=0, allow_inf_nan=False)] = None,
) -> SweepView:
    trials = studio_of(request).workshop.sweeps.trials()
    front = pareto_front(trials)
    best = recommend(trials, milliseconds=max_ms, size=None if max_mb is None else round(max_mb * 1e6))
    return {
        "trials": [_trial_view(trial, trial in front) for trial in trials],
        "recommended": None if best is None else trials.index(best),
        "not_told_apart": [] if best is None else [trials.index(one) for one in not_told_apart(trials, best)],
    }


@router.post("/api/sweep/count")
def count(asked: SweepChoice) -> CountView:
    """How many designs a sweep would measure."""
    designs = len(_wanted(asked))
    return {"designs": designs, "possible": 1 <= designs <= MOST_TRIALS}


@router.post("/api/sweep")
def begin(request: Request, asked: SweepChoice) -> Begun:
    studio = studio_of(request)
    own = own_backbones(studio.project, studio.runs)
    wanted = _wanted(asked)
    for backbone, _, _ in wanted:
        check_backbone(backbone.name, own)
    if not 1 <= len(wanted) <= MOST_TRIALS:
        raise DataError(
            f"{len(wanted)} designs: expected 1 to {MOST_TRIALS} in one sweep; choose other sizes or backbones"
        )
    studio.workshop.sweep(asked.sizes, asked.backbones, [fit.value for fit in asked.fits], asked.widths)
    return {"message": "sweep_begun", "values": {}}


def _wanted(asked: SweepChoice) -> list[Planned]:
    return planned(combinations(asked.sizes, asked.backbones, asked.fits), Design(), asked.widths)


def _trial_view(trial: Trial, on_front: bool) -> TrialView:
    row = trial.to_dict()
    return {
        "title": trial.title, "fit": trial.unusual_fit, "accuracy": row["accuracy"],
        "balanced_accuracy": row["balanced_accuracy"], "interval": row["interval"],
        "pictures": row["pictures"], "cross_validated": row["cross_validated"],
        "milliseconds": row["milliseconds"], "milliseconds_p95": row["milliseconds_p95"],
        "size_bytes": row["size_bytes"], "multiply_adds": row["multiply_adds"], "on_front": on_front,
        "design": {
            "mode": (TrainingMode.FROZEN if trial.width is None else TrainingMode.FINE_TUNE).value,
            "backbone": row["backbone"], "size": row["size"], "fit": row["fit"], "blocks": row["blocks"],
            "width": row["width"],
        },
    }  # fmt: skip


def _backbones(studio: Studio) -> list[BackboneOption]:
    table = []
    for row in BACKBONES.values():
        for value in row.sweep_names if row.installed else ():
            blocks = value.partition("/")[2]
            chosen = value in BACKBONES[DEFAULT].sweep_names
            is_file = row.file is not None
            table.append(BackboneOption(value, row.title, int(blocks) if blocks else None, is_file, chosen))
    own = own_backbones(studio.project, studio.runs)
    return table + [BackboneOption(path, backbone_title(path), is_file=True) for path in own]
