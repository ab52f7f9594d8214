"""kill -9 in the middle of teaching: what was acknowledged is there, and files and lesson agree."""

import os
import random
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from kill_teacher import change, digest, state

from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.label import folder_name
from whatsit.datasets.project import Project
from whatsit.imaging.image import load_image
from whatsit.studio.lessons.session import TeachSession
from whatsit.teaching.feature_store import load_features

KILLS = 200


class Teacher:
    """The process that teaches, and is killed."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).parent / "kill_teacher.py"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
        assert self._process.stdout is not None
        self._output = self._process.stdout.fileno()
        self._unread = b""

    def teach_and_be_killed(self, folder: Path, step: int, moment: float, acknowledged: int) -> dict[int, str]:
        """Teach from ``step`` on; killed ``moment`` seconds after so many acknowledgements. All of those."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{folder} {step}\n".encode())
        self._process.stdin.flush()
        child = int(self._line().split()[1])
        seen = dict(self._acknowledgement(self._line()) for _ in range(acknowledged))
        select.select([], [], [], moment)  # the random moment itself: nothing is waited for
        os.kill(child, signal.SIGKILL)
        while (line := self._line()) != "gone":
            seen.update([self._acknowledgement(line)])
        return seen

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _line(self) -> str:
        while b"\n" not in self._unread:
            received = os.read(self._output, 65536)
            assert received, "the teaching process ended by itself"
            self._unread += received
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    @staticmethod
    def _acknowledgement(line: str) -> tuple[int, str]:
        step, state = line.split()
        return int(step), state


@pytest.fixture
def teacher() -> Iterator[Teacher]:
    teacher = Teacher()
    yield teacher
    teacher.end()


def assert_files_agree(session: TeachSession, folder: Path) -> None:
    """Taught pictures lie where the lesson says, and the feature file holds exactly them."""
    lesson, embedder = session.lesson, PixelEmbedder()
    dataset = folder / "dataset"
    assert not list(folder.rglob("*.tmp")) and not list(folder.rglob("*.doing.json"))
    keys = [shot.key for shot in lesson.shots if shot.key]
    assert len(keys) == len(set(keys))
    embeddings = dict(session.learner.embeddings)
    for shot in lesson.shots:
        if not shot.hash:
            continue
        label = lesson.label_of(shot.class_id)
        assert shot.key.startswith(f"{'_unlabelled' if label is None else folder_name(label)}/")
        looked = embedder.embed_pixels(embedder.preprocess.pixels(load_image(dataset / shot.key)))
        np.testing.assert_array_equal(looked, embeddings[shot.id])
    features = folder / "my_classes.bin"
    if not lesson.classes:
        assert not features.exists()
        return
    learnt = load_features(features, embedder.dim, embedder.id)
    assert learnt.labels == tuple(taught.label for taught in lesson.classes)
    firsts = [shot.id for shot in lesson.firsts]
    np.testing.assert_array_equal(learnt.pictures, [embeddings[shot] for shot in firsts])
    samples = sorted(embeddings[shot.id].tobytes() for shot in lesson.shots if shot.id not in firsts)
    assert sorted(sample.tobytes() for sample in learnt.samples) == samples


def test_kill_9_at_200_random_moments_loses_nothing_acknowledged(teacher: Teacher, tmp_path: Path) -> None:
    reference: list[str] = []
    with Project(tmp_path / "undisturbed") as project:
        undisturbed = TeachSession(project.dataset, PixelEmbedder())
        reference.append(digest(undisturbed))
        moments = random.Random(7)
        step, in_flight = 0, 0
        folder = tmp_path / "killed"
        for _ in range(KILLS):
            seen = teacher.teach_and_be_killed(
                folder, step, moment=moments.uniform(0, 0.02), acknowledged=moments.randrange(3)
            )
            last = max(seen, default=step)
            while len(reference) <= last + 1:
                change(undisturbed, len(reference))
                reference.append(digest(undisturbed))
            assert all(reference[acknowledged] == state for acknowledged, state in seen.items())
            with Project(folder) as killed:
                session = TeachSession(killed.dataset, PixelEmbedder())
                # One change may have reached the disk without its acknowledgement reaching us.
                after = [reference[last], reference[last + 1]]
                assert digest(session) in after, state(session)
                step = last + after.index(digest(session))
                in_flight += step - last
                assert_files_agree(session, folder)
                session.close()
        undisturbed.close()
    assert step > KILLS / 2
    assert in_flight > 0, "no kill ever fell between a change and its acknowledgement"
