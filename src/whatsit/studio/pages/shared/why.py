"""Why an answer was given, on every page that shows answers."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from whatsit.studio.jobs.explanations import NearestView, WhyView
from whatsit.studio.pages.shared.messages import WhyChoice
from whatsit.studio.pages.shared.page import studio_of

router = APIRouter()


@router.post("/api/why")
def why(request: Request, asked: WhyChoice) -> WhyView:
    return studio_of(request).why(asked.model, asked.picture, asked.frame, asked.held)


@router.get("/api/why/nearest")
def nearest(request: Request, id: Annotated[str, Query(max_length=32)]) -> NearestView:  # noqa: A002 - as the answer calls it
    return studio_of(request).explanations.nearest(id)
