"""The Live page: a model's answers as they come, one picture's answer, and corrections."""

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from whatsit.errors import ImageError
from whatsit.studio.pages.live.messages import (
    CorrectionChoice,
    HeldPicture,
    ModelChoice,
    ModelName,
    ModelOpened,
    PictureCorrected,
    ThresholdChoice,
    ThresholdSet,
)
from whatsit.studio.pages.shared.page import Page, render, studio_of
from whatsit.studio.watching.asking import CorrectedValues, PictureAnswer
from whatsit.studio.watching.models import ModelsView
from whatsit.studio.watching.recognition import AnswerView
from whatsit.studio.watching.thumbnail import large

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


@router.post("/api/live/hold")
def hold(request: Request, asked: ModelName) -> PictureAnswer:
    return studio_of(request).asking.hold(asked.model)


@router.post("/api/live/again")
def again(request: Request, asked: HeldPicture) -> PictureAnswer:
    return studio_of(request).asking.again(asked.model, asked.picture)


@router.post("/api/live/picture")
async def ask(request: Request, model: str) -> PictureAnswer:
    content = await request.body()
    if not content:
        raise ImageError("an empty file; choose a picture")
    return await run_in_threadpool(studio_of(request).asking.ask, model, content)


@router.get("/live/held/{id_}.jpg")
def held(request: Request, id_: str) -> Response:
    return Response(large(studio_of(request).asking.picture(id_)), media_type="image/jpeg")


@router.post("/api/live/correct")
def correct(request: Request, asked: CorrectionChoice) -> PictureCorrected:
    return corrected(studio_of(request).asking.correct(asked.model, asked.picture, asked.label))


def corrected(view: CorrectedValues) -> PictureCorrected:
    """What is said about a correction."""
    if view["counts"]:
        return {"message": "marked_stranger" if view["label"] is None else "corrected", "values": view}
    return {"message": "marked_stranger_later" if view["label"] is None else "corrected_later", "values": view}
