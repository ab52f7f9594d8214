"""The Inbox page: frames of doubtful answers, gone through by keyboard."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from whatsit.studio.pages.inbox.messages import FrameChoice, FrameCorrection, FrameDismissed
from whatsit.studio.pages.live.messages import PictureCorrected
from whatsit.studio.pages.live.page import corrected
from whatsit.studio.pages.shared.page import Page, render, studio_of
from whatsit.studio.watching.inbox import InboxView
from whatsit.studio.watching.thumbnail import large

PAGE = Page("inbox", "/inbox", order=105)
router = APIRouter()


@router.get("/inbox")
def page(request: Request) -> Response:
    return render(request, "inbox")


@router.get("/api/inbox")
def inbox(request: Request) -> InboxView:
    return studio_of(request).inbox.view()


@router.get("/inbox/frame/{frame}.jpg")
def picture(request: Request, frame: str) -> Response:
    return Response(large(studio_of(request).inbox.get(frame)[1]), media_type="image/jpeg")


@router.post("/api/inbox/correct")
def correct(request: Request, asked: FrameCorrection) -> PictureCorrected:
    return corrected(studio_of(request).correct_frame(asked.frame, asked.label))


@router.post("/api/inbox/dismiss")
def dismiss(request: Request, asked: FrameChoice) -> FrameDismissed:
    studio_of(request).inbox.remove(asked.frame)
    return {"message": "frame_dismissed", "values": {}}
