"""What rules would have done: on every picture of a recording, at a steady rate, and nothing is switched."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from whatsit.imaging.image import ImageLike
from whatsit.live.answer_state import AnswerState
from whatsit.live.recogniser import Recogniser
from whatsit.live.smoothing import Smoothed, Smoothing, smooth
from whatsit.rules.rule import Rule, RuleState, Seen, step


@dataclass(frozen=True, slots=True)
class Switched:
    """A rule that switched."""

    time: float
    """Seconds from the first frame."""
    rule: str
    on: bool
    state: AnswerState
    """What the answer was at that moment."""
    label: str | None
    """The leading class."""
    score: float

    @property
    def seen(self) -> str:
        """What was seen, for people: ``mug 0.93``, or ``unknown, nearest: ball 0.75``."""
        leading = "" if self.label is None else f"{self.label} {self.score:.2f}"
        if self.state is AnswerState.LABEL:
            return leading
        return f"{self.state.value}, nearest: {leading}" if leading else self.state.value


def switched(rules: Sequence[Rule], moments: Iterable[tuple[float, Seen]]) -> Iterator[Switched]:
    """Each switching of each rule.

    Args:
        moments: times in seconds, and what was seen.
    """
    states = [RuleState() for _ in rules]
    for time, seen in moments:
        for at, rule in enumerate(rules):
            before, states[at] = states[at], step(rule, states[at], seen, time)
            if states[at].on is not before.on:
                yield Switched(time, rule.name, states[at].on, seen.state, seen.label, seen.score)


def seen_on(
    pictures: Iterable[ImageLike], recogniser: Recogniser, smoothing: Smoothing, fps: float
) -> Iterator[tuple[float, Seen]]:
    """What is seen on pictures that follow each other at ``fps`` per second."""
    before: Smoothed | None = None
    for number, picture in enumerate(pictures):
        predictions = recogniser.classify_pixels(recogniser.preprocess.pixels(picture))
        before = smooth(before, predictions, number / fps, smoothing)
        if before is not None:
            yield number / fps, Seen(before.state, before.label, before.score)
