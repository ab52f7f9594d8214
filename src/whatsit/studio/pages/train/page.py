"""The Train page: the design, the training that is running, the models so far."""

from dataclasses import dataclass
from importlib.util import find_spec

from fastapi import APIRouter, Request
from starlette.responses import Response

from whatsit.backbones import BACKBONES
from whatsit.errors import SettingError
from whatsit.studio.jobs.own_backbones import check_backbone, own_backbones
from whatsit.studio.jobs.runs import RunsView, backbone_title
from whatsit.studio.jobs.workshop import WorkView
from whatsit.studio.pages.shared.page import Page, render, studio_of
from whatsit.studio.pages.train.messages import (
    Begun,
    Deleted,
    DesignChoice,
    EpochsView,
    NameView,
    RunChoice,
    SettingView,
    Stopping,
    TrainChoice,
    TrainView,
    Used,
)
from whatsit.studio.studio import Studio
from whatsit.tflite.normalisation import RANGES
from whatsit.training.design import Design, TrainingMode
from whatsit.training.preset import Preset
from whatsit.training.record import suggested_name
from whatsit.training.setting import NARROW, Setting

PAGE = Page("train", "/train", order=60)
router = APIRouter()


@dataclass(frozen=True, slots=True)
class BackboneOption:
    """A backbone that the form offers."""

    value: str
    title: str
    modes: tuple[str, ...]
    """Those that can train on it."""
    blocks: int = 0
    """How many it has; 0: it cannot be cut shorter."""
    is_file: bool = False
    """Whether its size and colour are fixed."""
    installed: bool = True


@router.get("/train")
def page(request: Request) -> Response:
    return render(
        request, "train", settings=Design.schema(), backbones=_backbones(studio_of(request)),
        ranges=list(RANGES), presets=[(preset.value, preset.design().mode) for preset in Preset],
        installed=[mode for mode in TrainingMode if mode.package is None or find_spec(mode.package) is not None],
    )  # fmt: skip


@router.get("/api/train")
def state(request: Request) -> TrainView:
    """The form's settings, the design that was used last, and what there is to train on."""
    studio = studio_of(request)
    try:
        design = Design.from_dict(studio.project.settings.design)
    except SettingError:  # whatsit.toml was edited by hand; the command line says what is wrong
        design = Design()
    return {
        "settings": [_setting_view(setting) for setting in Design.schema()],
        "presets": [{"name": preset.value, "changes": dict(preset.changes())} for preset in Preset],
        "design": design.to_dict(),
        "pictures": studio.workshop.counts(),
        "name": studio.runs.free_name(suggested_name(design)),
    }


@router.post("/api/train/name")
def free_name(request: Request, asked: DesignChoice) -> NameView:
    """A name for the model of a design."""
    return {"name": studio_of(request).runs.free_name(suggested_name(Design.from_dict(asked.design)))}


@router.post("/api/train")
def begin(request: Request, asked: TrainChoice) -> Begun:
    design = Design.from_dict(asked.design)
    studio = studio_of(request)
    check_backbone(design.backbone, own_backbones(studio.project, studio.runs))
    studio.workshop.train(asked.name, design)
    return {"message": "training_begun", "values": {"name": asked.name}}


@router.post("/api/work/stop")
def stop(request: Request) -> Stopping:
    studio_of(request).workshop.stop()
    return {"message": "stopping", "values": {}}


@router.get("/api/work")
def work(request: Request) -> WorkView:
    return studio_of(request).workshop.view()


@router.get("/api/work/epochs")
def work_epochs(request: Request) -> EpochsView:
    return {"rows": studio_of(request).workshop.epochs()}


@router.get("/api/runs")
def runs(request: Request) -> RunsView:
    return studio_of(request).runs_view()


@router.get("/api/runs/epochs")
def epochs(request: Request, name: str) -> EpochsView:
    return {"rows": studio_of(request).runs.epochs(name)}


@router.post("/api/runs/delete")
def delete(request: Request, asked: RunChoice) -> Deleted:
    studio_of(request).delete_run(asked.name)
    return {"message": "run_deleted", "values": {"name": asked.name}}


@router.post("/api/runs/use")
def use(request: Request, asked: RunChoice) -> Used:
    """Recognise with this model from now on, in every open tab and after the next start."""
    studio_of(request).use_run(asked.name)
    return {"message": "in_use", "values": {"name": asked.name}}


def _setting_view(setting: Setting) -> SettingView:
    defaults = {str(mode): setting.value_in(mode, setting.default) for mode in (*TrainingMode, NARROW)}
    return {"name": setting.name, "kind": setting.kind.value, "defaults": defaults}


def _backbones(studio: Studio) -> list[BackboneOption]:
    frozen, whole = (TrainingMode.FROZEN,), (TrainingMode.FROZEN, TrainingMode.FINE_TUNE)
    table = [
        BackboneOption(
            name, row.title, whole if row.fine_tunable else frozen, row.blocks, row.file is not None, row.installed
        )
        for name, row in BACKBONES.items()
    ]
    own = own_backbones(studio.project, studio.runs)
    return table + [BackboneOption(path, backbone_title(path), frozen, is_file=True) for path in own]
