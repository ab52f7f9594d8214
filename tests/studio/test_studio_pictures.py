"""The requests behind Dataset, Explore and Check: what they refuse, and what they leave on the disk."""

import io
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from served import Served
from studio_pictures import shade

from whatsit.datasets.project import Project
from whatsit.errors import DataError
from whatsit.studio.jobs.background import Background
from whatsit.studio.jobs.uploads import ABANDONED_SECONDS, MOST_OPEN, Uploads, import_files


def upload(page: httpx.Client, files: dict[str, bytes], label: str = "") -> dict[str, object]:
    """Send files as the page does, in pieces of 1,000 bytes, and wait for the report."""
    upload_id = page.post("/api/dataset/upload").json()["id"]
    for path, content in files.items():
        for at in range(0, max(1, len(content)), 1000):
            query = {"path": path, "at": at}
            sent = page.post(f"/api/dataset/upload/{upload_id}", params=query, content=content[at : at + 1000])
            assert sent.status_code == 200, sent.text
    assert page.post(f"/api/dataset/upload/{upload_id}/finish", json={"label": label}).status_code == 200
    return dict(page.get("/api/dataset/import").json())


def everything(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_is_uploaded_in_pieces_arrives_byte_for_byte(serve: Callable[..., Served]) -> None:
    running = serve()
    with running.client() as page:
        upload(page, {"cat/1.jpg": shade(1), "2.jpg": shade(2)}, label="dog")
        running.studio.importing.wait()
        report = page.get("/api/dataset/import").json()["report"]
    assert (report["added"], report["labels"]) == (2, ["cat", "dog"])
    root = running.studio.project.path / "dataset"
    assert (root / "cat/1.jpg").read_bytes() == shade(1)
    assert (root / "dog/2.jpg").read_bytes() == shade(2)


def test_pictures_taught_with_one_press_share_a_burst_and_so_a_split(serve: Callable[..., Served]) -> None:
    running = serve()
    with running.client() as page:
        class_id = page.post("/api/lesson/class", json={"label": "mug"}).json()["values"]["class_id"]
        for burst in ("first", "second"):
            camera = running.studio.feed.camera
            shown = camera.latest
            assert camera.wait_for(lambda shared, shown=shown: shared.latest is not shown, 30)
            for _ in range(4):
                body = {"class_id": class_id, "burst": burst}
                assert page.post("/api/lesson/sample", json=body).status_code == 200
    with Project(running.studio.project.path) as project:
        taught = [picture for picture in project.dataset.pictures("mug") if picture.burst]
    # The class's own picture counts too where the camera had no newer frame for the first sample.
    assert len(taught) in (8, 9)
    assert {picture.source for picture in taught} == {running.studio.feed.source}
    for burst in ("first", "second"):
        assert len({picture.split for picture in taught if picture.burst == burst}) == 1


@pytest.mark.parametrize("path", ["../up.jpg", "/etc/up.jpg", "a/../../up.jpg", "..\\up.jpg", "C:/up.jpg", "a\0b.jpg"])
def test_a_path_that_points_elsewhere_writes_nothing(serve: Callable[..., Served], path: str, tmp_path: Path) -> None:
    running = serve()
    with running.client() as page:
        upload(page, {path: shade(1)})
        running.studio.importing.wait()
        report = page.get("/api/dataset/import").json()["report"]
    assert report["added"] == 0
    assert [group["paths"] for group in report["skipped"]] == [[path]]
    assert not [name for name in everything(tmp_path) if name.endswith((".jpg", ".part"))]


def test_a_bad_archive_is_named_and_the_others_arrive(serve: Callable[..., Served]) -> None:
    running = serve()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("cat/1.jpg", shade(1))
    with running.client() as page:
        upload(page, {"good.zip": file.getvalue(), "bad.zip": b"PK\x03\x04 no", "x/good.ZIP": file.getvalue()})
        running.studio.importing.wait()
        view = page.get("/api/dataset/import").json()
    assert view["state"] == "done"
    assert (view["report"]["added"], view["report"]["present"]) == (1, 1)
    (group,) = view["report"]["skipped"]
    assert group["paths"] == ["bad.zip"]
    assert group["reason"].startswith("bad.zip: not a zip archive")


@pytest.mark.parametrize("name", ["labels.csv", "my list.csv"])
def test_a_list_sent_with_its_pictures_counts_and_one_sent_alone_says_what_to_do(
    serve: Callable[..., Served], name: str
) -> None:
    running = serve()
    text = b"path,label\n1.jpg,cat\n2.jpg,owl\n"
    with running.client() as page:
        upload(page, {name: text})
        running.studio.importing.wait()
        (group,) = page.get("/api/dataset/import").json()["report"]["skipped"]
        assert group["paths"] == [name] and "zip it with them" in group["reason"]
        upload(page, {name: text, "1.jpg": shade(1), "2.jpg": shade(2)}, label="dog")
        running.studio.importing.wait()
        report = page.get("/api/dataset/import").json()["report"]
        assert (report["added"], report["labels"]) == (2, ["cat", "owl"])
        upload(page, {name: text.replace(b"owl", b"\xff"), "1.jpg": shade(1), "2.jpg": shade(2)})
        running.studio.importing.wait()
        view = page.get("/api/dataset/import").json()
    assert (view["state"], view["report"]["skipped"][0]["paths"]) == ("done", [name])
    assert "line 3: not UTF-8" in view["report"]["skipped"][0]["reason"]


def test_an_upload_refuses_a_gap_and_takes_a_piece_twice(page: httpx.Client) -> None:
    upload_id = page.post("/api/dataset/upload").json()["id"]

    def send(at: int, content: bytes) -> int:
        return page.post(
            f"/api/dataset/upload/{upload_id}", params={"path": "a.jpg", "at": at}, content=content
        ).status_code

    assert send(5, b"late") == 400
    assert (send(0, b"one"), send(0, b"one"), send(3, b"two"), send(-1, b"x")) == (200, 200, 200, 400)
    assert page.post("/api/dataset/upload/0123456789abcdef/finish", json={}).status_code == 400


def test_an_import_keeps_its_files_whoever_begins_or_cancels_uploads_meanwhile(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    others_are_done = threading.Event()

    def late(*asked: object) -> object:
        assert others_are_done.wait(30)
        return import_files(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr("whatsit.studio.jobs.importing.import_files", late)
    running = serve()
    with running.client() as page:
        mine = page.post("/api/dataset/upload").json()["id"]
        for number in range(3):
            page.post(f"/api/dataset/upload/{mine}?path=cat/{number}.jpg", content=shade(number))
        assert page.post(f"/api/dataset/upload/{mine}/finish", json={}).status_code == 200
        for _ in range(MOST_OPEN):
            assert page.post("/api/dataset/upload").status_code == 200
        assert "under way" in page.post("/api/dataset/upload").json()["error"]
        for change in ("cancel", "finish"):
            assert "being imported" in page.post(f"/api/dataset/upload/{mine}/{change}", json={}).json()["error"]
        others_are_done.set()
        running.studio.importing.wait()
        assert page.get("/api/dataset/import").json()["report"]["added"] == 3
    assert not (running.studio.project.path / ".whatsit/uploads" / mine).exists()


def test_only_an_upload_that_was_abandoned_makes_room_for_another(tmp_path: Path) -> None:
    now = 0.0
    uploads = Uploads(tmp_path / "uploads", clock=lambda: now)
    first, *others = [uploads.begin() for _ in range(MOST_OPEN)]
    now = ABANDONED_SECONDS - 1
    for upload in others:
        uploads.add(upload, "a.jpg", 0, b"x")
    with pytest.raises(DataError, match="8 uploads are under way"):
        uploads.begin()
    now = ABANDONED_SECONDS
    uploads.begin()
    with pytest.raises(DataError, match="not open any more"):
        uploads.add(first, "a.jpg", 0, b"x")


def test_an_upload_stays_where_its_import_could_not_begin(serve: Callable[..., Served]) -> None:
    running = serve()
    go_on = threading.Event()
    running.studio.importing.background.begin(lambda _: go_on.wait(30) and None)
    with running.client() as page:
        mine = page.post("/api/dataset/upload").json()["id"]
        page.post(f"/api/dataset/upload/{mine}?path=cat/1.jpg", content=shade(1))
        assert page.post(f"/api/dataset/upload/{mine}/finish", json={}).status_code == 400
        go_on.set()
        running.studio.importing.wait()
        assert page.post(f"/api/dataset/upload/{mine}/finish", json={}).status_code == 200


def test_work_that_gets_no_thread_is_refused_and_not_said_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    work = Background("import", lambda _: None)
    with monkeypatch.context() as patch, pytest.raises(DataError, match="import: cannot start"):
        patch.setattr(threading.Thread, "start", refuse)
        work.begin(lambda _: None)
    assert work.view()["state"] == "idle"
    work.begin(lambda _: None)
    work.wait()
    assert work.view()["state"] == "done"


def test_uploads_left_half_way_are_gone_at_the_next_start(tmp_path: Path, serve: Callable[..., Served]) -> None:
    left = tmp_path / "project/.whatsit/uploads/0123456789abcdef/0"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a picture")
    serve()
    assert not left.exists()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/dataset/relabel", {"keys": ["../../etc/passwd"], "label": "x"}),
        ("/api/dataset/relabel", {"keys": [], "label": "x"}),
        ("/api/dataset/delete", {"keys": ["cat/none.jpg"]}),
        ("/api/dataset/move", {"keys": ["cat/none.jpg"], "split": "elsewhere"}),
        ("/api/dataset/add-label", {"label": "a\u202eb"}),
        ("/api/dataset/rename-label", {"old": "none", "new": "x"}),
        ("/api/dataset/delete-label", {"label": ".."}),
        ("/api/dataset/export", {"layout": "../x"}),
        ("/api/check/fix", {"finding": 10**9}),
        ("/api/check/fix-all", {"kind": "label_issue"}),
    ],
)
def test_nonsense_is_refused_in_one_line(page: httpx.Client, path: str, body: dict[str, object]) -> None:
    answer = page.post(path, json=body)
    assert answer.status_code == 400
    assert "\n" not in answer.json()["error"]


@pytest.mark.parametrize(("edit", "more"), [("delete", {}), ("relabel", {"label": "dog"})])
def test_an_edit_does_what_is_left_where_a_file_has_gone(
    tmp_path: Path, serve: Callable[..., Served], edit: str, more: dict[str, str]
) -> None:
    with Project(tmp_path / "project") as project:
        for number in range(3):
            project.dataset.add(shade(number), "cat", name=f"{number}.jpg")
    running = serve()
    with running.client() as page:
        keys = page.get("/api/dataset/keys").json()["keys"]
        (tmp_path / "project/dataset/cat/1.jpg").unlink()
        answer = page.post(f"/api/dataset/{edit}", json={"keys": keys, **more})
        assert answer.status_code == 200, answer.text
        assert (answer.json()["values"]["n"], answer.json()["values"]["gone"]) == (2, 1)
        left = page.get("/api/dataset/pictures").json()["pictures"]
        assert [one["label"] for one in left] == ([] if edit == "delete" else ["dog", "dog"])


@pytest.mark.parametrize("path", ["/api/dataset/undo", "/api/dataset/upload", "/api/map", "/api/check"])
def test_other_pages_change_nothing(serve: Callable[..., Served], path: str) -> None:
    with serve().client(origin="http://elsewhere.example") as stranger:
        assert stranger.post(path, json={}).status_code == 403


def test_pictures_are_found_by_content_and_by_nothing_else(tmp_path: Path, serve: Callable[..., Served]) -> None:
    with Project(tmp_path / "project") as project:
        picture = project.dataset.add(shade(3), "cat")
    with serve().client() as page:
        tile = page.get(f"/dataset/tile/{picture.hash[:16]}.jpg")
        assert tile.headers["content-type"] == "image/jpeg"
        assert "immutable" in tile.headers["cache-control"]
        for wrong in ("0" * 16, "%25", "..%2f..%2fetc", picture.hash[:8]):
            assert page.get(f"/dataset/tile/{wrong}.jpg").status_code in (400, 404)
        assert page.get("/api/dataset/picture", params={"key": "../cat/x.jpg"}).status_code == 400


def test_a_finding_says_what_is_left_of_it(tmp_path: Path, serve: Callable[..., Served]) -> None:
    with Project(tmp_path / "project") as project:
        for number in range(12):
            project.dataset.add(shade(number), "cat", name=f"{number}.jpg")
        for name in ("torn.jpg", "cut.jpg"):
            (project.path / "dataset/cat" / name).write_bytes(shade(1)[:90] + name.encode())
    running = serve()
    with running.client() as page:
        page.post("/api/check")
        running.studio.checking.wait()

        def unreadable() -> dict[str, object]:
            kinds = {kind["kind"]: kind for kind in page.get("/api/check").json()["report"]["kinds"]}
            return dict(kinds["unreadable"]["findings"][0]) if "unreadable" in kinds else {}

        found = unreadable()
        assert found["total"] == 2
        page.post("/api/check/fix", json={"finding": found["id"], "keys": ["cat/torn.jpg"]})
        assert unreadable()["total"] == 1
        page.post("/api/dataset/undo")
        assert unreadable()["total"] == 2
        page.post("/api/check/keep", json={"finding": found["id"]})
        assert unreadable() == {}

        def check_again() -> dict[str, object]:
            page.post("/api/check")
            running.studio.checking.wait()
            return unreadable()

        assert check_again() == {}
        (tmp_path / "project/dataset/cat/third.jpg").write_bytes(shade(1)[:80])
        assert check_again()["total"] == 1
        page.post("/api/check/forget-kept")
        assert check_again()["total"] == 3


def test_a_quick_look_at_the_folders_sees_what_comes_goes_and_is_renamed(serve: Callable[..., Served]) -> None:
    running = serve(camera="browser:")
    dataset = running.studio.project.dataset
    dataset.add(shade(1), "mug", name="1.jpg")
    with running.client() as page:

        def labels() -> dict[str, int]:
            page.post("/api/dataset/refresh", params={"if_changed": "yes"})
            return dataset.totals()

        assert labels() == {"mug": 1}
        (dataset.root / "mug" / "2.jpg").write_bytes(shade(2))
        assert labels() == {"mug": 2}
        (dataset.root / "mug" / "1.jpg").unlink()
        assert labels() == {"mug": 1}
        (dataset.root / "mug").rename(dataset.root / "cup")
        assert labels() == {"cup": 1}
