"""The Live page: a model's answers as they come."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from whatsit.studio.pages.live.messages import ModelChoice, ModelOpened, ThresholdChoice, ThresholdSet
from whatsit.studio.pages.shared.page import Page, render, studio_of
from whatsit.studio.watching.models import ModelsView
from whatsit.studio.watching.recognition import AnswerView

PAGE = Page("live", "/live", order=100)
router = APIRouter()


@router.get("/live")
def page(request: Request) -> Response:
    return render(request, "live")


@router.get("/api/models")
def models(request: Request) -> ModelsView:
    return studio_of(request).models_view()


@router.get("/api/answer")
def answer(request: Request, model: str | None = None) -> AnswerView:
    """What the camera sees now, for other programs: the message ``answer`` of the newest frame alone."""
    return studio_of(request).answer_now(model)


@router.post("/api/models/open")
def choose(request: Request, asked: ModelChoice) -> ModelOpened:
    studio_of(request).choose_model(asked.name)
    return {"message": "model_opened", "values": {}}


@router.post("/api/models/threshold")
def threshold(request: Request, asked: ThresholdChoice) -> ThresholdSet:
    studio_of(request).set_threshold(asked.name, asked.threshold)
    return {"message": "threshold_set", "values": {}}
