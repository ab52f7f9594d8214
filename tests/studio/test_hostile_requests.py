"""Whatever is sent to any route or over the WebSocket: an answer of one form, never an error of the server."""

import json
from collections.abc import Callable, Iterator
from urllib.parse import quote

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel
from served import Served, served
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from whatsit.studio.pages.shared import camera
from whatsit.studio.pages.shared.page import find_pages

DEEP = "[" * 100_000
TEXTS = ["\ud800", "a\x1b[31mb", "\u202e", "x" * 5_000, "..", "", "NaN"]
VALUES = (*TEXTS, -1, 2**70, 1e308, float("nan"), float("inf"), None, [], [[]], {}, True, ["\ud800"])
NUMBERS = ["inf", "-inf", "nan", "1e999", "-1", str(2**63), str(10**400), "0x10"]


def routes() -> list[APIRoute]:
    found = [route for router in (camera.router, *(page.router for page in find_pages())) for route in router.routes]
    return [route for route in found if isinstance(route, APIRoute) and route.path != "/stream.mjpg"]


def bodies(route: APIRoute) -> Iterator[bytes]:
    yield from (b"", b"\xff\xfe", DEEP.encode(), b"null", b'"\\ud800"', b"{" + b'"a":1,' * 1000, b"[NaN]", b"1e999")
    if route.body_field is None:
        return
    model = route.body_field.field_info.annotation
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return
    for value in VALUES:
        # With surrogates as escapes: JSON can say them although no text can.
        yield json.dumps(dict.fromkeys(model.model_fields, value)).encode()


def refused_well(answer: httpx.Response) -> bool:
    if answer.status_code < 400:
        return True
    error = answer.json()["error"]
    return answer.status_code < 500 and isinstance(error, str) and error.isprintable() and len(error) < 600


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("hostile") / "project", "browser:") as started:
        yield started


@pytest.mark.parametrize("route", [r for r in routes() if "POST" in r.methods], ids=lambda route: route.path)
def test_no_body_makes_the_server_fail(running: Served, route: APIRoute) -> None:
    path = route.path.replace("{upload_id}", "0123456789abcdef")
    with running.client() as page:
        for body in bodies(route):
            answer = page.post(path, content=body, headers={"content-type": "application/json"})
            assert refused_well(answer), (body[:200], answer.status_code, answer.text[:500])


@pytest.mark.parametrize("route", [r for r in routes() if "GET" in r.methods], ids=lambda route: route.path)
def test_no_query_makes_the_server_fail(running: Served, route: APIRoute) -> None:
    names = [field.name for field in route.dependant.query_params] or ["x"]
    path = route.path
    for part in route.dependant.path_params:
        path = path.replace(f"{{{part.name}}}", "%ED%A0%80")
    with running.client() as page:
        for value in (*TEXTS, *NUMBERS):
            query = "&".join(f"{name}={_quoted(value)}" for name in names)
            answer = page.get(f"{path}?{query}")
            assert refused_well(answer), (value[:100], answer.status_code, answer.text[:500])


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


@pytest.mark.parametrize(
    "message", [DEEP, '{"answers": "\\ud800"}', '{"video": NaN}', '{"answers": 1e999}', "null", "x" * 100_000, ""]
)
def test_no_message_closes_a_tab(running: Served, message: str) -> None:
    with connect(f"ws://127.0.0.1:{running.port}/ws", origin=running.origin) as tab:  # type: ignore[arg-type]
        tab.send(message)
        tab.send(b"")  # a frame, which is answered
        while '"taken"' not in str(tab.recv(timeout=20)):
            pass


def test_text_that_is_no_utf8_closes_its_own_tab_alone(running: Served) -> None:
    address = f"ws://127.0.0.1:{running.port}/ws"
    with connect(address, origin=running.origin) as other:  # type: ignore[arg-type]
        with pytest.raises(ConnectionClosed), connect(address, origin=running.origin) as bad:  # type: ignore[arg-type]
            bad.send(b"\xff\xfe", text=True)
            while True:
                bad.recv(timeout=20)
        other.send(b"")
        while '"taken"' not in str(other.recv(timeout=20)):
            pass


def test_refusals_of_the_api_have_one_form(serve: Callable[..., Served]) -> None:
    running = serve(token="open-sesame-street")
    with running.client(authorization="Bearer open-sesame-street") as page, running.client() as stranger:
        refused = [
            stranger.get("/api/lesson"),
            page.get("/api/nothing"),
            page.get("/api/lesson", headers={"host": "evil.example"}),
            page.put("/api/lesson/class"),
            page.post("/api/lesson/class", headers={"origin": "http://evil.example"}, json={}),
            page.post("/api/lesson/load", content=(b"x" * 2**20 for _ in range(40))),
            page.get("/api/lesson", headers={"x-long": "x" * 40_000}),
        ]
    assert [answer.status_code for answer in refused] == [401, 404, 421, 405, 403, 413, 431]
    assert all(set(answer.json()) == {"error"} for answer in refused)
