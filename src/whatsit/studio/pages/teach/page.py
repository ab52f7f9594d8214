"""The Teach page: show it, name it, see the answer."""

import time
from collections import Counter

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from whatsit.datasets.places import FEATURES
from whatsit.errors import DataError
from whatsit.files import write_file
from whatsit.models.assumption import normalisation_assumptions
from whatsit.studio.lessons.lesson import TaughtClass
from whatsit.studio.lessons.lesson_view import LessonView, lesson_view
from whatsit.studio.pages.shared.messages import Undone
from whatsit.studio.pages.shared.page import Page, render, studio_of
from whatsit.studio.pages.shared.undo import undo as undo_edit
from whatsit.studio.pages.teach.messages import (
    AlreadyLearnt,
    ClassAdded,
    ClassChoice,
    ClassRemoved,
    ClassRenamed,
    ClassRenaming,
    Cleared,
    DatasetTaught,
    LabelledSampleAdded,
    Learnt,
    Loaded,
    ModelSaved,
    NewClass,
    NewSample,
    PictureMoved,
    PictureRemoved,
    SampleAdded,
    ShotChoice,
    ShotMoving,
    Switch,
    Switched,
    WentRow,
)
from whatsit.studio.watching.thumbnail import thumbnail

PAGE = Page("teach", "/", order=10)
router = APIRouter()


@router.get("/")
def page(request: Request) -> Response:
    normalisation = getattr(studio_of(request).session.embedder, "normalisation", None)
    guesses = [one.value for one in normalisation_assumptions(normalisation) if one.guess]
    return render(request, "teach", guesses=guesses)


@router.get("/api/lesson")
def lesson(request: Request) -> LessonView:
    return lesson_view(studio_of(request).session)


@router.post("/api/lesson/class")
def add_class(request: Request, asked: NewClass) -> ClassAdded:
    studio, now = studio_of(request), time.time()
    picture = studio.feed.snapshot(now)
    return _class_added(studio.session.add_class(picture, asked.label, source=studio.feed.source, time=now))


@router.post("/api/lesson/sample")
def add_sample(request: Request, asked: NewSample) -> SampleAdded | LabelledSampleAdded:
    studio, now = studio_of(request), time.time()
    picture = studio.feed.snapshot(now)
    source = studio.feed.source
    return _sample_added(studio.session.add_sample(picture, asked.class_id, asked.burst, source=source, time=now))


@router.post("/api/lesson/upload")
async def upload(request: Request, to: str) -> ClassAdded | SampleAdded | LabelledSampleAdded:
    """A picture file as the body; ``to`` is a class's id, ``new`` or ``unlabelled``."""
    session = studio_of(request).session
    picture = await request.body()
    if to == "new":
        return _class_added(await run_in_threadpool(session.add_class, picture))
    class_id = None if to == "unlabelled" else _number(to)
    return _sample_added(await run_in_threadpool(session.add_sample, picture, class_id))


@router.post("/api/lesson/learn")
def learn(request: Request) -> Learnt | AlreadyLearnt:
    session = studio_of(request).session
    if session.learn() is None:
        already: AlreadyLearnt = {"message": "already_learned", "values": {}}
        return already
    went = Counter(session.learner.went.values())
    rows: list[WentRow] = [{"label": label, "n": n} for label, n in sorted(went.items())]
    learnt: Learnt = {"message": "learn_complete", "values": {"went": rows}}
    return learnt


@router.post("/api/lesson/teach-dataset")
def teach_dataset(request: Request) -> DatasetTaught:
    """Teach the dataset's training pictures."""
    count = studio_of(request).session.teach_dataset()
    return {"message": "dataset_taught" if count else "dataset_known", "values": {"n": count}}


@router.post("/api/lesson/save")
def save(request: Request) -> ModelSaved:
    """What is taught as a model of the project, which every page about models and other programs can use."""
    studio = studio_of(request)
    name = studio.runs.free_name("taught")
    write_file(studio.runs.new_files(name).int8, studio.session.learner.to_tflite())
    studio.tell_models()
    studio.tell_runs()
    return {"message": "lesson_saved", "values": {"name": name}}


@router.post("/api/lesson/rename")
def rename(request: Request, asked: ClassRenaming) -> ClassRenamed:
    studio_of(request).session.rename(asked.class_id, asked.label)
    return {"message": "renamed", "values": {"label": asked.label}}


@router.post("/api/lesson/remove-class")
def remove_class(request: Request, asked: ClassChoice) -> ClassRemoved:
    return {"message": "class_removed", "values": {"label": studio_of(request).session.remove_class(asked.class_id)}}


@router.post("/api/lesson/remove-picture")
def remove_picture(request: Request, asked: ShotChoice) -> PictureRemoved:
    studio_of(request).session.remove_picture(asked.shot_id)
    return {"message": "picture_removed", "values": {}}


@router.post("/api/lesson/move-picture")
def move_picture(request: Request, asked: ShotMoving) -> PictureMoved:
    studio_of(request).session.move_picture(asked.shot_id, asked.class_id)
    return {"message": "picture_moved", "values": {}}


@router.post("/api/lesson/undo")
def undo(request: Request) -> Undone:
    return undo_edit(studio_of(request).project.dataset)


@router.post("/api/lesson/clear")
def clear(request: Request) -> Cleared:
    studio_of(request).session.clear()
    return {"message": "cleared", "values": {}}


@router.post("/api/lesson/auto-learn")
def auto_learn(request: Request, asked: Switch) -> Switched:
    studio_of(request).session.set_auto_learn(asked.on)
    return {"message": "auto_learn_on" if asked.on else "auto_learn_off", "values": {}}


@router.post("/api/lesson/load")
async def load(request: Request) -> Loaded:
    """A feature file as the body."""
    session = studio_of(request).session
    loaded = await run_in_threadpool(session.load, await request.body())
    return {"message": "loaded", "values": {"classes": len(loaded.classes), "samples": loaded.samples}}


@router.get(f"/{FEATURES.path}")
def download(request: Request) -> Response:
    content = studio_of(request).session.feature_file()
    return Response(
        content,
        media_type="application/octet-stream",
        headers={"content-disposition": f'attachment; filename="{FEATURES.path}"'},
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


def _class_added(new: TaughtClass) -> ClassAdded:
    return {"message": "class_added", "values": {"label": new.label, "class_id": new.id}}


def _sample_added(label: str | None) -> SampleAdded | LabelledSampleAdded:
    if label is None:
        unlabelled: SampleAdded = {"message": "sample_added", "values": {}}
        return unlabelled
    labelled: LabelledSampleAdded = {"message": "labelled_sample_added", "values": {"label": label}}
    return labelled


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise DataError(f"{text[:40]!r} is not a class's number")
    return int(text)
