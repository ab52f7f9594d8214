"""Where a lesson's pictures lie: in the dataset while they count, aside while undo may bring them back."""

import contextlib
import os
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from whatsit.datasets.label import UNLABELLED, folder_name
from whatsit.errors import DataError
from whatsit.files import sync_folder, write_file
from whatsit.studio.lessons.lesson import Lesson


class PictureShelf:
    """Moves pictures so that ``dataset/<label>/`` holds exactly the present lesson's.

    A new picture is held aside until the journal knows it, and a forgotten one from before the journal
    forgets it: whatever is interrupted, ``settle`` puts every picture where the journal says it belongs.
    """

    def __init__(self, dataset: Path, held: Path) -> None:
        self._dataset = dataset
        self._held = held
        for folder in (dataset, held):
            folder.mkdir(parents=True, exist_ok=True)

    def hold(self, content: bytes) -> str:
        """Keep a new picture aside, on disk, under a name no other has; returns the name."""
        name = f"{datetime.now():%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}.jpg"
        write_file(self._held / name, content)
        return name

    def place(self, lesson: Lesson, shot_id: int, name: str) -> Path:
        """Where a picture belongs under ``lesson``: its label's folder, or aside."""
        for shot in lesson.shots:
            if shot.id == shot_id:
                return self._folder(lesson.label_of(shot.class_id)) / name
        return self._held / name

    def move(self, pictures: Mapping[int, str], before: Lesson, after: Lesson) -> None:
        """Move what lies elsewhere under ``after`` than under ``before``."""
        there, here = self._places(pictures, before), self._places(pictures, after)
        moves = [(there[shot], here[shot]) for shot in pictures if there[shot] != here[shot]]
        self._carry_out(moves)

    def settle(self, pictures: Mapping[int, str], lessons: Iterable[Lesson]) -> None:
        """Put every picture where the last of ``lessons`` wants it, wherever an interruption left it."""
        lessons = list(lessons)
        present = lessons[-1] if lessons else Lesson()
        folders = {self._folder(found.label) for lesson in lessons for found in lesson.classes}
        folders |= {self._held, self._folder(None)}
        moves = []
        for shot, wanted in self._places(pictures, present).items():
            if not wanted.exists():
                found = (folder / pictures[shot] for folder in folders)
                moves += [(path, wanted) for path in found if path.exists()][:1]
        self._carry_out(moves)
        self.discard_all_but(pictures.values())

    def discard_all_but(self, names: Iterable[str]) -> None:
        """Delete held pictures nothing refers to any more."""
        kept = set(names)
        for path in self._held.iterdir():
            if path.name not in kept:
                path.unlink()

    def _places(self, pictures: Mapping[int, str], lesson: Lesson) -> dict[int, Path]:
        folders = {shot.id: self._folder(lesson.label_of(shot.class_id)) for shot in lesson.shots}
        return {shot: folders.get(shot, self._held) / name for shot, name in pictures.items()}

    def _folder(self, label: str | None) -> Path:
        return self._dataset / (UNLABELLED if label is None else folder_name(label))

    def _carry_out(self, moves: list[tuple[Path, Path]]) -> None:
        touched: set[Path] = set()
        for source, target in moves:
            try:
                target.parent.mkdir(exist_ok=True)
                os.replace(source, target)
            except FileNotFoundError:  # the person deleted the picture by hand: its features still count
                continue
            except OSError as error:
                raise DataError(f"cannot move {source.name} to {target.parent}: {error.strerror}") from error
            touched |= {source.parent, target.parent}
        for folder in touched:
            sync_folder(folder)
            if folder != self._held:
                with contextlib.suppress(OSError):  # not empty: other pictures of this label stay
                    folder.rmdir()
