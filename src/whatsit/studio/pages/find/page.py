"""The Find page: the pictures that are most like one picture."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathPart
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from whatsit.imaging.image import ImageLike
from whatsit.studio.gallery import ID_DIGITS
from whatsit.studio.jobs.likeness import AlikeView, FindView, Likeness
from whatsit.studio.pages.find.messages import Alike, GatheringBegun, Where
from whatsit.studio.pages.shared.messages import Stopped
from whatsit.studio.pages.shared.page import Page, render, studio_of
from whatsit.studio.watching.thumbnail import TILE, large, thumbnail

PAGE = Page("find", "/find", order=45)
router = APIRouter()
Id = Annotated[str, Query(pattern=f"^([0-9a-f]{{{ID_DIGITS}}})?$")]
Row = Annotated[int, Query(ge=-1, le=2**31)]
Count = Annotated[int, Query(ge=1, le=200)]
RowPart = Annotated[int, PathPart(ge=0, le=2**31)]


@router.get("/find")
def page(request: Request) -> Response:
    return render(request, "find")


@router.get("/api/find")
def state(request: Request) -> FindView:
    return studio_of(request).likeness.view()


@router.post("/api/find")
def gather(request: Request) -> GatheringBegun:
    studio_of(request).likeness.begin()
    return {"message": "gathering_begun", "values": {}}


@router.post("/api/find/stop")
def stop(request: Request) -> Stopped:
    studio_of(request).gathering.stop()
    return {"message": "stopped", "values": {}}


@router.get("/api/find/known")
def like_known(
    request: Request,
    where: Where,
    id: Id = "",  # noqa: A002 - as the page calls it
    row: Row = -1,
    label: str | None = None,
    k: Count = 60,
) -> Alike:
    """Like a picture that the page shows."""
    likeness = studio_of(request).likeness
    return {"pictures": _found(likeness, where, likeness.picture(id, row), label, k)}


@router.post("/api/find/picture")
async def like_sent(request: Request, where: Where, label: str | None = None, k: Count = 60) -> Alike:
    """Like the picture that is the body."""
    content = await request.body()
    return {"pictures": await run_in_threadpool(_found, studio_of(request).likeness, where, content, label, k)}


def _found(likeness: Likeness, where: Where, picture: ImageLike, label: str | None, k: int) -> list[AlikeView]:
    return (likeness.in_dataset if where == "dataset" else likeness.in_answers)(picture, label, k)


@router.get("/find/tile/{row}.jpg")
def tile(request: Request, row: RowPart) -> Response:
    """A picture of the bulk run, small."""
    return Response(thumbnail(studio_of(request).likeness.picture("", row), TILE), media_type="image/jpeg")


@router.get("/find/large/{row}.jpg")
def whole(request: Request, row: RowPart) -> Response:
    """A picture of the bulk run."""
    return Response(large(studio_of(request).likeness.picture("", row)), media_type="image/jpeg")
