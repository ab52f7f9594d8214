"""The Connect page: where the answers go, and what they switch."""

import time

from fastapi import APIRouter, Request
from starlette.responses import Response

from whatsit.errors import DataError
from whatsit.rules.reading import read_rules
from whatsit.studio.pages.connect.messages import (
    ConnectView,
    Reloaded,
    RulesChoice,
    Saved,
    TestChoice,
    Tested,
    TriedView,
)
from whatsit.studio.pages.shared.page import Page, render, studio_of
from whatsit.studio.watching.outlets import TEST_LABEL
from whatsit.studio.watching.rule_list import changed, rule_views, tried, version_of
from whatsit.web.qr_code import svg_code
from whatsit.web.server import Address

PAGE = Page("connect", "/connect", order=110)
router = APIRouter()


@router.get("/connect")
def page(request: Request) -> Response:
    address: Address | None = request.app.state.address
    return render(request, "connect", address=None if address is None or address.loopback else address)


@router.get("/connect/phone.svg")
def phone(request: Request) -> Response:
    """The studio's address, its token in it, as a QR code. Who sees this page has a token already."""
    address: Address | None = request.app.state.address
    if address is None or address.loopback:
        raise DataError("this studio answers on this machine only: start it with --host 0.0.0.0 --tls for a phone")
    return Response(svg_code(address.url), media_type="image/svg+xml")


@router.get("/api/connect")
def state(request: Request) -> ConnectView:
    """How everything is; while it is asked for, the camera is watched."""
    studio = studio_of(request)
    outlets = studio.outlets
    outlets.watch()
    return {
        "labels": list(getattr(studio.steering.recogniser, "labels", ())),
        "sinks": [
            {
                "name": sink.name,
                "connected": sink.connected,
                "last_sent": sink.last_sent,
                "error": sink.error if sink.failing_since is not None else None,
                "waiting": sink.waiting,
                "dropped": sink.dropped,
            }
            for sink in outlets.sinks
        ],
        "problem": outlets.problem,
        "rules": rule_views(outlets.rules),
        "on": list(outlets.on),
        "rules_problem": outlets.rules_problem,
        "version": version_of(outlets.rules),
        "paused": outlets.paused,
        "changes": [
            {"time": one.seen, "state": one.state.value, "label": one.label, "score": one.score}
            for one in reversed(tuple(outlets.messages))
        ],
    }


@router.post("/api/connect/test")
def test(request: Request, asked: TestChoice) -> Tested:
    """Send one sink a message; what is true follows a second later."""
    at_once = studio_of(request).outlets.test(asked.sink, asked.label or TEST_LABEL)
    return {"message": "test_sent" if at_once else "test_queued", "values": {}}


@router.post("/api/connect/reload")
def reload(request: Request) -> Reloaded:
    """Read ``whatsit.toml`` again."""
    studio_of(request).reload_outlets()
    return {"message": "outlets_reloaded", "values": {}}


@router.post("/api/connect/rules")
def save(request: Request, asked: RulesChoice) -> Saved:
    """Keep the rules in ``whatsit.toml``, all of them or none, and put them to work."""
    studio = studio_of(request)
    there = read_rules(studio.project.path, needed=False)  # not those at work: somebody may have written to the file
    if asked.version != version_of(there):
        raise DataError("the rules in whatsit.toml are others by now; read the file again, and repeat the change")
    tables, _ = changed([rule.model_dump() for rule in asked.rules], there)
    studio.save_rules(tables)
    return {"message": "rules_saved", "values": {}}


@router.post("/api/connect/dry-run")
def dry_run(request: Request, asked: RulesChoice) -> TriedView:
    """What rules would have done on what the camera has seen lately. Nothing is switched."""
    outlets = studio_of(request).outlets
    _, rules = changed([rule.model_dump() for rule in asked.rules], outlets.rules)
    moments, now = outlets.moments, time.time()
    return {"seconds": round(now - moments[0][0], 1) if moments else 0.0, "switched": tried(rules, moments, now)}
