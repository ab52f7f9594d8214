"""The Connect page over HTTP: sinks and rules of whatsit.toml, shown, tested and changed."""

import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from served import Served

from said import said
from whatsit.datasets.project import Project

gpiozero = pytest.importorskip("gpiozero", reason="gpiozero is not installed")

TEXT = """# The belt.
[[sinks]]
to = "jsonl:{folder}/seen.jsonl"

[[rules]]
name = "lamp"  # red
label = "mug"
then = "gpio:17"
for = 2

[[rules]]
name = "call"
state = "stale"
then = "webhook:http://127.0.0.1:9/pr1vate?outbox={folder}/hook.db"
"""


@pytest.fixture
def running(
    serve: Callable[..., Served], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Served, httpx.Client]]:
    from gpiozero.pins.mock import MockFactory

    monkeypatch.setattr(gpiozero.Device, "pin_factory", MockFactory())
    with Project(tmp_path / "project") as project:
        (project.path / "whatsit.toml").write_text(TEXT.format(folder=tmp_path))
    started = serve(camera="browser:")
    started.studio.reload_outlets()
    with started.client() as client:
        yield started, client


def file_of(running: Served) -> Path:
    """The project's file."""
    return running.studio.project.path / "whatsit.toml"


def sent(view: dict[str, Any], **changes: object) -> dict[str, Any]:
    """What the page sends after the first rule was changed."""
    first, *rest = view["rules"]
    return {"rules": [{**first, **changes}, *rest], "version": view["version"]}


def test_sinks_rules_and_the_last_messages_are_shown_without_secrets(running: tuple[Served, httpx.Client]) -> None:
    started, client = running
    started.studio.outlets.put("taught", said("mug"))
    view = client.get("/api/connect").json()
    assert [sink["name"].partition(":")[0] for sink in view["sinks"]] == ["jsonl"] and not view["problem"]
    assert [(rule["name"], rule["label"], rule["state"]) for rule in view["rules"]] == [
        ("lamp", "mug", None), ("call", None, "stale"),
    ]  # fmt: skip
    assert "mug" in [one["label"] for one in view["changes"]] and "pr1vate" not in str(view)


def test_rules_are_saved_with_all_that_was_beside_them_and_work_at_once(running: tuple[Served, httpx.Client]) -> None:
    started, client = running
    view = client.get("/api/connect").json()
    reply = client.post("/api/connect/rules", json=sent(view, seconds=0, label="duck"))
    assert reply.status_code == 200, reply.text
    text = file_of(started).read_text()
    assert "# The belt." in text and "# red" in text
    rules = tomllib.loads(text)["rules"]
    assert rules[0] == {"name": "lamp", "label": "duck", "then": "gpio:17"}
    assert "pr1vate" in rules[1]["then"], "what the page does not see is kept"
    assert [rule.label for rule in started.studio.outlets.rules] == ["duck", None]
    again = client.post("/api/connect/rules", json=sent(view, label="cat"))
    assert again.status_code == 400 and "others by now" in again.json()["error"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"then": "command:reboot"}, "a page can choose pins only"),
        ({"then": "webhook:http://127.0.0.1:1/?token=file:/etc/passwd"}, "a page can choose pins only"),
        ({"then": "jsonl:/tmp/x"}, "a page can choose pins only"),
        ({"then": "gpio:99999"}, "expected a pin"),
        ({"then": "kettle:"}, "no sink of kind 'kettle'; expected a pin, such as gpio:17"),
        ({"then": "17"}, "17 is not an address; expected gpio:17 for that pin"),
        ({"name": "call"}, "two rules are called 'call'"),
        ({"label": None}, "expected either label or state"),
        ({"label": None, "state": "asleep"}, "state 'asleep'"),
        ({"seconds": 1e9}, "expected a number from 0 to"),
        ({"at_least": 2}, "at_least"),
        ({"colour": "red"}, "there is no such field"),
    ],
)
def test_a_wrong_rule_is_named_and_nothing_is_written(
    running: tuple[Served, httpx.Client], changes: dict[str, object], named: str
) -> None:
    started, client = running
    view, before = client.get("/api/connect").json(), file_of(started).read_bytes()
    for path in ("rules", "dry-run"):
        reply = client.post(f"/api/connect/{path}", json=sent(view, **changes))
        assert reply.status_code == 400 and named in reply.json()["error"]
    assert file_of(started).read_bytes() == before


def test_rules_that_cannot_be_read_are_not_written_over(running: tuple[Served, httpx.Client]) -> None:
    started, client = running
    broken = '[[rules]]\nlabel = "mug"\n'
    file_of(started).write_text(broken)
    started.studio.reload_outlets()
    view = client.get("/api/connect").json()
    assert "then is missing" in view["rules_problem"] and view["rules"] == []
    reply = client.post("/api/connect/rules", json={"rules": [], "version": view["version"]})
    assert reply.status_code == 400 and "then is missing" in reply.json()["error"]
    assert file_of(started).read_text() == broken


def test_the_last_rule_can_be_taken_away(running: tuple[Served, httpx.Client]) -> None:
    started, client = running
    version = client.get("/api/connect").json()["version"]
    assert client.post("/api/connect/rules", json={"rules": [], "version": version}).status_code == 200
    assert "rules" not in tomllib.loads(file_of(started).read_text()) and started.studio.outlets.rules == ()


def test_a_dry_run_says_what_would_have_switched_lately(running: tuple[Served, httpx.Client]) -> None:
    started, client = running
    now = time.time()
    for ago in range(10, 0, -1):
        started.studio.outlets.put("taught", said("mug" if ago > 4 else "duck", time=now - ago))
    found = client.post("/api/connect/dry-run", json=sent(client.get("/api/connect").json())).json()
    on, off = (one for one in found["switched"] if one["rule"] == "lamp")
    assert (on["on"], off["on"], round(on["ago"] - off["ago"])) == (True, False, 4)
    assert 8 <= on["ago"] <= found["seconds"]


def test_a_test_is_sent_and_what_cannot_be_tested_is_refused(running: tuple[Served, httpx.Client]) -> None:
    started, client = running
    assert client.post("/api/connect/test", json={"sink": 0, "label": ""}).json()["message"] == "test_sent"
    refused = client.post("/api/connect/test", json={"sink": 7, "label": ""})
    assert refused.status_code == 400 and "no such sink" in refused.json()["error"]
    assert client.post("/api/connect/test", json={"sink": -1, "label": ""}).status_code == 400
    with file_of(started).open("a") as file:
        file.write(f'[[sinks]]\nto = "webhook:http://127.0.0.1:9/?outbox={file_of(started).parent}/outbox.db"\n')
    started.studio.reload_outlets()
    assert client.post("/api/connect/test", json={"sink": 1, "label": ""}).json()["message"] == "test_queued"
    started.studio.outlets.close()
    seen = file_of(started).parents[1] / "seen.jsonl"
    assert "whatsit test" in seen.read_text()


def test_the_file_is_read_again_when_asked(running: tuple[Served, httpx.Client]) -> None:
    started, client = running
    file_of(started).write_text('[[sinks]]\nto = "kettle:"\n')
    assert client.post("/api/connect/reload").status_code == 200
    view = client.get("/api/connect").json()
    assert "no sink of kind 'kettle'" in view["problem"] and view["rules"] == [] == view["sinks"]
