"""The Collect page: pictures for the dataset, class by class."""

import time
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from whatsit.studio.pages.shared.page import Page, render, studio_of
from whatsit.studio.watching.thumbnail import thumbnail

PAGE = Page("collect", "/collect", order=20)
router = APIRouter()


class Capture(BaseModel):
    label: str
    burst: str = ""


class TakenChoice(BaseModel):
    id: int


@router.get("/collect")
def page(request: Request) -> Response:
    return render(request, "collect")


@router.get("/api/collect")
def collected(request: Request) -> dict[str, Any]:
    return studio_of(request).collection_view()


@router.post("/api/collect/take")
def take(request: Request, asked: Capture) -> dict[str, Any]:
    studio = studio_of(request)
    now = time.time()
    taken = studio.collection.take(
        studio.feed.snapshot(now),
        asked.label,
        source=studio.feed.source,
        burst=asked.burst[:40],
        time=now,
    )
    studio.collected()
    return {"message": "taken", "values": {"label": taken.label, "id": taken.id}}


@router.post("/api/collect/take-back")
def take_back(request: Request, asked: TakenChoice) -> dict[str, Any]:
    studio = studio_of(request)
    taken = studio.collection.take_back(asked.id)
    studio.collected()
    return {"message": "taken_back", "values": {"label": taken.label}}


@router.get("/taken/{taken_id}.jpg")
def picture(request: Request, taken_id: int) -> Response:
    studio = studio_of(request)
    path = studio.project.dataset.picture(studio.collection.find(taken_id).key).path
    return Response(thumbnail(path), media_type="image/jpeg")
