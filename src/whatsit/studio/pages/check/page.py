"""The Check page: what is wrong with the pictures, and one click that fixes it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from whatsit.datasets.issues.finding import Action, Fix
from whatsit.datasets.split import Split
from whatsit.studio.pages.check.messages import (
    AllFixed,
    Begun,
    CheckView,
    FindingChoice,
    FixChoice,
    Fixed,
    FixMessage,
    Kept,
    KeptForgotten,
    KindChoice,
    MoreFindings,
)
from whatsit.studio.pages.check.view import check_view, more_findings
from whatsit.studio.pages.shared.messages import MOVED, Stopped
from whatsit.studio.pages.shared.page import Page, render, studio_of

PAGE = Page("check", "/check", order=50)
router = APIRouter()
_DONE: dict[Action, FixMessage] = {
    Action.DELETE: "deleted",
    Action.RELABEL: "relabelled",
    Action.RENAME: "renamed",
    Action.SPLIT_AGAIN: "split_again",
    Action.HOLD_OUT: "split_held_out",
}


@router.get("/check")
def page(request: Request) -> Response:
    return render(request, "check")


@router.get("/api/check")
def state(request: Request) -> CheckView:
    return check_view(studio_of(request).inspection)


@router.post("/api/check")
def begin(request: Request) -> Begun:
    studio_of(request).inspection.begin()
    return {"message": "check_begun", "values": {}}


@router.post("/api/check/stop")
def stop(request: Request) -> Stopped:
    studio_of(request).checking.stop()
    return {"message": "stopped", "values": {}}


@router.get("/api/check/more")
def more(request: Request, kind: str, offset: Annotated[int, Query(ge=0)]) -> MoreFindings:
    return more_findings(studio_of(request).inspection, kind, offset)


@router.post("/api/check/fix")
def fix(request: Request, asked: FixChoice) -> Fixed:
    studio = studio_of(request)
    done = studio.inspection.fix(asked.finding, asked.fix, asked.keys)
    return {"message": _message(done), "values": {"n": len(done.pictures), "label": done.to}}


@router.post("/api/check/fix-all")
def fix_all(request: Request, asked: KindChoice) -> AllFixed:
    studio = studio_of(request)
    count = studio.inspection.fix_all(asked.kind)
    return {"message": "fixed", "values": {"n": count}}


@router.post("/api/check/keep")
def keep(request: Request, asked: FindingChoice) -> Kept:
    studio_of(request).inspection.keep(asked.finding)
    return {"message": "kept", "values": {}}


@router.post("/api/check/forget-kept")
def forget_kept(request: Request) -> KeptForgotten:
    """Show every finding again that a person kept."""
    studio_of(request).inspection.forget_kept()
    return {"message": "kept_forgotten", "values": {}}


def _message(fix: Fix) -> FixMessage:
    return MOVED[Split(fix.to)] if fix.action is Action.MOVE else _DONE[fix.action]
