"""A lesson as the Teach page shows it."""

from typing import Any

from whatsit.studio.lessons.lesson import Lesson
from whatsit.studio.lessons.session import TeachSession

ID_DIGITS = 16
"""Of a picture's SHA-256, enough to name its content in an address."""
SHOWN_PICTURES = 60
"""Thumbnails a class sends to the page; the rest are counted."""


def lesson_view(session: TeachSession) -> dict[str, Any]:
    """What is taught, ready for JSON."""
    lesson = session.lesson
    return {
        "classes": [
            {"id": found.id, "label": found.label, **_shots(lesson, found.id)} for found in lesson.classes
        ],
        "unlabelled": _shots(lesson, None),
        "samples": lesson.samples,
        "rounds": lesson.rounds,
        "unlearnt": len(lesson.unlearnt),
        "auto_learn": session.auto_learn,
        "can_undo": session.dataset.undoable() is not None,
    }


def _shots(lesson: Lesson, class_id: int | None) -> dict[str, Any]:
    shots = lesson.shots_of(class_id)
    shown = [{"id": shot.id, "picture": shot.hash[:ID_DIGITS] or None} for shot in shots[-SHOWN_PICTURES:]]
    return {"count": len(shots), "shots": shown}
