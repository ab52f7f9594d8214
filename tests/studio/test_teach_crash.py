"""Killed at any call that changes the disk, a change of the lesson has happened or not, pictures and all."""

import random
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kill_teacher import state
from studio_pictures import jpeg, shade

from mortal import RunAndKill, mortal
from nth_call import ALWAYS
from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.project import Project
from whatsit.studio.lessons.session import TeachSession
from whatsit.teaching.feature_store import load_features

MOMENTS = 10
"""Of a change's calls, besides the first and the last. All were tried once, which takes a quarter of an hour."""


@pytest.fixture(scope="module")
def run_and_kill() -> Iterator[RunAndKill]:
    with mortal(taught=True) as call:
        yield call


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with three classes, one of them with untaught pictures too, and a sample without a label."""
    folder = tmp_path_factory.mktemp("mortal") / "start"
    with Project(folder) as project, closing(TeachSession(project.dataset, PixelEmbedder())) as session:
        project.dataset.add(shade(7), "sky", name="untaught.jpg")
        project.dataset.add(shade(8), "sea", name="collected.jpg")
        for number, label in enumerate(("mug", "sky", "duck")):
            session.add_class(shade(number), label)
        mug, sky, _ = (found.id for found in session.lesson.classes)
        session.add_sample(jpeg("red"), mug)
        session.add_sample(jpeg("blue"), sky, burst="press")
        session.add_sample(jpeg("navy"))
    return folder


def seen(folder: Path) -> str:
    """What a person sees, and that the feature file says the same."""
    with Project(folder) as project, closing(TeachSession(project.dataset, PixelEmbedder())) as session:
        assert not list(folder.rglob("*.doing.json"))
        if session.lesson.classes:
            features = load_features(folder / "my_classes.bin", session.embedder.dim, session.embedder.id)
            assert features.labels == tuple(found.label for found in session.lesson.classes)
            assert len(features.samples) == session.lesson.samples
        return state(session)


MUG, SKY, DUCK = (f"session.lesson.classes[{place}].id" for place in range(3))
CHANGES = {
    "add a class": "session.add_class(shade(20), 'new')",
    "add a class whose folder is there": "session.add_class(shade(20), 'sea')",
    "teach a picture of the dataset": "session.add_class(shade(8), 'sea')",
    "add a sample": f"session.add_sample(shade(20), {MUG})",
    "go on with a burst": f"session.add_sample(shade(20), {SKY}, burst='press')",
    "add an unlabelled sample": "session.add_sample(shade(20))",
    "rename": f"session.rename({MUG}, 'cup')",
    "rename to a folder that is there": f"session.rename({MUG}, 'sea')",
    "remove a class": f"session.remove_class({SKY})",
    "remove a class's only picture": f"session.remove_picture(session.lesson.shots_of({DUCK})[0].id)",
    "move a picture": f"session.move_picture(session.lesson.shots_of({MUG})[1].id, {SKY})",
    "move a class's only picture": f"session.move_picture(session.lesson.shots_of({DUCK})[0].id, None)",
    "clear": "session.clear()",
    "load": "session.load(session.feature_file())",
    "undo": "session.dataset.undo()",
    "relabel on Dataset": f"dataset.relabel([session.lesson.shots_of({MUG})[0].key], 'sky')",
    "rename on Dataset": "dataset.rename_label('sky', 'heaven')",
    "delete a class on Dataset": "dataset.delete_label('sky')",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_killed_change_has_happened_or_not_and_undo_goes_back(
    start: Path, tmp_path: Path, run_and_kill: RunAndKill, change: str
) -> None:
    code = CHANGES[change]
    done = shutil.copytree(start, tmp_path / "done")
    calls = run_and_kill(done, code, ALWAYS)
    assert calls is not None
    before, after = seen(shutil.copytree(start, tmp_path / "same")), seen(done)
    assert before != after
    outcomes = []
    for moment in sorted({0, calls - 1, *random.Random(change).sample(range(calls), MOMENTS)}):
        folder = shutil.copytree(start, tmp_path / f"killed {moment}")
        assert run_and_kill(folder, code, moment) is None
        outcomes.append(seen(folder))
        shutil.rmtree(folder)
    assert outcomes[0] == before and outcomes[-1] == after
    assert all(outcome in (before, after) for outcome in outcomes)
    # Nothing that happened is forgotten by dying later.
    assert outcomes == sorted(outcomes, key=lambda outcome: outcome == after)


def test_switching_learning_by_itself_on_learns_what_waits_or_changes_nothing(
    start: Path, tmp_path: Path, run_and_kill: RunAndKill
) -> None:
    waiting = shutil.copytree(start, tmp_path / "waiting")
    with Project(waiting) as project, closing(TeachSession(project.dataset, PixelEmbedder())) as session:
        session.set_auto_learn(False)
        session.add_sample(shade(30))
    code = "session.set_auto_learn(True)"
    before = seen(waiting)
    calls = run_and_kill(shutil.copytree(waiting, tmp_path / "done"), code, ALWAYS)
    assert calls is not None
    after = seen(tmp_path / "done")
    for moment in random.Random(7).sample(range(calls), MOMENTS):
        folder = shutil.copytree(waiting, tmp_path / f"killed {moment}")
        assert run_and_kill(folder, code, moment) is None
        assert seen(folder) in (before, after)
        shutil.rmtree(folder)
