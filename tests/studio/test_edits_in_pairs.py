"""Two pages open: every edit of one after every edit of the other is right on both, and after a restart, and undone."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from edit_model import UNLABELLED, Model
from served import Served, served
from studio_pictures import shade
from websockets.sync.client import ClientConnection, connect

from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.project import Project
from whatsit.studio.gallery import counts_view
from whatsit.studio.lessons.edit_view import undo_view
from whatsit.studio.lessons.lesson_view import lesson_view
from whatsit.studio.lessons.session import TeachSession

SEEDS = {name: 100 + place for place, name in enumerate("abcdefghijklmnopqrstuvwxyz")}
BY_HASH = {hashlib.sha256(shade(seed)).hexdigest()[:16]: name for name, seed in SEEDS.items()}
IMPORTED = {"v": "mug", "w": "bird"}
KINDS = ("lesson", "dataset", "collection", "undo")


def picture(name: str) -> bytes:
    return shade(SEEDS[name])


def begin(folder: Path) -> Model:
    """Classes mug and sky with two taught pictures each, duck with one, a sample without a label; sea and one more of
    sky are not taught. What was taught after the classes waits for the next learning."""
    model = Model()
    with Project(folder) as project, closing(TeachSession(project.dataset, PixelEmbedder())) as session:
        session.set_auto_learn(False)
        for name, label in {"s": "sea", "t": "sea", "u": "sky"}.items():
            project.dataset.add(picture(name), label)
            model.add(name, label)
        for name, label in {"a": "mug", "b": "sky", "c": "duck"}.items():
            session.add_class(picture(name), label)
            model.teach(name, label)
        ids = {found.label: found.id for found in session.lesson.classes}
        for name, label in {"d": "mug", "e": "sky", "f": UNLABELLED}.items():
            session.add_sample(picture(name), ids.get(label))
            model.teach(name, label)
        project.dataset.empty_trash()  # nothing of this can be undone
    return model


@dataclass
class Page:
    """A page as its script is: it knows what the WebSocket said last, and asks by HTTP."""

    number: int
    client: httpx.Client
    tab: ClientConnection
    seen: dict[str, Any] = field(default_factory=dict)
    free_label: str = ""
    """What a class without a name will be called."""

    def hear(self) -> None:
        """Until the message that every edit sends last."""
        while True:
            message = self.tab.recv(timeout=20)
            if isinstance(message, str) and (parsed := json.loads(message))["kind"] in KINDS:
                self.seen[parsed["kind"]] = parsed
                if parsed["kind"] == "undo":
                    return

    def class_id(self, label: str) -> int | None:
        return next((one["id"] for one in self.seen["lesson"]["classes"] if one["label"] == label), None)

    def shot_id(self, name: str) -> int | None:
        groups = [*self.seen["lesson"]["classes"], self.seen["lesson"]["unlabelled"]]
        ids = {BY_HASH.get(shot["picture"]): shot["id"] for group in groups for shot in group["shots"]}
        return ids.get(name)

    def key(self, name: str) -> str | None:
        pictures = self.client.get("/api/dataset/pictures").json()["pictures"]
        return next((one["key"] for one in pictures if BY_HASH[one["id"]] == name), None)

    def post(self, path: str, **body: object) -> bool:
        if None in body.values() or body.get("keys") == [None]:
            return False
        answer = self.client.post(path, json=body)
        assert answer.status_code in (200, 400), answer.text
        return answer.status_code == 200

    def upload(self, to: str | int | None, name: str) -> bool:
        if to is None:
            return False
        return self.client.post("/api/lesson/upload", params={"to": to}, content=picture(name)).status_code == 200

    def load(self) -> bool:
        file = self.client.get("/my_classes.bin")
        return file.status_code == 200 and self.client.post("/api/lesson/load", content=file.content).is_success

    def bring(self, labels: dict[str, str]) -> bool:
        """Import, and wait until it is done."""
        upload = self.client.post("/api/dataset/upload").json()["id"]
        for name, label in labels.items():
            query = {"path": f"{label}/{name}.jpg", "at": 0}
            self.client.post(f"/api/dataset/upload/{upload}", params=query, content=picture(name))
        self.post(f"/api/dataset/upload/{upload}/finish", label="")
        while (view := self.client.get("/api/dataset/import").json())["state"] == "running":
            pass
        return bool(view["report"]["added"])


Do = Callable[[Page], bool]
"""Asks for an edit; False where the page has nothing to ask for, or the server refused."""
Expect = Callable[[Model, Page], None]
"""What that does to the model."""
EDITS: dict[str, tuple[Do, Expect]] = {
    "Teach: add a class": (
        lambda page: page.upload("new", "gj"[page.number]),
        lambda model, page: model.teach("gj"[page.number], page.free_label),
    ),
    "Teach: add a sample": (
        lambda page: page.upload(page.class_id("sky"), "hk"[page.number]),
        lambda model, page: model.teach("hk"[page.number], "sky"),
    ),
    "Teach: add an unlabelled sample": (
        lambda page: page.upload("unlabelled", "il"[page.number]),
        lambda model, page: model.teach("il"[page.number], UNLABELLED),
    ),
    "Teach: teach a picture that was collected": (
        lambda page: page.shot_id("u") is None and page.upload(page.class_id("sky"), "u"),
        lambda model, _: model.teach("u", "sky"),
    ),
    "Teach: move a picture": (
        lambda page: page.post("/api/lesson/move-picture", shot_id=page.shot_id("c"), class_id=page.class_id("mug")),
        lambda model, _: model.relabel(["c"], "mug", keep_folders=False),
    ),
    "Teach: rename": (
        lambda page: page.post("/api/lesson/rename", class_id=page.class_id("mug"), label="cup"),
        lambda model, _: model.rename_taught("mug", "cup"),
    ),
    "Teach: rename to a folder that is there": (
        lambda page: page.post("/api/lesson/rename", class_id=page.class_id("sky"), label="sea"),
        lambda model, _: model.rename_taught("sky", "sea"),
    ),
    "Teach: remove a class": (
        lambda page: page.post("/api/lesson/remove-class", class_id=page.class_id("sky")),
        lambda model, _: model.forget_class("sky"),
    ),
    "Teach: remove a picture": (
        lambda page: page.post("/api/lesson/remove-picture", shot_id=page.shot_id("a")),
        lambda model, _: model.forget(["a"]),
    ),
    "Teach: clear": (lambda page: page.post("/api/lesson/clear"), lambda model, _: model.clear()),
    "Teach: learn": (lambda page: page.post("/api/lesson/learn"), lambda model, _: model.learn()),
    "Teach: load": (lambda page: page.load(), lambda model, _: model.load()),
    "Dataset: relabel a taught picture": (
        lambda page: page.post("/api/dataset/relabel", keys=[page.key("a")], label="sea"),
        lambda model, _: model.relabel(["a"], "sea", keep_folders=True),
    ),
    "Dataset: relabel an untaught picture": (
        lambda page: page.post("/api/dataset/relabel", keys=[page.key("s")], label="mug"),
        lambda model, _: model.relabel(["s"], "mug", keep_folders=True),
    ),
    "Dataset: rename a class": (
        lambda page: page.post("/api/dataset/rename-label", old="mug", new="beaker"),
        lambda model, _: model.rename("mug", "beaker"),
    ),
    "Dataset: delete a picture": (
        lambda page: page.post("/api/dataset/delete", keys=[page.key("c")]),
        lambda model, _: model.remove(["c"], keep_folders=True),
    ),
    "Dataset: delete a class": (
        lambda page: page.post("/api/dataset/delete-label", label="sky"),
        lambda model, _: model.delete_class("sky"),
    ),
    "Dataset: move to another split": (
        lambda page: page.post("/api/dataset/move", keys=[page.key("a")], split="test"),
        lambda model, _: model.tests.add("a"),
    ),
    "Dataset: add a class": (
        lambda page: page.post("/api/dataset/add-label", label="owl"),
        lambda model, _: model.empty.add("owl"),
    ),
    "Dataset: import": (
        lambda page: page.bring({"v": "mug", "w": "bird"}),
        lambda model, _: model.bring({"v": "mug", "w": "bird"}),
    ),
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, list[Page], Model]]:
    """A studio with two pages open."""
    folder = tmp_path_factory.mktemp("pairs") / "project"
    model = begin(folder)
    with served(folder, "browser:") as studio, ExitStack() as opened:
        address = f"ws://127.0.0.1:{studio.port}/ws"
        pages = []
        for number in range(2):
            client = opened.enter_context(studio.client())
            tab = opened.enter_context(connect(address, origin=studio.origin))  # type: ignore[arg-type]
            pages.append(Page(number, client, tab))
            pages[-1].hear()
        yield studio, pages, model


def assert_seen(pages: list[Page], model: Model) -> None:
    """Both pages were told the same, and it is what a person expects."""
    for page in pages:
        assert page.seen == pages[0].seen
        lesson, counts = page.seen["lesson"], page.seen["dataset"]["labels"]
        assert {
            "classes": {one["label"]: one["count"] for one in lesson["classes"]},
            "unlabelled": lesson["unlabelled"]["count"],
            "unlearnt": lesson["unlearnt"],
        } == model.lesson()
        assert {one["label"]: one["training"] + one["validation"] + one["test"] for one in counts} == model.dataset()
    shown = pages[0].client.get("/api/dataset/pictures", params={"split": "test"}).json()["pictures"]
    assert model.tests & model.labels.keys() <= {BY_HASH[one["id"]] for one in shown}


def assert_same_after_a_restart(page: Page, folder: Path, copy: Path) -> None:
    """Opened by another studio, the project says what this page was told last."""
    shutil.copytree(folder, copy)
    with Project(copy) as project, closing(TeachSession(project.dataset, PixelEmbedder())) as session:
        views = {
            "lesson": lesson_view(session),
            "dataset": counts_view(project.dataset),
            "undo": undo_view(project.dataset),
        }
        for kind, view in views.items():
            told = {name: value for name, value in page.seen[kind].items() if name != "kind"}
            assert _without_ids(json.loads(json.dumps(view))) == _without_ids(told), kind
    shutil.rmtree(copy)


def _without_ids(view: Any) -> Any:
    """Numbers of classes that no version of the lesson knows yet are given anew by each studio."""
    if isinstance(view, dict):
        return {name: _without_ids(value) for name, value in view.items() if name != "id"}
    return [_without_ids(value) for value in view] if isinstance(view, list) else view


@pytest.mark.parametrize("first", EDITS)
def test_every_edit_after_this_one_is_right_on_both_pages_and_can_be_undone(
    running: tuple[Served, list[Page], Model], first: str, tmp_path: Path
) -> None:
    studio, pages, start = running
    folder = studio.studio.project.path
    at_first = dict(pages[0].seen)
    names = list(EDITS)
    for place, second in enumerate(names):
        before = [start]
        for page, name in zip(pages, (first, second), strict=True):
            do, expect = EDITS[name]
            model = before[-1].copy()
            page.free_label = next(label for n in range(1, 9) if (label := f"class {n}") not in model.dataset())
            if do(page):
                expect(model, page)
            if model != before[-1]:
                before.append(model)
                for each in pages:
                    each.hear()
            assert_seen(pages, model)
        if (names.index(first) + place) % 4 == 0:  # five restarts after every edit, in either place
            assert_same_after_a_restart(pages[0], folder, tmp_path / "copy")
        while len(before) > 1:
            assert pages[len(before) % 2].post(("/api/lesson/undo", "/api/dataset/undo")[len(before) % 2])
            before.pop()
            for each in pages:
                each.hear()
            assert_seen(pages, before[-1])
        assert pages[0].seen == at_first, second
        studio.studio.project.dataset.empty_trash()  # so that copying the project stays cheap
        for each in pages:
            each.hear()
