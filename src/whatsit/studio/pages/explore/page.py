"""The Explore page: a map of the pictures."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from whatsit.studio.jobs.picture_map import MapView
from whatsit.studio.pages.explore.messages import ColouredPoints, MapBegun
from whatsit.studio.pages.shared.messages import Stopped
from whatsit.studio.pages.shared.page import Page, render, studio_of

PAGE = Page("explore", "/explore", order=40)
router = APIRouter()


@router.get("/explore")
def page(request: Request) -> Response:
    return render(request, "explore")


@router.get("/api/map")
def state(request: Request) -> MapView:
    return studio_of(request).map.view()


@router.post("/api/map")
def draw(request: Request) -> MapBegun:
    studio_of(request).map.begin()
    return {"message": "map_begun", "values": {}}


@router.post("/api/map/stop")
def stop(request: Request) -> Stopped:
    studio_of(request).mapping.stop()
    return {"message": "stopped", "values": {}}


@router.get("/api/map/points")
def points(request: Request) -> ColouredPoints:
    studio = studio_of(request)
    return {**studio.map.points_view(), "findings": studio.inspection.keys_by_kind()}
