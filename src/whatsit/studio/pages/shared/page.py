"""What every page has: a place in the navigation, a template, the visitor's language."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.templating import Jinja2Templates
from starlette.responses import Response

from whatsit.studio.pages.shared.i18n import LANGUAGES, catalogue, choose
from whatsit.studio.studio import Studio

FOLDER = Path(__file__).parents[1]
"""One folder a page, and ``shared``."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: ``name`` is also its template, its script, its icon and its message key."""

    name: str
    path: str


PAGES = (
    Page("teach", "/"),
    Page("collect", "/collect"),
    Page("dataset", "/dataset"),
    Page("explore", "/explore"),
    Page("check", "/check"),
    Page("train", "/train"),
    Page("test", "/test"),
    Page("sweep", "/sweep"),
    Page("deploy", "/deploy"),
    Page("live", "/live"),
)

_templates = Jinja2Templates([FOLDER / "shared", *(FOLDER / page.name for page in PAGES)])


def studio_of(request: Request) -> Studio:
    """The studio a request belongs to."""
    studio: Studio = request.app.state.studio
    return studio


def render(request: Request, name: str, **values: Any) -> Response:
    """A page in the visitor's language."""
    asked = request.query_params.get("lang")
    language = choose(asked, request.cookies.get("whatsit_lang"), request.headers.get("accept-language", ""))
    messages = catalogue(language)
    context = {
        "page": name,
        "pages": PAGES,
        "language": language,
        "languages": LANGUAGES,
        "t": lambda key: messages[key],
        # "<" cannot end the script element early when it is written as an escape.
        "messages": json.dumps(dict(messages), ensure_ascii=False).replace("<", "\\u003c"),
        "project": studio_of(request).project.settings.name,
        "secure": request.url.scheme == "https",
        **values,
    }
    response = _templates.TemplateResponse(request, f"{name}.html", context)
    if asked in LANGUAGES:
        response.set_cookie("whatsit_lang", language, samesite="strict", max_age=365 * 24 * 3600)
    return response
