"""Kill the studio, corrections, imports, exports and deployments at random moments, and look what the next start finds.

``python tools/kill_many.py --kills 1000 --seed 7`` prints how many kills there were of each, how many fell while there
was work, and everything that was lost, half done or left lying about, at the end or at Ctrl-C; exit status 1 where
there was any. Exports and ``deploy`` go by the command line, the others by the library; ``folder`` is what writes
deployments, given a large model. Every hundred kills it says how far it is.
"""

import argparse
import contextlib
import io
import os
import random
import select
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "studio")]

from kill_teacher import change, digest  # noqa: E402

from drawn_pictures import fill, jpeg, tree  # noqa: E402
from whatsit.backbones.choice import BackboneChoice  # noqa: E402
from whatsit.backbones.embedder import PixelEmbedder  # noqa: E402
from whatsit.cli.app import main as command_line  # noqa: E402
from whatsit.datasets.formats.exporting import export_path  # noqa: E402
from whatsit.datasets.formats.importing import import_path  # noqa: E402
from whatsit.datasets.project import Project  # noqa: E402
from whatsit.deployment.deploy import _write_folder  # noqa: E402
from whatsit.studio.lessons.session import TeachSession  # noqa: E402
from whatsit.studio.studio import Studio  # noqa: E402
from whatsit.studio.watching.models import TAUGHT  # noqa: E402
from whatsit.teaching.teach import find_examples, teach  # noqa: E402

LITTER = (".tmp", ".doing.json")


@dataclass
class Summary:
    """What was done and what was found."""

    kills: Counter[str] = field(default_factory=Counter)
    in_time: Counter[str] = field(default_factory=Counter)
    """Kills before the work was done."""
    wrong: list[str] = field(default_factory=list)

    def check(self, what: str, found: object, expected: object) -> None:
        """Note a difference."""
        if found != expected:
            self.wrong.append(f"{what}: found {str(found)[:200]}, expected {str(expected)[:200]}")

    def __str__(self) -> str:
        counts = ", ".join(f"{kind} {n} ({self.in_time[kind]} while at work)" for kind, n in self.kills.items())
        return "\n".join([f"{self.kills.total()} kills: {counts}", *self.wrong, f"{len(self.wrong)} wrong"])


def killed(work: Callable[[int], object], moment: float) -> tuple[bool, bytes]:
    """Do ``work(pipe)`` in a child, which is killed after so many seconds: whether in time, and what it wrote."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        status = 1
        try:
            work(writing)
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    written, end = b"", time.monotonic() + moment
    while (left := end - time.monotonic()) > 0 and select.select([reading], [], [], left)[0]:
        part = os.read(reading, 65536)
        if not part:
            break
        written += part
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    while part := os.read(reading, 65536):
        written += part
    os.close(reading)
    return os.WIFSIGNALED(status), written


def command(*words: object) -> None:
    """What a person types."""
    sys.argv = ["whatsit", *map(str, words)]
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            command_line()
        except SystemExit as end:
            if end.code:
                raise RuntimeError(f"{sys.argv} ended with status {end.code}") from end


def timed(work: Callable[[], object]) -> float:
    """How long it takes when nobody kills it."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def litter(folder: Path) -> list[str]:
    """What should not lie there."""
    return [name for name in tree(folder) if name.endswith(LITTER) or ".whatsit/incoming/" in name]


def facts(project: Project) -> list[tuple[str, str, str]]:
    """The pictures as a person sees them."""
    return [(picture.key, picture.hash, picture.split.value) for picture in project.dataset.pictures()]


class Studios:
    """A studio that is taught, killed and started again, beside one that is left alone."""

    def __init__(self, room: Path) -> None:
        self._folder = room / "studio"
        self._apart = Project(room / "undisturbed")
        self._undisturbed = TeachSession(self._apart.dataset, PixelEmbedder())
        self._reference = [digest(self._undisturbed)]
        self._step = 0

    def kill(self, moments: random.Random, summary: Summary) -> None:
        """Teach until killed, then compare."""
        step = self._step
        _, written = killed(lambda pipe: self._teach(pipe, step), moments.uniform(0, 0.5))
        seen = [line.split() for line in written.decode().splitlines() if line.count(" ") == 1 and len(line) > 16]
        summary.in_time["studio"] += 1
        last = max((int(number) for number, _ in seen), default=step)
        while len(self._reference) <= last + 1:
            change(self._undisturbed, len(self._reference))
            self._reference.append(digest(self._undisturbed))
        for number, state in seen:
            summary.check(f"studio, acknowledged {number}", state, self._reference[int(number)])
        with closing(Studio(self._folder, PixelEmbedder(), "browser:")) as studio:
            found, possible = digest(studio.session), self._reference[last : last + 2]
            summary.check(f"studio, after step {last}", found in possible, True)
            self._step = last + possible.index(found) if found in possible else last
            summary.check("studio, litter", litter(self._folder), [])

    def _teach(self, pipe: int, step: int) -> None:
        studio = Studio(self._folder, PixelEmbedder(), "browser:")
        while True:
            step += 1
            change(studio.session, step)
            os.write(pipe, f"{step} {digest(studio.session)}\n".encode())


class Corrections:
    """Answers that are corrected, and the corrections undone."""

    PICTURES = tuple(jpeg(seed, (200, 180, 60)) for seed in range(10))
    LABELS = ("cat", None, "a new class")

    def __init__(self, room: Path) -> None:
        self._room = room
        with closing(Studio(room / "taught", PixelEmbedder(), "browser:")) as studio:
            for label, colour in (("cat", (200, 40, 40)), ("dog", (50, 60, 210))):
                added = studio.session.add_class(jpeg(1, colour), label)
                for seed in range(2, 6):
                    studio.session.add_sample(jpeg(seed, colour), added.id)
        shutil.copytree(room / "taught", room / "corrected")
        self._states: list[object] = []
        self._seconds = timed(lambda: self._correct(room / "corrected", self._states.append))

    def kill(self, moments: random.Random, summary: Summary) -> None:
        """Correct until killed; what was acknowledged is there, and undoing all of it gives the former answers."""
        folder = self._room / "killed"
        shutil.copytree(self._room / "taught", folder)
        in_time, written = killed(
            lambda pipe: self._correct(folder, lambda _: os.write(pipe, b".")), moments.uniform(0, self._seconds)
        )
        summary.in_time["correction"] += in_time
        acknowledged = max(0, len(written) - 1)
        with closing(Studio(folder, PixelEmbedder(), "browser:")) as studio:
            found, possible = self._state(studio), self._states[acknowledged : acknowledged + 2]
            summary.check(f"correction, after {acknowledged}", found in possible, True)
            summary.check("correction, litter", litter(folder), [])
            while studio.corrections.pictures:
                studio.project.dataset.undo()
            summary.check("correction, undone", self._state(studio), self._states[0])
        shutil.rmtree(folder)

    def _correct(self, folder: Path, acknowledge: Callable[[object], object]) -> None:
        studio = Studio(folder, PixelEmbedder(), "browser:")
        acknowledge(self._state(studio))
        for number, picture in enumerate(self.PICTURES):
            held = studio.asking.ask(TAUGHT, picture)["picture"]
            studio.asking.correct(TAUGHT, held, self.LABELS[number % len(self.LABELS)])
            acknowledge(self._state(studio))
        studio.close()

    def _state(self, studio: Studio) -> object:
        """What is corrected, and the answers about all pictures."""
        views = [studio.models.taught.answer(picture) for picture in self.PICTURES]
        answers = [(view["state"], view["label"], view["classes"]) for view in views]
        return [(one.hash, one.label) for one in studio.corrections.pictures], answers


class Imports:
    """An import, and the same again."""

    def __init__(self, room: Path) -> None:
        self._room = room
        fill(room / "in", each=80)
        self._seconds = timed(lambda: self._run(room / "whole"))
        with Project(room / "whole") as project:
            self._whole = facts(project)

    def kill(self, moments: random.Random, summary: Summary) -> None:
        """Import until killed; what arrived is one edit, and importing again ends the same."""
        folder = self._room / "import"
        in_time, _ = killed(lambda _: self._run(folder), moments.uniform(0, self._seconds))
        summary.in_time["import"] += in_time
        with Project(folder) as project:
            there = facts(project)
            strangers = {hash_ for _, hash_, _ in there} - {hash_ for _, hash_, _ in self._whole}
            summary.check("import, pictures of the source alone", strangers, set())
            summary.check("import, litter", litter(folder), [])
            if there:
                edit = project.dataset.undoable()
                summary.check("import, one edit", edit and edit.count, len(there))
            if moments.random() < 0.5 and there:
                project.dataset.undo()
                summary.check("import, undone", facts(project), [])
            import_path(project.dataset, self._room / "in")
            summary.check("import, again", facts(project), self._whole)
        shutil.rmtree(folder)

    def _run(self, folder: Path) -> None:
        with Project(folder) as project:
            import_path(project.dataset, self._room / "in")


class Folders:
    """Something that is written as a whole beside its place."""

    def __init__(self, kind: str, place: Path, write: Callable[[Path], object]) -> None:
        self._kind = kind
        self._place = place
        self._write = write
        place.parent.mkdir(parents=True)
        self._seconds = timed(lambda: write(place))
        self._whole = self._found()
        self._clear()

    def kill(self, moments: random.Random, summary: Summary) -> None:
        """Write until killed; it is whole or not there, and the next one leaves nothing beside it."""
        in_time, _ = killed(lambda _: self._write(self._place), moments.uniform(0, self._seconds))
        summary.in_time[self._kind] += in_time
        if self._place.exists():
            summary.check(f"{self._kind}, whole", self._found(), self._whole)
            self._clear()
        self._write(self._place)
        summary.check(f"{self._kind}, again", self._found(), self._whole)
        summary.check(f"{self._kind}, litter", list(self._place.parent.iterdir()), [self._place])
        self._clear()

    def _found(self) -> object:
        return tree(self._place) if self._place.is_dir() else self._place.read_bytes()

    def _clear(self) -> None:
        if self._place.is_dir():
            shutil.rmtree(self._place)
        else:
            self._place.unlink()


def run(kills: int, seed: int, room: Path, only: str | None) -> Summary:
    """Kill each in turn, or one kind alone."""
    summary, moments = Summary(), random.Random(seed)
    imports = Imports(room)
    shutil.copytree(room / "whole", room / "typed")
    whole = Project(room / "whole")
    typed = ("--project", room / "typed")
    made = room / "taught.tflite"
    made.write_bytes(teach(find_examples(room / "in"), BackboneChoice(size=96)).to_tflite())
    model = {"model.tflite": random.Random(seed).randbytes(2**22), "a/labels.txt": b"cat\n"}
    subjects = {
        "studio": Studios(room),
        "correction": Corrections(room),
        "import": imports,
        "export": Folders(
            "export",
            room / "exports/made",
            lambda place: command("dataset", "export", place, *typed),
        ),
        "archive": Folders("archive", room / "zips/made.zip", lambda place: export_path(whole.dataset, place)),
        "folder": Folders("folder", room / "folders/made", lambda place: _write_folder(place, model)),
        "deploy": Folders(
            "deploy", room / "deployed/made", lambda place: command("deploy", made, "litert", "-o", place)
        ),
    }
    with contextlib.closing(whole), contextlib.suppress(KeyboardInterrupt):
        for number in range(kills):
            kind = only or list(subjects)[number % len(subjects)]
            subjects[kind].kill(moments, summary)
            summary.kills[kind] += 1
            if not (number + 1) % 100:
                sys.stderr.write(f"{summary}\n")
    return summary


def main() -> None:
    """Kill as often as asked and say what was found."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=1000)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--only", choices=["studio", "correction", "import", "export", "archive", "folder", "deploy"])
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as room:
        summary = run(asked.kills, asked.seed, Path(room), asked.only)
    sys.stdout.write(f"{summary}\n")
    sys.exit(bool(summary.wrong))


if __name__ == "__main__":
    main()
