"""The Explore page: a map of the pictures."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from whatsit.studio.pages.shared.page import render, studio_of

router = APIRouter()


@router.get("/explore")
def page(request: Request) -> Response:
    return render(request, "explore")


@router.get("/api/map")
def state(request: Request) -> dict[str, Any]:
    return studio_of(request).map.view()


@router.post("/api/map")
def draw(request: Request) -> dict[str, Any]:
    studio_of(request).map.begin()
    return {"message": "map_begun", "values": {}}


@router.post("/api/map/stop")
def stop(request: Request) -> dict[str, Any]:
    studio_of(request).mapping.stop()
    return {"message": "stopped", "values": {}}


@router.get("/api/map/points")
def points(request: Request) -> dict[str, Any]:
    studio = studio_of(request)
    return {**studio.map.points_view(), "findings": studio.inspection.keys_by_kind()}
