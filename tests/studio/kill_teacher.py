"""Teaches a project by a fixed sequence of changes; forked anew after every kill.

A line ``<folder> <step>`` on stdin starts a child there; it prints ``pid <n>`` and after every change that was
acknowledged ``<step> <digest>``. Started once, so that only the first child pays for the imports.
"""

import hashlib
import os
import random
import sys
from pathlib import Path

from studio_pictures import shade

from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.project import Project
from whatsit.studio.lessons.session import TeachSession


def change(session: TeachSession, step: int) -> None:
    """The change number ``step``: what it does depends on the lesson and the dataset and on nothing else."""
    choose = random.Random(step)
    lesson, dataset = session.lesson, session.dataset
    if not lesson.classes:
        session.add_class(shade(step), f"thing {step}")
        return
    class_id = choose.choice(lesson.classes).id
    shot_id = choose.choice(lesson.shots).id
    pictures = sorted(dataset.pictures(), key=lambda picture: (picture.label, picture.hash))
    picture = choose.choice(pictures)
    label = choose.choice(dataset.labels())
    kinds = {
        "class": 3, "sample": 8, "unlabelled": 3, "burst": 4, "learn": 2, "rename": 2, "move": 2,
        "remove_picture": 2, "remove_class": 1, "undo": 6, "auto": 1, "clear": 1 if len(lesson.shots) > 20 else 0,
        "collect": 3, "relabel": 3, "relabel_new": 1, "delete": 2, "rename_label": 2, "delete_label": 1, "split": 2,
        "by_hand": 2, "load": 1,
    }  # fmt: skip
    match choose.choices(list(kinds), list(kinds.values()))[0]:
        case "class":
            session.add_class(shade(step), f"thing {step}")
        case "sample":
            session.add_sample(shade(step), class_id)
        case "unlabelled":
            session.add_sample(shade(step))
        case "burst":
            session.add_sample(shade(step), class_id, burst=f"burst {step // 8}")
        case "learn":
            session.learn()
        case "rename":
            session.rename(class_id, f"thing {step}/renamed")
        case "move":
            session.move_picture(shot_id, class_id)
        case "remove_picture":
            session.remove_picture(shot_id)
        case "remove_class":
            session.remove_class(class_id)
        case "undo":
            session.dataset.undo()
        case "auto":
            session.set_auto_learn(not session.auto_learn)
        case "clear":
            session.clear()
        case "load":
            session.load(session.feature_file())
        case "collect":
            dataset.add(shade(step), label)
        case "relabel":
            dataset.relabel([picture], label)
        case "relabel_new":
            dataset.relabel([picture], f"thing {step}")
        case "delete":
            dataset.delete([picture])
        case "rename_label":
            dataset.rename_label(label, f"thing {step} again")
        case "delete_label":
            dataset.delete_label(label)
        case "split":
            dataset.set_split([picture], "test")
        case "by_hand":
            there = dataset.root / picture.key
            there.rename(dataset.folder_for(label) / f"{step}.jpg")
            dataset.refresh()


def state(session: TeachSession) -> str:
    """Everything a person can see, without the pictures' file names and the numbers, which differ from run to run."""
    lesson, dataset, undoable = session.lesson, session.dataset, session.dataset.undoable()
    shots = [(lesson.label_of(shot.class_id), shot.learnt, shot.hash) for shot in lesson.shots]
    pictures = sorted((picture.label, picture.hash, picture.split) for picture in dataset.pictures())
    classes = [found.label for found in lesson.classes]
    return repr((classes, shots, lesson.rounds, session.auto_learn, undoable and undoable.what, pictures))


def digest(session: TeachSession) -> str:
    """``state`` in a word."""
    return hashlib.sha256(state(session).encode()).hexdigest()[:16]


def teach(folder: Path, step: int) -> None:
    with Project(folder) as project:
        session = TeachSession(project.dataset, PixelEmbedder())
        while True:
            step += 1
            change(session, step)
            sys.stdout.write(f"{step} {digest(session)}\n")
            sys.stdout.flush()


def main() -> None:
    for line in sys.stdin:
        folder, _, step = line.rpartition(" ")
        child = os.fork()
        if child == 0:
            sys.stdout.write(f"pid {os.getpid()}\n")
            sys.stdout.flush()
            teach(Path(folder), int(step))
        os.waitpid(child, 0)
        sys.stdout.write("gone\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
