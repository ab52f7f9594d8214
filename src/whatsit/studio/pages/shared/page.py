"""What every page has: a place in the navigation, a template, the visitor's language."""

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.templating import Jinja2Templates
from starlette.responses import Response

from whatsit.studio.pages.shared.i18n import Language, Languages
from whatsit.studio.pages.shared.row_words import row_words
from whatsit.studio.studio import Studio

FOLDER = Path(__file__).parents[1]
"""One folder per page, and ``shared``."""
STATIC = FOLDER / "shared" / "static"
"""The scripts and styles that several pages use."""
NEXT = {
    "collect": "check", "dataset": "check", "explore": "check", "check": "train", "train": "test", "sweep": "train",
    "test": "deploy", "deploy": "live", "teach": "live", "live": "inbox",
}  # fmt: skip
"""A page -> the one that comes next on the way from pictures to a model at work; its words are ``next.<page>``."""
_PACKAGE = __name__.removesuffix(".shared.page")
_LANGUAGE_COOKIE = "whatsit_lang"


@dataclass(frozen=True, slots=True)
class Page:
    """A page's entry in the navigation: the constant ``PAGE`` in ``pages/<name>/page.py``.

    The name is that of its folder, its template ``<name>.html``, its script ``<name>.js``, its style ``<name>.css``
    (where it has one), and its title's message key ``nav.<name>``. The routes are the ``APIRouter`` called ``router``
    in the same module. The WebSocket messages that the page brings are ``MESSAGES`` in ``pages/<name>/messages.py``.
    """

    name: str
    path: str
    """Where it opens, such as ``/check``."""
    order: int
    """Its place in the navigation, ascending."""
    listed: bool = True
    """Whether the navigation lists it."""

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return FOLDER / self.name

    @property
    def router(self) -> APIRouter:
        """Its routes."""
        router: APIRouter = import_module(f"{_PACKAGE}.{self.name}.page").router
        return router

    @property
    def messages(self) -> dict[str, type]:
        """Kind of WebSocket message -> its type, for those that this page brings; a page need not bring any."""
        if not (self.folder / "messages.py").is_file():
            return {}
        return dict(getattr(import_module(f"{_PACKAGE}.{self.name}.messages"), "MESSAGES", {}))


def find_pages(folder: Path = FOLDER) -> tuple[Page, ...]:
    """Every page that has a folder with a ``page.py`` in it, in the order of the navigation."""
    names = [path.parent.name for path in folder.glob("*/page.py") if path.parent.name != "shared"]
    pages: list[Page] = [import_module(f"{_PACKAGE}.{name}.page").PAGE for name in names]
    return tuple(sorted(pages, key=lambda page: (page.order, page.name)))


# ``base.html`` is found in ``shared``, a page's own template by its folder.
_templates = Jinja2Templates([FOLDER / "shared", FOLDER])


def studio_of(request: Request) -> Studio:
    """The studio a request belongs to."""
    studio: Studio = request.app.state.studio
    return studio


def render(request: Request, name: str, **values: Any) -> Response:
    """A page in the visitor's language; ``values`` are for its template."""
    languages: Languages = request.app.state.languages
    asked = request.query_params.get("lang")
    remembered = request.cookies.get(_LANGUAGE_COOKIE)
    language: Language = languages.choose(asked, remembered, request.headers.get("accept-language", ""))
    messages = {**row_words(), **language.messages}
    context = {
        "page": name,
        "styled": (FOLDER / name / f"{name}.css").is_file(),
        "pages": request.app.state.pages,
        "next_page": next((one for one in request.app.state.pages if one.name == NEXT.get(name)), None),
        "language": language,
        "languages": languages,
        "t": messages.__getitem__,
        # "<" cannot end the script element early when it is written as an escape.
        "messages": json.dumps(messages, ensure_ascii=False).replace("<", "\\u003c"),
        "project": studio_of(request).project.settings.name,
        "folder": studio_of(request).project.path.name,
        "secure": request.url.scheme == "https",
        **values,
    }
    response = _templates.TemplateResponse(request, f"{name}/{name}.html", context)
    if asked == language.code:
        response.set_cookie(_LANGUAGE_COOKIE, language.code, samesite="strict", max_age=365 * 24 * 3600)
    return response
