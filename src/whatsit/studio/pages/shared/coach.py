"""What to photograph next, on every page where pictures are taken."""

from fastapi import APIRouter, Request

from whatsit.studio.jobs.coaching import CoachView, Subject
from whatsit.studio.pages.shared.page import studio_of

router = APIRouter()


@router.get("/api/coach")
def coach(request: Request, of: Subject) -> CoachView:
    return studio_of(request).coaching.view(of)
