"""A lesson as the Teach page shows it."""

from collections.abc import Mapping

from typing_extensions import TypedDict

from whatsit.studio.lessons.lesson import Lesson
from whatsit.studio.lessons.session import TeachSession

ID_DIGITS = 16
"""Of a picture's SHA-256, enough to name its content in an address."""
SHOWN_PICTURES = 60
"""Thumbnails that the page gets of each class; more are only counted."""


class ShotView(TypedDict):
    """One taught picture."""

    id: int
    picture: str | None
    """The first ``ID_DIGITS`` of its SHA-256, in hexadecimal; None for features without a picture."""
    went: str | None
    """The class that the last learning gave it to, where it has no label of its own."""


class ShotsView(TypedDict):
    """The pictures of a class, or those without a label."""

    count: int
    shots: list[ShotView]
    """The latest, at most ``SHOWN_PICTURES``, the newest last."""


class ClassView(ShotsView):
    """A class of the lesson."""

    id: int
    label: str


class LessonView(TypedDict):
    """What is taught; the WebSocket message ``lesson``."""

    classes: list[ClassView]
    unlabelled: ShotsView
    samples: int
    """Pictures beyond each class's first."""
    says_unknown: bool
    """Whether it can call a picture unknown: not while every class has one picture."""
    unlearnt: int
    """Samples that wait for the next learning."""
    auto_learn: bool


def lesson_view(session: TeachSession) -> LessonView:
    """What is taught now."""
    lesson, went = session.lesson, session.learner.went
    return {
        "classes": [{"id": found.id, "label": found.label, **_shots(lesson, found.id, {})} for found in lesson.classes],
        "unlabelled": _shots(lesson, None, went),
        "samples": lesson.samples,
        "says_unknown": session.learner.says_unknown,
        "unlearnt": len(lesson.unlearnt),
        "auto_learn": session.auto_learn,
    }


def _shots(lesson: Lesson, class_id: int | None, went: Mapping[int, str]) -> ShotsView:
    shots = lesson.shots_of(class_id)
    shown: list[ShotView] = [
        {"id": shot.id, "picture": shot.hash[:ID_DIGITS] or None, "went": went.get(shot.id)}
        for shot in shots[-SHOWN_PICTURES:]
    ]
    return {"count": len(shots), "shots": shown}
