"""Uses a project in every way that touches its folder: what was said, in lines of JSON.

A line of JSON on stdin, [project, outside, kind, place, moment, trains], copies nothing: it puts ``kind`` in the place
of what lies there, before anything is opened or while a studio runs, and forks a child that then uses the project, also
for training where ``trains`` says so. The answer is [status, lines]: each line what was done and every
line of output it gave. Nothing is unreadable for root: the child becomes nobody.
"""

import asyncio
import contextlib
import io
import json
import os
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx

from drawn_pictures import fill, jpeg
from small_models import small_classifier
from whatsit.backbones.cache import EmbeddingCache
from whatsit.backbones.embedder import PixelEmbedder
from whatsit.cli.app import main
from whatsit.datasets.embedding_map import embedding_map
from whatsit.datasets.issues.dismissed import Dismissal, Dismissals
from whatsit.datasets.project import Project
from whatsit.datasets.project_id import project_id
from whatsit.errors import WhatsitError
from whatsit.evaluation.sweep_record import SweepRecord
from whatsit.studio.studio import Studio
from whatsit.studio.web.app import create_app
from whatsit.tflite.flatbuffer import write_model
from whatsit.training.record import ModelFiles, write_training
from whatsit.web.access import Access
from whatsit.web.tls import self_signed

NOBODY = 65534
LONGEST = 60
"""Seconds after which a child is taken to hang."""
COMMANDS = (
    "dataset stats {project}",
    "dataset check {project} --quick",
    "dataset import {pictures} --project {project} --label extra",
    "dataset split --again --project {project}",
    "dataset split --undo --project {project}",
    "dataset export {exported} --project {project}",
    "dataset export {project}/.whatsit/exports/dataset.zip --project {project}",
    "capture --camera synthetic: --label cat --project {project}",
)
TRAINING = (
    "train {project} --name old --backbone {backbone} --epochs 1 --fit squash",
    "test {project} --name old",
    "sweep {project} --backbones {backbone} --fits squash",
    "deploy {project}/models/old.tflite litert -o {exported}-deployed",
)
PAGES = (
    "/", "/collect", "/dataset", "/check", "/explore", "/train", "/test", "/sweep", "/live", "/deploy",
    "/api/lesson", "/api/collect", "/api/dataset", "/api/dataset/pictures", "/api/check", "/api/map", "/api/map/points",
    "/api/train", "/api/work", "/api/runs", "/api/runs/epochs?name=old", "/api/models", "/api/deploy",
    "/api/deploy/targets?name=old", "/api/test?name=old", "/test/old/report.html", "/deploy/old/int8.tflite",
    "/deploy/folder.zip", "/api/sweep", "/my_classes.bin", "/pictures/2.jpg", "/dataset/export.zip",
)  # fmt: skip


def put(kind: str, place: Path, outside: Path) -> None:
    """Something else in the place of a file or folder; what was there goes outside, where a link may lead to."""
    outside.mkdir(exist_ok=True)
    kept, is_folder = outside / "kept", place.is_dir()
    if kind == "unreadable":
        if os.path.lexists(place):
            place.chmod(0)
        return
    if is_folder:
        shutil.copytree(place, kept)
        shutil.rmtree(place)
    elif os.path.lexists(place):
        shutil.copy2(place, kept)
        place.unlink()
    elif kind == "link":
        kept.write_bytes(b"a stranger's") if place.suffix or place.name == "lock" else kept.mkdir()
        is_folder = kept.is_dir()
    place.parent.mkdir(parents=True, exist_ok=True)
    match kind:
        case "link":
            place.symlink_to(kept, target_is_directory=is_folder)
        case "fifo":
            os.mkfifo(place)
        case "device":
            os.mknod(place, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero, which never ends
        case "folder":
            place.write_bytes(b"no folder") if is_folder else place.mkdir()


def use(folder: Path, pictures: Path, exported: Path, trains: bool) -> Iterator[tuple[str, list[str]]]:
    """Every command, then every page and what they do."""
    places = {
        "project": folder, "pictures": pictures, "exported": exported, "backbone": pictures.parent / "net.tflite"
    }  # fmt: skip
    for command in (*COMMANDS, *TRAINING) if trains else COMMANDS:
        yield command, said([word.format(**places) for word in command.split()])
    for what, work in {"teach": taught, "save": saved, "certificate": certified}.items():
        yield what, refused(lambda work=work: work(folder))  # type: ignore[misc]
    try:
        studio = Studio(folder, PixelEmbedder(), "browser:")
    except WhatsitError as error:
        yield "studio", [str(error)]
        return
    with contextlib.closing(studio):
        yield from visited(studio)


def said(words: list[str]) -> list[str]:
    """Every line that a command writes to standard error, and anything that is no ordinary end of it."""
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        sys.argv = ["whatsit", *words]
        try:
            main()
        except SystemExit as end:
            status = end.code
    lines = [line for line in errors.getvalue().splitlines() if line.startswith("whatsit: ") or "Traceback" in line]
    if status not in (0, 1) or len(lines) != status:
        lines.append(f"status {status} after {len(lines)} lines: {errors.getvalue()[-2000:]}")
    return lines


def refused(work) -> list[str]:  # type: ignore[no-untyped-def]
    try:
        work()
    except (WhatsitError, OSError) as error:  # an OSError names the file; the doors make a line of it
        return [str(error)]
    return []


def taught(folder: Path) -> None:
    with Project(folder) as project:
        from whatsit.studio.lessons.session import TeachSession

        with contextlib.closing(TeachSession(project.dataset, PixelEmbedder())) as session:
            session.add_sample(jpeg(900), session.lesson.classes[0].id if session.lesson.classes else None)
            project.dataset.undo()
            session.clear()
            project.dataset.undo()


def saved(folder: Path) -> None:
    with Project(folder) as project:
        for what in (
            lambda: write_training(ModelFiles(project.models, "old"), b"int8", b"float32", {}, []),
            lambda: SweepRecord(project).write_page("sweep"),
            lambda: Dismissals(project.dataset.root).add([Dismissal("blurred", (("0" * 64, "cat"),))]),
            lambda: project.dataset.delete(project.dataset.keys("dog")[:1]),
            project.dataset.empty_trash,
            lambda: embedding_map(np_ones(), ["00", "01", "02"], project.dataset.maps_folder),
            lambda: EmbeddingCache(project.dataset.embeddings_folder, PixelEmbedder()).keep([("0" * 64, np_ones()[0])]),
            lambda: project.save_settings(project.settings),
        ):
            for line in refused(what):
                assert "\n" not in line, line


def np_ones():  # type: ignore[no-untyped-def]
    import numpy as np

    return np.eye(3, PixelEmbedder().dim, dtype=np.float32)


def certified(folder: Path) -> None:
    self_signed(folder / ".whatsit", [])


def visited(studio: Studio) -> Iterator[tuple[str, list[str]]]:
    """Every page; its answer where that is a refusal."""

    async def visit() -> list[tuple[str, list[str]]]:
        seen = []
        transport = httpx.ASGITransport(create_app(studio, Access(80)), raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:80") as client:
            for page in PAGES:
                try:
                    answer = await client.get(page)
                except OSError as error:
                    seen.append((page, [str(error)]))
                    continue
                seen.append((page, [answer.text] if answer.status_code >= 400 else []))
            opened = await client.post("/api/dataset/upload", json={}, headers={"origin": "http://127.0.0.1:80"})
            seen.append(("upload", [opened.text] if opened.status_code >= 400 else []))
        return seen

    yield from asyncio.run(visit())
    for what, work in {
        "download": lambda: studio.downloads.begin("split"),
        "collect": lambda: studio.collection.take(jpeg(901), "cat", source="", burst="", time=1.0),
        "undo": studio.project.dataset.undo,
        "sample": lambda: studio.session.add_sample(jpeg(902)),
        "clear": studio.session.clear,
        "refresh": studio.project.dataset.refresh,
        "project id": lambda: project_id(studio.project.path),
        "delete run": lambda: studio.delete_run("old"),
    }.items():
        yield what, refused(work)


def child(folder: Path, outside: Path, kind: str, place: str, moment: str, trains: bool) -> list[tuple[str, list[str]]]:
    if moment == "before":
        put(kind, folder / place, outside)
        if kind == "unreadable":
            as_nobody()
        kept = contents(outside)
        used = use(folder, folder.parent / "pictures", outside.parent / "exported", trains)
        return [*used, *changed(outside, kept)]
    with contextlib.closing(Studio(folder, PixelEmbedder(), "browser:")) as studio:
        put(kind, folder / place, outside)
        if kind == "unreadable":
            as_nobody()
        kept = contents(outside)
        return [*visited(studio), *changed(outside, kept)]


def contents(folder: Path) -> dict[Path, bytes | None]:
    """Everything below a folder that can be read."""
    return {
        path: path.read_bytes() if os.access(path, os.R_OK) and path.is_file() else None for path in folder.rglob("*")
    }


def changed(outside: Path, before: dict[Path, bytes | None]) -> list[tuple[str, list[str]]]:
    return [("fault", ["something outside changed"])] if contents(outside) != before else []


def as_nobody() -> None:
    """Root can read everything."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresuid(NOBODY, NOBODY, NOBODY)


def warm_up() -> None:
    """Import everything that is used: whoever has no rights may not read Python's own files."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "project")
        fill(Path(folder, "pictures"), labels=("owl",), each=2, start=5000)
        fill(project / "dataset", each=6)
        Path(folder, "net.tflite").write_bytes(write_model(small_classifier().model))
        for exported in ("exported", "again"):
            list(use(project, Path(folder, "pictures"), Path(folder, exported), True))
        assert "ai_edge_quantizer" in sys.modules, "nothing was trained"


def main_loop() -> None:
    warm_up()
    for line in sys.stdin:
        asked = json.loads(line)
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            signal.alarm(LONGEST)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            try:
                answer = child(Path(asked[0]), Path(asked[1]), *asked[2:])
            except BaseException:
                import traceback

                answer = [("fault", [traceback.format_exc()])]
            with os.fdopen(writing, "w") as stream:
                json.dump(answer, stream)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as stream:
            text = stream.read()
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(json.dumps([os.waitstatus_to_exitcode(status), json.loads(text or "[]")]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main_loop()
