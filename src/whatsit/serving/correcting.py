"""``POST /api/v1/correct``: a program says what a picture is, where a model was wrong."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from typing_extensions import TypedDict

from whatsit.datasets.correction import check_class
from whatsit.datasets.project import Project
from whatsit.errors import DataError, ProjectInUseError
from whatsit.serving.refused import RefusedError
from whatsit.serving.service import Service
from whatsit.serving.submission import Options, read_pictures
from whatsit.validation import short

_OPTIONS: Options = {"label": ((str,), "what it is"), "none": ((bool,), "true or false")}
_EXPECTED = "label=what it is, or none=true where it is none of the classes"


class CorrectedView(TypedDict):
    """The answer to ``POST /api/v1/correct``: the picture is on disk."""

    label: str | None
    """What it is now; None: none of the classes."""
    new_class: bool
    """Whether nothing was of that class before."""
    at_once: bool
    """Whether the answers to the camera follow from now on, or the next model only."""


Corrector: TypeAlias = Callable[[bytes, str | None], CorrectedView]
"""Keeps a correction, on disk when it returns; raises ImageError and DataError."""


class Correct:
    """The handler; one correction is kept after the other.

    Args:
        corrector: None where there is no project to keep one in.
    """

    def __init__(self, corrector: Corrector | None) -> None:
        self._corrector = corrector
        self._turn = asyncio.Lock()

    async def __call__(self, service: Service, request: Request) -> Response:
        """Answer a request.

        Raises:
            RefusedError: there is no project, it is in use elsewhere, or the request cannot be understood.
            ImageError: the picture cannot be read.
        """
        if self._corrector is None:
            raise RefusedError(404, "corrections are kept in a project; start with: whatsit serve --project FOLDER")
        kind = request.headers.get("content-type", "")
        async with service.body(request) as body:
            content, label = await service.parsed(lambda: _read_correction(body, kind, request.query_params), len(body))
            async with self._turn:
                view = await asyncio.to_thread(_kept, self._corrector, content, label)
        return JSONResponse(view)


def corrector_of(folder: Path) -> Corrector:
    """Keeps corrections in a project that is opened for each, so that others can write in between."""

    def keep(content: bytes, label: str | None) -> CorrectedView:
        with Project(folder) as project:
            new = is_new(project, label)
            project.correct(content, label)
        return {"label": label, "new_class": new, "at_once": False}

    return keep


def is_new(project: Project, label: str | None) -> bool:
    """Whether a label names no class of the project yet."""
    return label is not None and label not in project.dataset.labels()


def _kept(corrector: Corrector, content: bytes, label: str | None) -> CorrectedView:
    try:
        return corrector(content, label)
    except ProjectInUseError as error:
        raise RefusedError(409, str(error)) from error
    except DataError as error:
        raise RefusedError(400, str(error)) from error


def _read_correction(body: bytes, content_type: str, query: Mapping[str, str]) -> tuple[bytes, str | None]:
    pictures, fields = read_pictures(body, content_type, query, _OPTIONS)
    if len(pictures) != 1:
        raise RefusedError(400, f"{len(pictures)} pictures: expected one in a correction")
    label, none = fields.get("label"), fields.get("none", False)
    if none not in (True, False, "true", "false"):
        raise RefusedError(400, f"none {short(none)}: expected true or false")
    is_none = none in (True, "true")
    if is_none == (label is not None):
        raise RefusedError(400, f"{'both label and none' if is_none else 'label is missing'}: expected {_EXPECTED}")
    try:
        return pictures[0], None if label is None else check_class(label)
    except DataError as error:
        raise RefusedError(400, str(error)) from error
