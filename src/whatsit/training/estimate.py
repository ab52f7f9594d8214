"""How long a training will take, from a few of its pictures and three of its steps, measured on this machine."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from whatsit.backbones.views import ViewEmbedder
from whatsit.datasets.project import Project
from whatsit.datasets.split import Split
from whatsit.errors import DataError, ImageError
from whatsit.imaging.augmentation import NO_AUGMENTATION
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Colour, Preprocess
from whatsit.models.taught_model import evenly_sampled
from whatsit.teaching.fit_search import SAMPLE
from whatsit.teaching.teach import Example, checked_pairs
from whatsit.training.design import Design, TrainingMode
from whatsit.training.events import Batch, Event, Note, Phase, Remark, Step, Stop, never
from whatsit.training.train import MEASURED_PICTURES, margin, split_examples, trainer

_PICTURES = 8
_STEPS = 3
_FORWARD = 1 / 3
"""Looking at a picture, in times of learning from it: the way back costs twice the way there."""
_MEASURING = 5
"""Measuring the ranges of a picture for int8, in times of looking at it."""
_HEAD = 0.003
"""Seconds for each picture to fit a head and choose its regularisation."""


def training_seconds(
    pictures: Project | Iterable[Example], design: Design | None = None, *,
    validation: Iterable[Example] | None = None, stop: Stop = never,
) -> float:  # fmt: skip
    """How long ``train`` with the same arguments would take here, in seconds; measuring it takes a few.

    Nothing is kept; once ``stop`` says True, what is returned means nothing. Embeddings that are in a cache already
    make the training shorter than this.

    Raises:
        DataError: no picture that can be read.
        MissingExtraError: a whole network is trained by PyTorch, which is not installed.
    """
    if isinstance(pictures, Project):
        design = Design.from_dict(pictures.settings.design) if design is None else design
        validation = split_examples(pictures, Split.VALIDATION) if validation is None else validation
        pictures = split_examples(pictures, Split.TRAINING)
    design = Design() if design is None else design
    training, held = checked_pairs(pictures), checked_pairs(() if validation is None else validation)
    if not training:
        raise DataError("no training pictures: there is nothing to measure")
    if design.mode is TrainingMode.FROZEN:
        return _head_seconds(design, training, held)
    return _network_seconds(design, training, held, stop)


def duration(seconds: float) -> str:
    """In words: ``40 s``, ``7 min``, ``1 h 20 min``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def time_note(seconds: float) -> Note:
    """The event that says it beforehand."""
    return Note(Remark.TIME, duration(seconds))


def _head_seconds(design: Design, training: Sequence[Example], held: Sequence[Example]) -> float:
    backbone = design.backbone_choice.open()
    plain = ViewEmbedder(backbone, NO_AUGMENTATION, 1)
    views = ViewEmbedder(backbone, design.augmentation, design.views)
    some = _readable(training, Preprocess(backbone.preprocess.width, backbone.preprocess.height))
    next(iter(plain.embed_many(some)))  # threads and memory
    one, many = _each(plain, some), _each(views, some)
    fits = 3 * min(SAMPLE, len(training)) * one if design.fit is None else 0.0
    return fits + len(training) * (many + _HEAD) + len(held) * one


def _each(embedder: ViewEmbedder, pictures: Sequence[ImageLike]) -> float:
    begun = time.perf_counter()
    for _ in embedder.embed_many(pictures):
        pass
    return (time.perf_counter() - begun) / len(pictures)


def _network_seconds(design: Design, training: Sequence[Example], held: Sequence[Example], stop: Stop) -> float:
    """The real training function, on pixels of noise and for one epoch; what it reports is timed."""
    run = trainer(design.mode)
    side = margin(design)
    begun = time.perf_counter()
    some = _readable(training, Preprocess(side, side, design.usual_fit, design.colour))
    reading = (time.perf_counter() - begun) / len(some)
    count = min(_STEPS * design.batch, max(2, len(training)))
    channels = 1 if design.colour is Colour.GREY else 3
    pixels = np.random.default_rng(0).integers(0, 256, (count, side, side, channels), np.uint8)
    none = np.empty((0, design.size, design.size, channels), np.uint8), np.empty(0, np.int64)
    clock = _Clock()
    run(replace(design, epochs=1), 2, (pixels, np.arange(count) % 2), none, clock, stop)
    batches, everything = max(1, len(training) // design.batch), len(training) + len(held)
    # Timed by itself it would be mostly what comes once: loading weights, fitting a head.
    looking = _FORWARD * clock.learning.each / min(design.batch, count)
    seconds = design.most_epochs * (batches * clock.learning.each + len(held) * looking)
    if design.narrow:
        full = min(design.most_epochs, replace(design, width=1.0, epochs=None).most_epochs)
        seconds += full * (batches * clock.teaching.each + 2 * len(held) * looking)
    # A head is fitted on all pictures, it is measured on them as epoch 0, and so is the model in the end.
    passes = 1 if design.mode is TrainingMode.SCRATCH else 3
    return (
        seconds + everything * (reading + passes * looking) + _MEASURING * min(MEASURED_PICTURES, everything) * looking
    )


@dataclass(slots=True)
class _Steps:
    """The time of each step, without the first, which is slower."""

    seconds: float = 0.0
    first: float = 0.0
    _begun: int = 0
    _done: int = 0

    def add(self, seconds: float, done: int) -> None:
        """``done`` steps are done; those since the last time took ``seconds``."""
        if self._done:
            self.seconds += seconds
        else:
            self.first, self._begun = seconds / done, done
        self._done = done

    @property
    def each(self) -> float:
        """Seconds for one step."""
        counted = self._done - self._begun
        return self.seconds / counted if counted else self.first


class _Clock:
    """Takes the time between the events of a training of one epoch."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self.learning, self.teaching = _Steps(), _Steps()

    def __call__(self, event: Event) -> None:
        now = time.perf_counter()
        passed, self._last = now - self._last, now
        match event:
            case Batch(done=done):
                self.learning.add(passed, done)
            case Step(phase=Phase.FULL_NETWORK, done=done):
                self.teaching.add(passed, done)


def _readable(examples: Sequence[Example], preprocess: Preprocess) -> list[ImageLike]:
    found: list[ImageLike] = []
    for picture, _ in evenly_sampled(examples, _PICTURES):
        try:
            found.append(preprocess.pixels(picture))
        except ImageError:
            continue
    if not found:
        raise DataError("none of the training pictures that were tried can be read: there is nothing to measure")
    return found
