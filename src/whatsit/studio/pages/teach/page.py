"""The Teach page: show it, name it, see the answer."""

import time
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from whatsit.datasets.label import UNLABELLED
from whatsit.errors import DataError
from whatsit.studio.lessons.lesson_view import lesson_view
from whatsit.studio.lessons.session import FEATURES, Outcome
from whatsit.studio.pages.shared.page import Page, render, studio_of
from whatsit.studio.watching.thumbnail import thumbnail

PAGE = Page("teach", "/", order=10)
router = APIRouter()


class NewClass(BaseModel):
    label: str | None = None


class NewSample(BaseModel):
    class_id: int | None = None
    burst: str | None = None


class Rename(BaseModel):
    class_id: int
    label: str


class ClassChoice(BaseModel):
    class_id: int


class ShotChoice(BaseModel):
    shot_id: int


class Move(BaseModel):
    shot_id: int
    class_id: int | None = None


class Switch(BaseModel):
    on: bool


def _reply(outcome: Outcome) -> dict[str, Any]:
    return {"message": outcome.message, "values": outcome.values}


@router.get("/")
def page(request: Request) -> Response:
    return render(request, "teach")


@router.get("/api/lesson")
def lesson(request: Request) -> dict[str, Any]:
    return lesson_view(studio_of(request).session)


@router.post("/api/lesson/class")
def add_class(request: Request, asked: NewClass) -> dict[str, Any]:
    studio = studio_of(request)
    return _reply(studio.session.add_class(studio.feed.snapshot(time.time()), asked.label))


@router.post("/api/lesson/sample")
def add_sample(request: Request, asked: NewSample) -> dict[str, Any]:
    studio = studio_of(request)
    now = time.time()
    picture = studio.feed.snapshot(now)
    # Pictures of one press look alike: together they teach, or together they judge.
    label = studio.session.lesson.label_of(asked.class_id) or UNLABELLED
    studio.project.dataset.expect(picture, label, burst=(asked.burst or "")[:40], source=studio.feed.source, time=now)
    return _reply(studio.session.add_sample(picture, asked.class_id, asked.burst))


@router.post("/api/lesson/upload")
async def upload(request: Request, to: str) -> dict[str, Any]:
    """A picture file as the body; ``to`` is a class's id, ``new`` or ``unlabelled``."""
    session = studio_of(request).session
    picture = await request.body()
    if to == "new":
        return _reply(await run_in_threadpool(session.add_class, picture))
    class_id = None if to == "unlabelled" else _number(to)
    return _reply(await run_in_threadpool(session.add_sample, picture, class_id))


@router.post("/api/lesson/learn")
def learn(request: Request) -> dict[str, Any]:
    return _reply(studio_of(request).session.learn())


@router.post("/api/lesson/rename")
def rename(request: Request, asked: Rename) -> dict[str, Any]:
    return _reply(studio_of(request).session.rename(asked.class_id, asked.label))


@router.post("/api/lesson/remove-class")
def remove_class(request: Request, asked: ClassChoice) -> dict[str, Any]:
    return _reply(studio_of(request).session.remove_class(asked.class_id))


@router.post("/api/lesson/remove-picture")
def remove_picture(request: Request, asked: ShotChoice) -> dict[str, Any]:
    return _reply(studio_of(request).session.remove_picture(asked.shot_id))


@router.post("/api/lesson/move-picture")
def move_picture(request: Request, asked: Move) -> dict[str, Any]:
    return _reply(studio_of(request).session.move_picture(asked.shot_id, asked.class_id))


@router.post("/api/lesson/undo")
def undo(request: Request) -> dict[str, Any]:
    return _reply(studio_of(request).session.undo())


@router.post("/api/lesson/clear")
def clear(request: Request) -> dict[str, Any]:
    return _reply(studio_of(request).session.clear())


@router.post("/api/lesson/auto-learn")
def auto_learn(request: Request, asked: Switch) -> dict[str, Any]:
    return _reply(studio_of(request).session.set_auto_learn(asked.on))


@router.post("/api/lesson/load")
async def load(request: Request) -> dict[str, Any]:
    """A feature file as the body."""
    session = studio_of(request).session
    return _reply(await run_in_threadpool(session.load, await request.body()))


@router.get(f"/{FEATURES}")
def download(request: Request) -> Response:
    content = studio_of(request).session.feature_file()
    return Response(
        content,
        media_type="application/octet-stream",
        headers={"content-disposition": f'attachment; filename="{FEATURES}"'},
    )


@router.get("/pictures/{shot_id}.jpg")
def picture(request: Request, shot_id: int) -> Response:
    path = studio_of(request).session.picture(shot_id)
    if path is None:
        return Response(status_code=404)
    return Response(
        thumbnail(path),
        media_type="image/jpeg",
        headers={"cache-control": "private, max-age=86400, immutable"},
    )


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise DataError(f"{text[:40]!r} is not a class's number")
    return int(text)
