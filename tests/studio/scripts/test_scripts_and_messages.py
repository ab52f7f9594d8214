"""The pages' scripts use the addresses, kinds and fields that the server's types have, and all of them."""

import re
from functools import cache
from pathlib import Path

import pytest
from data_flow import Analysis
from javascript_tree import parse, scripts_of, string, walk
from server_calls import ServerCalls, filled_in
from server_types import Record, message_shapes, records_in, routes, shape_of, wishes

from whatsit.studio.gallery import CountsView, LabelCounts
from whatsit.studio.pages.shared.page import FOLDER, STATIC, find_pages

PAGES = {page.name: page for page in find_pages()}
READ_BY_SHARED_SCRIPTS = {("Reply", "message"), ("Reply", "values"), ("Hello", "tab"), ("Hello", "project")}
"""By ``requests.js`` and ``socket.js``, which are not followed themselves."""


def server() -> ServerCalls:
    return ServerCalls(routes(), message_shapes(), wishes())


@cache
def analysis(name: str) -> Analysis:
    return Analysis(scripts_of(PAGES[name]), server())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_and_sends_only_fields_that_the_server_knows(name: str) -> None:
    assert [f"{problem.place} {problem.text}" for problem in analysis(name).problems] == []


def test_every_field_that_the_server_sends_is_read_by_some_script() -> None:
    read = READ_BY_SHARED_SCRIPTS.union(*(analysis(name).reads for name in PAGES))
    answers = [route.answer for route in routes().values() if route.path.startswith("/api/")]
    records = records_in([*answers, *message_shapes().values()])
    # The values of a reply fill placeholders; see the tests of the words.
    records = {name: record for name, record in records.items() if not name.endswith("Values")}
    unread = {(name, field) for name, record in records.items() for field in record.fields} - read
    # What a view has in common with another one is read of either: the progress of a job comes in two ways.
    shared = {
        (name, field)
        for name, field in unread
        for other in records.values()
        if (other.name, field) in read and other.fields.keys() < records[name].fields.keys()
    }
    assert unread - shared == set()


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ('const { report } = await get("/api/check"); report.kinds.map((one) => one.findings[0].mends);',
         "FindingView has no field 'mends'"),
        ('get("/api/check").then(({ report: { kind } }) => kind);', "ReportView has no field 'kind'"),
        ('let all = []; all = (await get("/api/dataset")).labels; for (const { name } of all) name;', "LabelCounts"),
        ('const seen = new Map(); on("map", (view) => seen.set(1, view)); seen.get(1).finished;', "BackgroundView"),
        ('class Wall { rows = []; show() { return this.rows[0].hash; } set(rows) { this.rows = rows; } }\n'
         'new Wall().set((await get("/api/dataset/pictures")).pictures);', "PictureView has no field 'hash'"),
        ('const list = { row: async () => (await get("/api/dataset/picture")) }; (await list.row()).hash;',
         "DetailsView"),
        ('act("/api/check/fix", { id: 1 });', "FixChoice has no field 'id'"),
        ('act("/api/check/fix", { id: 1 });', "'finding' is not sent"),
        ('const more = { number: 2 }; act("/api/check/fix", { finding: 1, ...more });', "no field 'number'"),
        ('get("/api/dataset/pictures", { start: 3 });', "the query has no field 'start'"),
        ('act("/api/check/repair", {});', "there is no route POST /api/check/repair"),
        ('const route = "/api/check"; get(route);', "must be a literal"),
        ('on("findings", (view) => view);', "no message of the kind 'findings'"),
        ("want({ sound: true });", "Wishes has no field 'sound'"),
    ],
)  # fmt: skip
def test_a_name_that_only_the_script_has_is_found(script: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "page.js"
    imports = 'import { act, get } from "../requests.js";\nimport { on, want } from "../socket.js";\n'
    file.write_text(imports + script)
    found = Analysis([STATIC / "requests.js", STATIC / "socket.js", file], server()).problems
    assert any(problem in one.text and one.place.startswith("page.js:") for one in found)


def test_a_field_that_only_the_server_renamed_is_found() -> None:
    (counts,), (label,) = shape_of(CountsView), shape_of(LabelCounts)
    assert isinstance(counts, Record)
    assert isinstance(label, Record)
    renamed = Record(counts.name, {"classes": counts.fields["labels"]}, frozenset())
    changed = ServerCalls(routes(), {**message_shapes(), "dataset": (renamed,)}, wishes())
    found = Analysis(scripts_of(PAGES["dataset"]), changed)
    assert {problem.text for problem in found.problems} == {"CountsView has no field 'labels'"}


def test_every_address_in_scripts_and_templates_is_served() -> None:
    addresses = set()
    for file in FOLDER.rglob("*.js"):
        for node in walk(parse(file)):
            if node.type in ("string", "template_string"):
                addresses.add(string(node) if node.type == "string" else filled_in(node))
    for file in FOLDER.rglob("*.html"):
        template = re.sub(r"\{\{.*?\}\}", "{}", file.read_text("utf-8"))
        addresses |= set(re.findall(r'(?:href|src|action)="([^"]*)"', template))
    local = {re.split(r"[?#]", address)[0] for address in addresses if re.match(r"/[^/]", address + "x")}
    assert len(local) > 40
    served = {path for _, path in routes()} | {"/ws", ""}
    for file in [*STATIC.iterdir(), *FOLDER.glob("*/*.js"), *FOLDER.glob("*/*.css")]:
        shared = file.parent == STATIC
        served.add(f"/static/{file.name}" if shared else f"/static/{file.parent.name}/{file.name}")
    # What is put in at the end can bring the rest of an address.
    missing = {
        one for one in local - served if not (one.endswith("{}") and any(path[: len(one)] == one for path in served))
    }
    assert missing <= {"/{}", "/static/{}/{}.js", "/static/{}/{}.css"}
