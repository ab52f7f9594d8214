"""A damaged file of a project is named and set aside, what can be made again is, and everything else works."""

import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from drawn_pictures import jpeg
from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.project import Project
from whatsit.errors import DataError
from whatsit.studio.jobs.worker import Worker
from whatsit.studio.lessons.session import TeachSession
from whatsit.web.tls import self_signed


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damaged") / "start"
    with Project(folder) as project, closing(TeachSession(project.dataset, PixelEmbedder())) as session:
        for number in range(12):
            project.dataset.add(jpeg(number), "cat", split=("training", "test")[number % 2])
        mug = session.add_class(jpeg(100), "mug")
        session.add_sample(jpeg(101), mug.id)
    return folder


@pytest.fixture
def folder(start: Path, tmp_path: Path) -> Path:
    return shutil.copytree(start, tmp_path / "project")


def pictures(folder: Path) -> list[tuple[str, str]]:
    with Project(folder) as project:
        return [(picture.key, picture.split.value) for picture in project.dataset.pictures()]


def sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0x40
    path.write_bytes(content)


INDEX = {
    "garbage": lambda path: path.write_bytes(b"no database" * 1000),
    "half of it": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "a split that does not exist": lambda path: sql(path, "UPDATE records SET split = 'sideways'"),
    "text for a size": lambda path: sql(path, "UPDATE files SET size = 'big'"),
    "a key that leads out": lambda path: sql(path, "INSERT INTO files VALUES ('../x/y.jpg', 'x', 'y', 1, 1)"),
    "a thumbnail of another size": lambda path: sql(path, "UPDATE fingerprints SET thumb = x'00'"),
    "a page of zeros": lambda path: path.write_bytes(path.read_bytes()[:4096] + bytes(path.stat().st_size - 4096)),
}


@pytest.mark.parametrize("damage", INDEX)
def test_a_damaged_index_is_set_aside_and_made_again(
    folder: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = pictures(folder)
    INDEX[damage](folder / ".whatsit/index.db")
    assert pictures(folder) == before
    assert (folder / ".whatsit/index.db.damaged-1").exists()
    assert any("index.db: damaged" in record.getMessage() for record in caplog.records)
    caplog.clear()
    assert pictures(folder) == before and not caplog.records


LESSONS = {
    "garbage": lambda path: path.write_bytes(b"no database" * 1000),
    "a flipped bit in a page": lambda path: flip(path, 4096 + 3),
    "a lesson that is none": lambda path: sql(path, "UPDATE versions SET lesson = '[[[['"),
    "a number that is none": lambda path: sql(path, "INSERT OR REPLACE INTO settings VALUES ('highest_id', 'many')"),
}


@pytest.mark.parametrize("damage", LESSONS)
def test_a_damaged_lesson_is_set_aside_and_the_pictures_stay(
    folder: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = pictures(folder)
    LESSONS[damage](folder / ".whatsit/teach.db")
    with Project(folder) as project, closing(TeachSession(project.dataset, PixelEmbedder())) as session:
        assert not session.lesson.classes
        session.load((folder / "my_classes.bin.damaged-1").read_bytes())
        assert [found.label for found in session.lesson.classes] == ["mug"]
        session.add_class(jpeg(500), "new")
    assert (folder / ".whatsit/teach.db.damaged-1").exists()
    assert sum("teach.db: damaged" in record.getMessage() for record in caplog.records) == 1
    assert [one for one in pictures(folder) if not one[0].startswith("new/")] == before


def test_a_time_that_no_clock_shows_costs_no_split(folder: Path) -> None:
    before, file = pictures(folder), folder / "dataset/splits.csv"
    for nonsense in ("nan", "inf", "-1e300", "1e999"):
        lines = [line.rsplit(",", 1)[0] + f",{nonsense}" for line in file.read_text().splitlines()[1:]]
        file.write_text("\n".join([file.read_text().splitlines()[0], *lines]) + "\n")
        (folder / ".whatsit/index.db").unlink()
        assert pictures(folder) == before


@pytest.mark.parametrize("content", [b"", b"{", b'{"moves": [[1', b"\xff" * 99, b"[" * 100_000, b'{"time": 1e999}'])
def test_a_damaged_edit_is_set_aside_and_passed_over(folder: Path, content: bytes) -> None:
    newest = max((folder / ".whatsit/history").glob("*.json"))
    newest.write_bytes(content)
    with Project(folder) as project, closing(TeachSession(project.dataset, PixelEmbedder())) as session:
        session.add_class(jpeg(600), "after")
        project.dataset.refresh()
        assert project.dataset.undo() is not None
    assert newest.with_name(f"{newest.name}.damaged-1").read_bytes() == content


def test_settings_that_no_person_wrote_are_set_aside_and_a_typing_error_is_named(folder: Path) -> None:
    settings = folder / "whatsit.toml"
    for content in (b"a = " + b"[" * 5000 + b"]" * 5000, b"\xff\xfe\x00"):
        settings.write_bytes(content)
        with Project(folder) as project:
            assert project.settings.name == "project"
    assert settings.with_name("whatsit.toml.damaged-2").exists()
    settings.write_text("name = 'no end\n")
    with pytest.raises(DataError, match="whatsit.toml: cannot be read") as refused:
        Project(folder)
    assert "\n" not in str(refused.value) and settings.exists()


def test_a_garbage_key_is_set_aside_and_a_new_pair_made(folder: Path) -> None:
    pytest.importorskip("cryptography", reason="certificates need cryptography")
    certificate, key = self_signed(folder / ".whatsit", [])
    assert self_signed(folder / ".whatsit", []) == (certificate, key)
    made = certificate.read_bytes()
    key.write_bytes(b"garbage")
    self_signed(folder / ".whatsit", [])
    assert key.with_name("studio.key.damaged-1").read_bytes() == b"garbage"
    assert certificate.read_bytes() != made and key.stat().st_mode & 0o777 == 0o600


def test_a_worker_that_cannot_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[str | None] = []
    worker = Worker("training")
    with monkeypatch.context() as patch:
        patch.setattr("subprocess.Popen", _no_memory)
        with pytest.raises(DataError, match="training: its process cannot start: Cannot allocate memory"):
            worker.begin({"job": "train"}, lambda _: None, ends.append)  # type: ignore[typeddict-item]
    assert not worker.running
    monkeypatch.setattr("whatsit.studio.jobs.worker.module_command", lambda _: ["false"])
    worker.begin({"job": "train"}, lambda _: None, ends.append)  # type: ignore[typeddict-item]
    worker.wait()
    assert ends == ["the process could not start (exit status 1); the terminal says why"]


def _no_memory(*_: object, **__: object) -> Callable[..., None]:
    raise OSError(12, "Cannot allocate memory")


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
