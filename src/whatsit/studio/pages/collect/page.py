"""The Collect page: pictures for the dataset, class by class."""

import time

from fastapi import APIRouter, Request
from starlette.responses import Response

from whatsit.studio.lessons.collection import CollectionView
from whatsit.studio.pages.collect.messages import Capture, PictureTaken, TakenBack, TakenChoice
from whatsit.studio.pages.shared.page import Page, render, studio_of
from whatsit.studio.watching.thumbnail import thumbnail

PAGE = Page("collect", "/collect", order=20)
router = APIRouter()


@router.get("/collect")
def page(request: Request) -> Response:
    return render(request, "collect")


@router.get("/api/collect")
def collected(request: Request) -> CollectionView:
    return studio_of(request).collection.view()


@router.post("/api/collect/take")
def take(request: Request, asked: Capture) -> PictureTaken:
    studio = studio_of(request)
    now = time.time()
    taken = studio.collection.take(
        studio.feed.snapshot(now),
        asked.label,
        source=studio.feed.source,
        burst=asked.burst[:40],
        time=now,
    )
    return {"message": "taken", "values": {"label": taken.label, "id": taken.id}}


@router.post("/api/collect/take-back")
def take_back(request: Request, asked: TakenChoice) -> TakenBack:
    taken = studio_of(request).collection.take_back(asked.id)
    return {"message": "taken_back", "values": {"label": taken.label}}


@router.get("/taken/{taken_id}.jpg")
def picture(request: Request, taken_id: int) -> Response:
    studio = studio_of(request)
    path = studio.project.dataset.picture(studio.collection.find(taken_id).key).path
    return Response(thumbnail(path), media_type="image/jpeg")
