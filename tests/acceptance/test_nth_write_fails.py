"""The n-th write fails, for every n: what was refused is unchanged, what was done is there, the second try succeeds."""

import errno
import logging
import os
import random
import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from drawn_pictures import fill, tree
from nth_call import ALWAYS, NthCall, fail, installed
from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.formats.exporting import export_path
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.project import Project
from whatsit.deployment.deploy import _write_folder
from whatsit.errors import WhatsitError
from whatsit.files import write_file
from whatsit.studio.lessons.collection import Collection
from whatsit.studio.lessons.session import TeachSession
from whatsit.training.record import ModelFiles, write_training

sys.path.append(str(Path(__file__).parents[1] / "studio"))
from kill_teacher import state
from studio_pictures import jpeg, shade

EVERY = bool(os.environ.get("WHATSIT_EVERY_WRITE"))
"""``WHATSIT_EVERY_WRITE=1``: at every call instead of some."""
SOME = 5
DISKS = {
    "fails once": (errno.EIO, False),
    "is full for once": (errno.ENOSPC, False),
    "is full from then on": (errno.ENOSPC, True),
}
MUG, SKY = (f"session.lesson.classes[{place}].id" for place in range(2))
CHANGES = {
    "teach a class": "session.add_class(shade(20), 'new')",
    "teach a sample": f"session.add_sample(shade(20), {MUG})",
    "go on with a burst": f"session.add_sample(shade(20), {SKY}, burst='press')",
    "undo": "dataset.undo()",
    "clear": "session.clear()",
    "move a taught picture": f"session.move_picture(session.lesson.shots_of({MUG})[1].id, {SKY})",
    "load": "session.load(session.feature_file())",
    "collect": "Collection(dataset).take(shade(30), 'sky', source='', burst='b', time=1.0)",
    "relabel": "dataset.relabel(dataset.keys('sea'), 'ocean')",
    "delete": "dataset.delete(dataset.keys('sky')[:1])",
    "delete a class": "dataset.delete_label('sky')",
    "rename a class": "dataset.rename_label('sky', 'heaven')",
    "move to a split": "dataset.set_split(dataset.keys('sky')[:1], 'test')",
    "empty the trash": "dataset.empty_trash()",
}


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("failing") / "start"
    with Project(folder) as project, closing(TeachSession(project.dataset, PixelEmbedder())) as session:
        for number in range(3):
            project.dataset.add(shade(7 + number), "sea", split="training")
        project.dataset.add(shade(17), "sky", split="training")
        for number, label in enumerate(("mug", "sky")):
            session.add_class(shade(number), label)
        mug, sky = (found.id for found in session.lesson.classes)
        session.add_sample(jpeg("red"), mug)
        project.dataset.delete(project.dataset.keys("sea")[:1])
        session.add_sample(jpeg("blue"), sky, burst="press")
    return folder


def moments(calls: int, seed: str) -> list[int]:
    """The calls to fail at."""
    return list(range(calls)) if EVERY else sorted(random.Random(seed).sample(range(calls), min(calls, SOME)))


def seen(folder: Path) -> tuple[str, list[str]]:
    """What a person sees after the next start, and every file that should not be there."""
    with Project(folder) as project, closing(TeachSession(project.dataset, PixelEmbedder())) as session:
        litter = [name for name in tree(folder) if name.endswith((".tmp", ".doing.json")) or "incoming/" in name]
        return state(session), litter


def attempt(code: str, project: Project, session: TeachSession, nth: NthCall) -> bool:
    """Whether it was done; False: refused, in one line."""
    names = {"session": session, "dataset": project.dataset, "shade": shade, "Collection": Collection}
    try:
        with installed(nth, project, session):
            exec(code, names)
    except WhatsitError as error:
        assert len(str(error).splitlines()) == 1
        return False
    return True


@pytest.mark.parametrize("disk", DISKS)
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_is_refused_changes_nothing(
    start: Path, tmp_path: Path, change: str, disk: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    code, (number, on) = CHANGES[change], DISKS[disk]
    before = seen(shutil.copytree(start, tmp_path / "before"))[0]
    counting = NthCall(ALWAYS, fail(number))
    project = Project(shutil.copytree(start, tmp_path / "after"))
    with project, closing(TeachSession(project.dataset, PixelEmbedder())) as session:
        attempt(code, project, session, counting)
    after = seen(tmp_path / "after")[0]
    assert before != after
    for at in moments(counting.calls, change):
        folder = shutil.copytree(start, tmp_path / f"{at}")
        with Project(folder) as project, closing(TeachSession(project.dataset, PixelEmbedder())) as session:
            done = attempt(code, project, session, NthCall(at, fail(number), on=on))
        found, litter = seen(folder)
        assert litter == []
        assert found == (after if done else before), f"call {at} of {counting.calls}: {'done' if done else 'refused'}"
        if not done:
            with Project(folder) as project, closing(TeachSession(project.dataset, PixelEmbedder())) as session:
                assert attempt(code, project, session, NthCall(ALWAYS, fail(number)))
            assert seen(folder)[0] == after
        shutil.rmtree(folder)


def test_an_import_on_a_failing_disk_is_one_edit_and_goes_on(tmp_path: Path) -> None:
    fill(tmp_path / "in", each=4)
    with Project(tmp_path / "whole") as project:
        with installed(counting := NthCall(ALWAYS, fail(errno.ENOSPC)), project):
            import_path(project.dataset, tmp_path / "in")
        whole = [(picture.key, picture.hash, picture.split) for picture in project.dataset.pictures()]
    for at in moments(counting.calls, "import"):
        folder = tmp_path / f"{at}"
        with Project(folder) as project:
            try:
                with installed(NthCall(at, fail(errno.ENOSPC)), project):
                    import_path(project.dataset, tmp_path / "in")
                done = True
            except WhatsitError:
                done = False
        with Project(folder) as project:
            there = [(picture.key, picture.hash, picture.split) for picture in project.dataset.pictures()]
            assert there == (whole if done else [])
            import_path(project.dataset, tmp_path / "in")
            assert [(picture.key, picture.hash, picture.split) for picture in project.dataset.pictures()] == whole
            assert project.dataset.undo() is not None and not project.dataset.pictures()


def write_old(folder: Path) -> None:
    write_training(ModelFiles(folder, "model"), b"old", b"old float", {"old": True}, [])


FILES: dict[str, Callable[[Path, Project], object]] = {
    "a training": lambda folder, _: write_training(ModelFiles(folder, "model"), b"new", b"new float", {}, []),
    "an exported model": lambda folder, _: write_file(folder / "model.tflite", b"new"),
    "a deployed folder": lambda folder, _: _write_folder(folder / "made", {"a/b.txt": b"1", "model.tflite": b"2"}),
    "an exported dataset": lambda folder, project: export_path(project.dataset, folder / "made"),
    "an archive": lambda folder, project: export_path(project.dataset, folder / "made.zip"),
}


@pytest.mark.parametrize("disk", DISKS)
@pytest.mark.parametrize("what", FILES)
def test_files_are_new_as_a_whole_or_as_they_were(start: Path, tmp_path: Path, what: str, disk: str) -> None:
    write, (number, on) = FILES[what], DISKS[disk]
    with Project(shutil.copytree(start, tmp_path / "project")) as project:
        (tmp_path / "old").mkdir()
        write_old(tmp_path / "old")
        done = shutil.copytree(tmp_path / "old", tmp_path / "done")
        with installed(counting := NthCall(ALWAYS, fail(number))):
            write(done, project)
        assert tree(done) != tree(tmp_path / "old")
        for at in moments(counting.calls, what):
            folder = shutil.copytree(tmp_path / "old", tmp_path / f"{at}")
            try:
                with installed(NthCall(at, fail(number), on=on)):
                    write(folder, project)
                expected = tree(done)
            except WhatsitError:
                expected = tree(tmp_path / "old")
            # A full disk may keep a temporary file of ours from being removed; it never keeps the old name from it.
            found = {name: content for name, content in tree(folder).items() if not name.endswith(".tmp")}
            assert found == expected, f"call {at} of {counting.calls}"
            write(shutil.copytree(tmp_path / "old", folder / "again"), project)
