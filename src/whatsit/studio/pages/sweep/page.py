"""The Sweep page: speed against accuracy of many designs, measured on this machine."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from whatsit.backbones import BACKBONES, DEFAULT
from whatsit.errors import DataError
from whatsit.evaluation.sweep import SIZES, choices
from whatsit.imaging.preprocess import Fit
from whatsit.studio.jobs.own_backbones import check_backbone, own_backbones
from whatsit.studio.pages.shared.page import Page, render, studio_of

PAGE = Page("sweep", "/sweep", order=80)
router = APIRouter()
MOST = 60
"""Designs in one sweep."""


class Begin(BaseModel):
    sizes: list[int] = Field(max_length=16)
    backbones: list[str] = Field(min_length=1, max_length=16)
    fits: list[Fit] = Field(min_length=1, max_length=3)


@router.get("/sweep")
def page(request: Request) -> Response:
    installed = [name for row in BACKBONES.values() if row.installed for name in row.sweep_names]
    studio = studio_of(request)
    own = [{"path": path, "name": Path(path).name} for path in own_backbones(studio.project, studio.runs)]
    return render(
        request,
        "sweep",
        sizes=SIZES,
        backbones=installed,
        own=own,
        fits=list(Fit),
        chosen=BACKBONES[DEFAULT].sweep_names,
    )


@router.get("/api/sweep")
def result(
    request: Request,
    max_ms: Annotated[float | None, Query(gt=0)] = None,
    max_mb: Annotated[float | None, Query(gt=0)] = None,
) -> dict[str, Any]:
    size = None if max_mb is None else round(max_mb * 1e6)
    return studio_of(request).workshop.sweeps.view(max_ms, size)


@router.post("/api/sweep")
def begin(request: Request, asked: Begin) -> dict[str, Any]:
    studio = studio_of(request)
    own = own_backbones(studio.project, studio.runs)
    wanted = choices(asked.sizes, asked.backbones, asked.fits)
    for choice in wanted:
        check_backbone(choice.name, own)
    if not 1 <= len(wanted) <= MOST:
        raise DataError(f"{len(wanted)} designs: expected 1 to {MOST} in one sweep; choose other sizes or backbones")
    studio.workshop.sweep(asked.sizes, asked.backbones, [fit.value for fit in asked.fits])
    return {"message": "sweep_begun", "values": {}}
