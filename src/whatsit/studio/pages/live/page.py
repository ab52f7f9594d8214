"""The Live page: a model's answers as they come."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from whatsit.studio.pages.shared.page import render, studio_of

router = APIRouter()


class ModelName(BaseModel):
    name: str


class NewThreshold(BaseModel):
    name: str
    threshold: float


@router.get("/live")
def page(request: Request) -> Response:
    return render(request, "live")


@router.get("/api/models")
def models(request: Request) -> dict[str, Any]:
    return studio_of(request).models_view()


@router.post("/api/models/open")
def choose(request: Request, asked: ModelName) -> dict[str, Any]:
    studio_of(request).choose_model(asked.name)
    return {"message": "model_open", "values": {}}


@router.post("/api/models/threshold")
def threshold(request: Request, asked: NewThreshold) -> dict[str, Any]:
    studio_of(request).set_threshold(asked.name, asked.threshold)
    return {"message": "threshold_set", "values": {}}
