"""The Train page: the design, the training under way, the runs so far."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from whatsit.backbones import BACKBONES
from whatsit.errors import DataError
from whatsit.imaging.augmentation import Augmentation
from whatsit.imaging.preprocess import Colour, Fit
from whatsit.studio.jobs.own_backbones import check_backbone, own_backbones
from whatsit.studio.pages.shared.page import Page, render, studio_of
from whatsit.studio.studio import Studio
from whatsit.training.design import Design, TrainingMode

PAGE = Page("train", "/train", order=60)
router = APIRouter()
SIZES = (32, 64, 96, 128, 160, 192, 224, 256)
"""All a multiple of 32; the smallest are for networks from scratch, the largest for the others."""
Name = Annotated[str, Field(max_length=64)]


class Begin(BaseModel):
    name: Name
    design: dict[str, Any]


class ModelName(BaseModel):
    name: Name


@router.get("/train")
def page(request: Request) -> Response:
    studio = studio_of(request)
    return render(
        request, "train", sizes=SIZES, ways=list(TrainingMode), fits=list(Fit), colours=list(Colour),
        augmentations=list(Augmentation.__slots__), backbones=_backbones(), own=_own(studio),
        torch=find_spec("torch") is not None,
    )  # fmt: skip


@router.get("/api/train")
def state(request: Request) -> dict[str, Any]:
    """The design kept, the defaults of every way, what there is to train on."""
    studio = studio_of(request)
    try:
        design = Design.from_dict(studio.project.settings.design)
    except DataError:  # whatsit.toml was edited by hand; training says what is wrong
        design = Design()
    return {
        "design": design.to_dict(),
        "defaults": Design().to_dict(),
        "epochs": {way.value: Design(way=way).all_epochs for way in TrainingMode},
        "pictures": studio.workshop.counts(),
        "name": studio.runs.free_name(_name(design)),
        "work": studio.workshop.view(),
    }


@router.get("/api/train/name")
def free_name(request: Request, wanted: Annotated[str, Query(max_length=40)]) -> dict[str, Any]:
    return {"name": studio_of(request).runs.free_name(wanted)}


@router.post("/api/train")
def begin(request: Request, asked: Begin) -> dict[str, Any]:
    design = Design.from_dict(asked.design)
    studio = studio_of(request)
    check_backbone(design.backbone, own_backbones(studio.project, studio.runs))
    studio.workshop.train(asked.name, design)
    return {"message": "training_begun", "values": {"name": asked.name}}


@router.post("/api/work/stop")
def stop(request: Request) -> dict[str, Any]:
    studio_of(request).workshop.stop()
    return {"message": "stopping", "values": {}}


@router.get("/api/work")
def work(request: Request) -> dict[str, Any]:
    return studio_of(request).workshop.view()


@router.get("/api/work/epochs")
def work_epochs(request: Request) -> dict[str, Any]:
    return {"rows": studio_of(request).workshop.epochs()}


@router.get("/api/runs")
def runs(request: Request) -> dict[str, Any]:
    return studio_of(request).runs_view()


@router.get("/api/runs/epochs")
def epochs(request: Request, name: str) -> dict[str, Any]:
    return {"rows": studio_of(request).runs.epochs(name)}


@router.post("/api/runs/delete")
def delete(request: Request, asked: ModelName) -> dict[str, Any]:
    studio_of(request).delete_run(asked.name)
    return {"message": "run_deleted", "values": {"name": asked.name}}


@router.post("/api/runs/use")
def use(request: Request, asked: ModelName) -> dict[str, Any]:
    """Recognise with this model from now on, in every open window and after the next start."""
    studio_of(request).use_run(asked.name)
    return {"message": "in_use", "values": {"name": asked.name}}


def _backbones() -> list[dict[str, Any]]:
    return [
        {"name": name, "blocks": row.blocks, "installed": row.installed, "file": row.file is not None}
        for name, row in BACKBONES.items()
    ]


def _own(studio: Studio) -> list[dict[str, str]]:
    return [{"path": path, "name": Path(path).name} for path in own_backbones(studio.project, studio.runs)]


def _name(design: Design) -> str:
    base = (
        "small" if design.way is TrainingMode.SCRATCH else design.backbone if design.backbone in BACKBONES else "model"
    )
    return f"{base}-{design.size}"
