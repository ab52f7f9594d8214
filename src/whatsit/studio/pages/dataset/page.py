"""The Dataset page: every picture by class and split, edits that can be undone, pictures in and out."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathPart
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from whatsit.datasets.formats.exporting import DEFAULT_LAYOUT, writable_formats
from whatsit.datasets.formats.importing import list_endings
from whatsit.errors import DataError
from whatsit.files import beneath
from whatsit.studio.gallery import (
    ID_DIGITS,
    CountsView,
    DetailsView,
    KeysView,
    PageView,
    counts_view,
    details_view,
    keys_view,
    page_view,
)
from whatsit.studio.jobs.downloads import DownloadView
from whatsit.studio.jobs.uploads import ImportView
from whatsit.studio.pages.dataset.messages import (
    Deleted,
    EditedValues,
    ExportBegun,
    ImportBegun,
    KeysChoice,
    LabelAdded,
    LabelChoice,
    LabelRemoved,
    LabelRenamed,
    LabelRenaming,
    LayoutChoice,
    Moved,
    Moving,
    PartTaken,
    Refreshed,
    Relabelled,
    Relabelling,
    UploadBegun,
    UploadCancelled,
    UploadEnd,
)
from whatsit.studio.pages.shared.messages import MOVED, Stopped, Undone
from whatsit.studio.pages.shared.page import Page, render, studio_of
from whatsit.studio.pages.shared.undo import undo as undo_edit
from whatsit.studio.studio import Studio
from whatsit.studio.watching.thumbnail import TILE, large, thumbnail

PAGE = Page("dataset", "/dataset", order=30)
router = APIRouter()
Id = Annotated[str, PathPart(pattern=f"^[0-9a-f]{{{ID_DIGITS}}}$")]
UploadId = Annotated[str, PathPart(pattern="^[0-9a-f]{16}$")]
_FOR_EVER = {"cache-control": "private, max-age=31536000, immutable"}
"""For addresses that name a content."""


@router.get("/dataset")
def page(request: Request) -> Response:
    return render(request, "dataset", layouts=list(writable_formats()), layout=DEFAULT_LAYOUT, lists=list_endings())


@router.get("/api/dataset")
def counts(request: Request) -> CountsView:
    return counts_view(studio_of(request).project.dataset)


@router.get("/api/dataset/pictures")
def pictures(
    request: Request,
    label: str | None = None,
    split: str | None = None,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    limit: Annotated[int, Query(ge=1)] = 200,
) -> PageView:
    return page_view(studio_of(request).project.dataset, label, split, offset, limit)


@router.get("/api/dataset/keys")
def keys(request: Request, label: str | None = None, split: str | None = None) -> KeysView:
    return keys_view(studio_of(request).project.dataset, label, split)


@router.get("/api/dataset/picture")
def details(request: Request, key: str) -> DetailsView:
    return details_view(studio_of(request).project.dataset.picture(key))


@router.post("/api/dataset/refresh")
def refresh(request: Request, if_changed: bool = False) -> Refreshed:
    """Notice what other programs did; with ``if_changed``, only where files came, went or were renamed."""
    studio_of(request).folder_watch.look(if_changed=if_changed)
    return {"message": "refreshed", "values": {}}


@router.post("/api/dataset/relabel")
def relabel(request: Request, asked: Relabelling) -> Relabelled:
    dataset = studio_of(request).project.dataset
    edited = _edit(studio_of(request), asked.keys, lambda keys: dataset.relabel(keys, asked.label))
    return {"message": "relabelled", "values": {**edited, "label": asked.label}}


@router.post("/api/dataset/move")
def move(request: Request, asked: Moving) -> Moved:
    dataset = studio_of(request).project.dataset
    edited = _edit(studio_of(request), asked.keys, lambda keys: dataset.set_split(keys, asked.split))
    return {"message": MOVED[asked.split], "values": edited}


@router.post("/api/dataset/delete")
def delete(request: Request, asked: KeysChoice) -> Deleted:
    edited = _edit(studio_of(request), asked.keys, studio_of(request).project.dataset.delete)
    return {"message": "deleted", "values": edited}


def _edit(studio: Studio, keys: list[str], edit: Callable[[list[str]], None]) -> EditedValues:
    """Edit pictures; if another program removed some of them, edit the rest.

    Raises:
        DataError: none is left, or the edit is not possible for another reason; nothing changes then.
    """
    gone = 0
    try:
        edit(keys)
    except DataError:
        studio.project.dataset.refresh()
        known = set(studio.project.dataset.keys())
        there = [key for key in keys if key in known]
        gone = len(keys) - len(there)
        if not gone or not there:
            raise
        edit(there)
    return {"n": len(keys) - gone, "gone": gone}


@router.post("/api/dataset/undo")
def undo(request: Request) -> Undone:
    return undo_edit(studio_of(request).project.dataset)


@router.post("/api/dataset/add-label")
def add_label(request: Request, asked: LabelChoice) -> LabelAdded:
    studio = studio_of(request)
    studio.project.dataset.add_label(asked.label)
    return {"message": "class_added", "values": {"label": asked.label}}


@router.post("/api/dataset/rename-label")
def rename_label(request: Request, asked: LabelRenaming) -> LabelRenamed:
    studio = studio_of(request)
    studio.project.dataset.rename_label(asked.old, asked.new)
    return {"message": "renamed", "values": {"label": asked.new}}


@router.post("/api/dataset/delete-label")
def delete_label(request: Request, asked: LabelChoice) -> LabelRemoved:
    studio = studio_of(request)
    studio.project.dataset.delete_label(asked.label)
    return {"message": "class_removed", "values": {"label": asked.label}}


@router.get("/dataset/tile/{picture_id}.jpg")
def tile(request: Request, picture_id: Id) -> Response:
    picture = studio_of(request).project.dataset.by_hash(picture_id)
    return Response(thumbnail(picture.path, TILE, picture_id), media_type="image/jpeg", headers=_FOR_EVER)


@router.get("/dataset/large/{picture_id}.jpg")
def whole(request: Request, picture_id: Id) -> Response:
    path = studio_of(request).project.dataset.by_hash(picture_id).path
    return Response(large(path), media_type="image/jpeg", headers=_FOR_EVER)


# ---- pictures in


@router.post("/api/dataset/upload")
def begin_upload(request: Request) -> UploadBegun:
    return {"id": studio_of(request).uploads.begin()}


@router.post("/api/dataset/upload/{upload_id}")
async def upload_part(request: Request, upload_id: UploadId, path: str, at: int = 0) -> PartTaken:
    """A piece of a file as the body: ``path`` as the page names it, ``at`` the offset in bytes."""
    uploads = studio_of(request).uploads
    await run_in_threadpool(uploads.add, upload_id, path, at, await request.body())
    return {"message": "part_taken", "values": {}}


@router.post("/api/dataset/upload/{upload_id}/finish")
def finish_upload(request: Request, upload_id: UploadId, asked: UploadEnd) -> ImportBegun:
    """Start importing what was uploaded."""
    studio_of(request).importing.begin(upload_id, asked.label.strip())
    return {"message": "import_begun", "values": {}}


@router.post("/api/dataset/upload/{upload_id}/cancel")
def cancel_upload(request: Request, upload_id: UploadId) -> UploadCancelled:
    studio_of(request).uploads.remove(upload_id)
    return {"message": "upload_cancelled", "values": {}}


@router.get("/api/dataset/import")
def import_state(request: Request) -> ImportView:
    return studio_of(request).importing.view()


@router.post("/api/dataset/import/stop")
def stop_import(request: Request) -> Stopped:
    studio_of(request).importing.stop()
    return {"message": "stopped", "values": {}}


# ---- pictures out


@router.post("/api/dataset/export")
def export(request: Request, asked: LayoutChoice) -> ExportBegun:
    """Start writing the archive; ``GET /dataset/export.zip`` gives it when it is done."""
    studio_of(request).downloads.begin(asked.layout)
    return {"message": "export_begun", "values": {}}


@router.get("/api/dataset/export")
def export_state(request: Request) -> DownloadView:
    return studio_of(request).downloads.view()


@router.get("/dataset/export.zip")
def download(request: Request) -> Response:
    studio = studio_of(request)
    return FileResponse(
        beneath.checked(studio.downloads.archive()),
        media_type="application/zip",
        filename=f"{studio.project.settings.name}.zip",
    )
