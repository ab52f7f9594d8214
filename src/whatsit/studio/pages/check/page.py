"""The Check page: what is wrong with the pictures, and one click that mends it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from whatsit.datasets.issues.finding import Action
from whatsit.studio.pages.shared.page import render, studio_of

router = APIRouter()
_DONE = {
    Action.DELETE: "deleted",
    Action.RELABEL: "relabelled",
    Action.RENAME: "renamed",
    Action.SPLIT_AGAIN: "split_again",
}


class FixChoice(BaseModel):
    finding: int
    fix: int = 0
    keys: list[str] | None = None


class FindingChoice(BaseModel):
    finding: int


class KindChoice(BaseModel):
    kind: str


@router.get("/check")
def page(request: Request) -> Response:
    return render(request, "check")


@router.get("/api/check")
def state(request: Request) -> dict[str, Any]:
    return studio_of(request).inspection.view()


@router.post("/api/check")
def begin(request: Request) -> dict[str, Any]:
    studio_of(request).inspection.begin()
    return {"message": "check_begun", "values": {}}


@router.post("/api/check/stop")
def stop(request: Request) -> dict[str, Any]:
    studio_of(request).checking.stop()
    return {"message": "stopped", "values": {}}


@router.get("/api/check/more")
def more(request: Request, kind: str, offset: Annotated[int, Query(ge=0)]) -> dict[str, Any]:
    return studio_of(request).inspection.more(kind, offset)


@router.post("/api/check/mend")
def fix(request: Request, asked: FixChoice) -> dict[str, Any]:
    studio = studio_of(request)
    done = studio.inspection.fix(asked.finding, asked.fix, asked.keys)
    values = {"n": len(done.pictures), "label": done.to}
    said = f"moved_to_{done.to}" if done.action is Action.MOVE else _DONE[done.action]
    return {"message": said, "values": values}


@router.post("/api/check/mend-all")
def mend_all(request: Request, asked: KindChoice) -> dict[str, Any]:
    studio = studio_of(request)
    count = studio.inspection.mend_all(asked.kind)
    return {"message": "mended", "values": {"n": count}}


@router.post("/api/check/keep")
def keep(request: Request, asked: FindingChoice) -> dict[str, Any]:
    studio_of(request).inspection.keep(asked.finding)
    return {"message": "kept", "values": {}}


@router.post("/api/check/keep-none")
def keep_none(request: Request) -> dict[str, Any]:
    """Show every finding again that a person kept."""
    studio_of(request).inspection.keep_none()
    return {"message": "kept_none", "values": {}}
