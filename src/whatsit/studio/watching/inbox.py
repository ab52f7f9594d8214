"""``.whatsit/doubtful-frames/``: frames of doubtful answers, the most valuable ones, near-copies as one."""

import contextlib
import json
import math
import secrets
import threading
from collections.abc import Callable, Container
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from typing_extensions import TypedDict

from whatsit.datasets.fingerprint import fingerprint
from whatsit.datasets.near_copy import are_near_copies
from whatsit.errors import DataError, WhatsitError
from whatsit.files import beneath, read_bounded, write_file
from whatsit.imaging.image import read_picture_file
from whatsit.live.answer import Answer
from whatsit.parallel import start_thread
from whatsit.studio.watching.doubt import Doubt, Reason, Watched
from whatsit.studio.watching.feed import KEPT_QUALITY, encode

MOST_CORRECTED = 20
"""Frames that a correction took out are kept for its undo: the latest."""
EVERY = 1.0
"""Seconds from one frame that is kept to the next, at least."""
_MAX_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class Doubtful:
    """One frame that is kept, or a group of near-copies by its most valuable frame."""

    id: str
    reason: str
    worth: float
    model: str
    label: str | None
    """What it was taken for; None: unknown."""
    likely: tuple[str, ...]
    """The likeliest classes, best first."""
    source: str
    time: float
    """When it was taken, in seconds since 1970."""
    count: int = 1
    """Frames of the group."""
    corrected: str = ""
    """SHA-256 of its picture, once that was corrected."""


class DoubtfulView(TypedDict):
    """One of them, for the page."""

    id: str
    reason: str
    label: str | None
    likely: list[str]
    time: float
    count: int


class InboxView(TypedDict):
    """The WebSocket message ``inbox``."""

    frames: list[DoubtfulView]
    """The most valuable first."""
    most: int
    """How many are kept at most; 0: none."""


class Inbox:
    """Kept across restarts. Threads take turns.

    Args:
        folder: where they lie.
        most: how many are kept at most, asked each time.
        changed: called after every change.
    """

    def __init__(self, folder: Path, most: Callable[[], int], changed: Callable[[], None]) -> None:
        self._folder = folder
        self._most = most
        self._changed = changed
        self._lock = threading.Lock()
        self._watched: dict[str, Watched] = {}
        self._due = 0.0
        self._busy = False
        self._thread: threading.Thread | None = None
        self._thumbs: dict[str, bytes] = {}
        found = self._read()
        self._frames = {one.id: one for one in found if not one.corrected}
        self._corrected = {one.id: one for one in found if one.corrected}
        with contextlib.suppress(DataError, OSError):  # a card that is locked: the next frame tries again
            self._drop_surplus()
            self._drop_strays({one.id for one in found})

    def watch(self, model: str, answer: Answer) -> None:
        """Keep the frame of an answer where that is doubtful; returns at once."""
        before = self._watched.get(model, Watched())
        self._watched[model], doubt = before.after(answer)
        if doubt is None or answer.frame is None or self._busy or answer.frame.time < self._due or not self._most():
            return
        self._due, self._busy = answer.frame.time + EVERY, True
        try:
            self._thread = start_thread("inbox", self._work, model, answer, doubt)
        except DataError:
            self._busy = False

    def view(self) -> InboxView:
        """What is kept, for the page."""
        with self._lock:
            frames = sorted(self._frames.values(), key=lambda one: (-one.worth, -one.time))
        return {
            "frames": [
                {
                    "id": one.id, "reason": one.reason, "label": one.label, "likely": list(one.likely),
                    "time": one.time, "count": one.count,
                }
                for one in frames
            ],
            "most": self._most(),
        }  # fmt: skip

    def get(self, id_: str) -> tuple[Doubtful, bytes]:
        """One of them and its picture.

        Raises:
            DataError: there is none with that id.
            ImageError: its file is gone.
        """
        with self._lock:
            found = self._frames.get(id_)
        if found is None:
            raise DataError("this frame is no longer in the inbox")
        return found, read_picture_file(self._folder / f"{found.id}.jpg")

    def remove(self, id_: str) -> None:
        """Forget one.

        Raises:
            DataError: there is none with that id.
        """
        with self._lock:
            if id_ not in self._frames:
                raise DataError("this frame is no longer in the inbox")
            self._delete(id_)
        self._changed()

    def set_aside(self, id_: str, hash_: str) -> None:
        """Take one out whose picture, of this SHA-256, was corrected; ``bring_back`` shows it again.

        Raises:
            DataError: there is none with that id, or the disk is full.
        """
        with self._lock:
            if id_ not in self._frames:
                raise DataError("this frame is no longer in the inbox")
            for older in [*self._corrected][: max(0, len(self._corrected) + 1 - MOST_CORRECTED)]:
                self._delete(older)
            self._write(replace(self._frames[id_], corrected=hash_))
        self._changed()

    def bring_back(self, hashes: Container[str]) -> None:
        """Show those again whose corrections were undone.

        Raises:
            DataError: the disk is full.
        """
        with self._lock:
            back = [one for one in self._corrected.values() if one.corrected in hashes]
            for one in back:
                self._write(replace(one, corrected=""))
            self._drop_surplus()
        if back:
            self._changed()

    def keep(self, model: str, answer: Answer, doubt: Doubt) -> None:
        """Keep the frame of an answer, or count it to the group that it is a near-copy of.

        Raises:
            DataError: the disk is full or read-only; nothing is kept.
        """
        assert answer.frame is not None
        content = encode(answer.frame, None, KEPT_QUALITY)
        thumb = fingerprint(content).thumb
        new = Doubtful(
            f"{int(answer.frame.time * 1000):013d}-{secrets.token_hex(4)}", doubt.reason.value, doubt.worth, model,
            None if answer.predictions.unknown else answer.predictions[0].label,
            tuple(one.label for one in answer.predictions[:5]), answer.frame.source, answer.frame.time,
        )  # fmt: skip
        with self._lock:
            same = self._near(thumb)
            if same is not None and self._frames[same].worth >= new.worth:
                self._write(replace(self._frames[same], count=self._frames[same].count + 1))
            else:
                if same is not None:
                    new = replace(new, count=self._frames[same].count + 1)
                    self._delete(same)
                beneath.make_folder(self._folder)
                write_file(self._folder / f"{new.id}.jpg", content)
                self._write(new)
                self._thumbs[new.id] = thumb
                self._drop_surplus()
        self._changed()

    def close(self) -> None:
        """Wait until the last frame is kept."""
        if self._thread is not None:
            self._thread.join()

    def _work(self, model: str, answer: Answer, doubt: Doubt) -> None:
        try:
            self.keep(model, answer, doubt)
        except (WhatsitError, OSError):  # a full disk: the answers go on, and the next frame tries again
            pass
        finally:
            self._busy = False

    def _near(self, thumb: bytes) -> str | None:
        ids = [*self._frames]
        thumbs = [self._thumb(id_) for id_ in ids]
        there = [place for place, one in enumerate(thumbs) if one]
        if not there or not thumb:
            return None
        other = np.arange(len(there))
        near = are_near_copies([*(thumbs[place] for place in there), thumb], np.full_like(other, len(there)), other)
        return next((ids[place] for place, is_near in zip(there, near, strict=True) if is_near), None)

    def _thumb(self, id_: str) -> bytes:
        if id_ not in self._thumbs:
            try:
                self._thumbs[id_] = fingerprint(read_picture_file(self._folder / f"{id_}.jpg")).thumb
            except WhatsitError:
                self._thumbs[id_] = b""
        return self._thumbs[id_]

    def _write(self, one: Doubtful) -> None:
        write_file(self._folder / f"{one.id}.json", json.dumps(asdict(one), ensure_ascii=False).encode())
        shown, other = (self._corrected, self._frames) if one.corrected else (self._frames, self._corrected)
        other.pop(one.id, None)
        shown[one.id] = one

    def _delete(self, id_: str) -> None:
        self._frames.pop(id_, None)
        self._corrected.pop(id_, None)
        self._thumbs.pop(id_, None)
        for ending in (".json", ".jpg"):
            try:
                beneath.unlink(self._folder / f"{id_}{ending}", missing_ok=True)
            except OSError as error:
                raise DataError(f"cannot remove {self._folder / id_}: {error.strerror}") from error

    def _drop_surplus(self) -> None:
        most = self._most()
        ordered = sorted(self._frames.values(), key=lambda one: (-one.worth, -one.time))
        for one in [*ordered[most:], *([] if most else self._corrected.values())]:
            self._delete(one.id)

    def _drop_strays(self, known: Container[str]) -> None:
        """Pictures that a killed process left without their record, and records that nobody understands."""
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if path.suffix in (".jpg", ".json") and path.stem not in known and path.is_file():
                beneath.unlink(path, missing_ok=True)

    def _read(self) -> list[Doubtful]:
        found = []
        for path in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else ():
            try:
                fields = json.loads(read_bounded(path, _MAX_BYTES, "a JSON file"))
                one = Doubtful(
                    path.stem, Reason(fields["reason"]).value, float(fields["worth"]), str(fields["model"]),
                    None if fields["label"] is None else str(fields["label"]),
                    tuple(map(str, fields["likely"]))[:5], str(fields["source"]), float(fields["time"]),
                    int(fields["count"]), str(fields.get("corrected", "")),
                )  # fmt: skip
                finite = math.isfinite(one.worth) and math.isfinite(one.time)
                if finite and (self._folder / f"{path.stem}.jpg").is_file():
                    found.append(one)
            except (DataError, ValueError, KeyError, TypeError, OSError, RecursionError):
                continue  # damaged: the frame is worth no more than another look
        return found
