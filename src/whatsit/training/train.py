"""From labelled pictures and a design to a model, measured on validation pictures while it learns."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.backbone import Backbone
from whatsit.backbones.cache import Embeddable, EmbeddingCache
from whatsit.backbones.efficientnet_lite import MEAN, STD
from whatsit.backbones.views import ViewEmbedder
from whatsit.errors import ImageError, MissingExtraError, StoppedError
from whatsit.heads.linear import LinearHead, prototypes
from whatsit.heads.unknown import reject_threshold
from whatsit.imaging.augmentation import NO_AUGMENTATION
from whatsit.imaging.image import ImageLike, read_picture_file
from whatsit.imaging.preprocess import Preprocess
from whatsit.models.taught_model import TaughtModel, evenly_sampled, head_ranges, prepared
from whatsit.teaching.teach import CALIBRATION_PICTURES, GOLDEN_PICTURES, Example, check_labels, one_a_class
from whatsit.training.design import Design, TrainingMode
from whatsit.training.events import Epoch, Event, Note, OnEvent, Step, Stop
from whatsit.training.head import Embedded, fit_head
from whatsit.training.memory import check_memory

if TYPE_CHECKING:
    from whatsit.training.torch_loop import Trained

MEASURED_PICTURES = 200
"""Training pictures that the ranges of a network trained here are measured on."""
_MARGIN = 1.15
"""Pictures are kept this much larger than the input, for crops, when a whole network is trained."""


@dataclass(frozen=True, eq=False)
class Training:
    """A finished or stopped training."""

    model: TaughtModel
    design: Design
    history: tuple[Epoch, ...]
    stopped: bool
    unreadable: tuple[ImageError, ...] = ()
    """Pictures that were left out."""

    @property
    def best(self) -> Epoch | None:
        """The epoch the model comes from; None where training was stopped before the first ended."""
        return next((epoch for epoch in reversed(self.history) if epoch.best), None)


def train(
    design: Design,
    training: Sequence[Example],
    validation: Sequence[Example] = (),
    *,
    on_event: OnEvent = lambda event: None,
    stop: Stop = lambda: False,
    cache: Path | None = None,
) -> Training:
    """Train as ``design`` says.

    Args:
        training: pictures and labels, of at least two labels.
        validation: what early stopping and the threshold for *unknown* are decided on; without them every epoch runs,
            and the threshold comes from leaving training pictures out one at a time.
        on_event: told of every step, epoch and remark.
        stop: asked before every picture and batch; True ends training and keeps the best epoch so far.
        cache: a folder for embeddings, so that the next training on the same pictures starts at once.

    Raises:
        DataError: fewer than two labels with a readable picture; too little memory.
        MissingExtraError: a whole network is to be trained without PyTorch.
        ModelError: the backbone cannot be used.
        StoppedError: stopped before the first epoch ended; embeddings made until then are in the cache.
    """
    check_labels([label for _, label in training])
    report = _Report(on_event)
    validation = _known(validation, {label for _, label in training}, on_event)
    if not validation:
        on_event(Note("no validation pictures: every epoch runs and the last is kept"))
    if design.way is TrainingMode.FROZEN:
        return _train_head(design, training, validation, report, stop, cache)
    return _train_network(design, training, validation, report, stop)


class _Report:
    """Passes events on and gathers the pictures that cannot be read."""

    def __init__(self, on_event: OnEvent) -> None:
        self._on_event = on_event
        self.unreadable: list[ImageError] = []

    def __call__(self, event: Event) -> None:
        self._on_event(event)

    def leave_out(self, error: ImageError) -> None:
        self.unreadable.append(error)
        self(Note(f"left out: {error}"))


def _train_head(
    design: Design, training: Sequence[Example], validation: Sequence[Example], report: "_Report", stop: Stop,
    cache: Path | None,
) -> Training:  # fmt: skip
    backbone = design.choice.open()
    if design.choice.is_file:
        found = backbone.preprocess
        design = replace(design, size=found.width, colour=found.colour, blocks=None, multi_layer=False)
    views = ViewEmbedder(backbone, design.augmentation, design.views)
    plain = ViewEmbedder(backbone, NO_AUGMENTATION, 1)
    kept, embeddings = embed_views(views, training, cache, report, report.leave_out, "embedding", stop)
    targets = [label for _, label in kept]
    check_labels(targets)
    _tell_copies([row.tobytes() for row in embeddings[:, 0]], targets, report)
    held, held_embeddings = embed_views(
        plain, validation, cache, report, report.leave_out, "embedding validation", stop
    )
    labels = sorted(set(targets))
    fitted = fit_head(
        Embedded(embeddings, np.searchsorted(labels, targets)),
        Embedded(held_embeddings, np.searchsorted(labels, [label for _, label in held])),
        labels, design, report, stop,
    )  # fmt: skip
    _check_kept(fitted.history)
    calibration = [p for p, _ in evenly_sampled(kept, CALIBRATION_PICTURES)] if design.choice.is_file else []
    model = _model(design, backbone, fitted.head, kept, embeddings[:, 0], held_embeddings[:, 0], calibration)
    return Training(model, design, fitted.history, fitted.stopped, tuple(report.unreadable))


def _train_network(
    design: Design, training: Sequence[Example], validation: Sequence[Example], report: _Report, stop: Stop
) -> Training:
    way = _way(design)
    preprocess = Preprocess(design.size, design.size, design.fit, design.colour, (MEAN,), (STD,))
    margin = round(design.size * (_MARGIN if design.way is TrainingMode.FINE_TUNE else 1))
    wide = Preprocess(margin, margin, design.fit, design.colour, (MEAN,), (STD,))
    check_memory(design, len(training), margin)
    kept, pixels = _decoded(wide, training, report, "training", stop)
    held, held_pixels = _decoded(preprocess, validation, report, "validation", stop)
    check_labels([label for _, label in kept])
    _tell_copies([picture.tobytes() for picture in pixels], [label for _, label in kept], report)
    labels = sorted({label for _, label in kept})
    trained, network = way(design, len(labels), (pixels, _places(kept, labels)), (held_pixels, _places(held, labels)),
                           report, stop)  # fmt: skip
    _check_kept(trained.history)
    head = LinearHead(trained.head_weights, trained.head_bias, tuple(labels), normalise=False)
    digest = hashlib.sha256(network).hexdigest()[:16]
    name = f"{design.way}-{design.backbone}" if design.way is TrainingMode.FINE_TUNE else "small-cnn"
    backbone = Backbone(network, preprocess, f"{name}:{digest}@{design.size}-float32")
    plain = ViewEmbedder(backbone, NO_AUGMENTATION, 1)
    _, embeddings = embed_views(plain, kept, None, report, report.leave_out, "measuring")
    _, held_embeddings = embed_views(plain, held, None, report, report.leave_out, "measuring")
    calibration = [p for p, _ in evenly_sampled(kept, MEASURED_PICTURES)]
    model = _model(design, backbone, head, kept, embeddings[:, 0], held_embeddings[:, 0], calibration, network)
    return Training(model, design, trained.history, trained.stopped, tuple(report.unreadable))


def _tell_copies(pictures: Sequence[bytes], labels: Sequence[str], on_event: OnEvent) -> None:
    distinct = len(set(pictures))
    if distinct == 1:
        on_event(Note("all training pictures are the same: nothing tells the classes apart"))
    elif distinct <= len(set(labels)) < len(pictures):
        on_event(Note("the pictures of a class are all the same: the model will know that picture, not the class"))


def _model(
    design: Design, backbone: Backbone, head: LinearHead, examples: Sequence[Example], embeddings: NDArray[np.float32],
    held: NDArray[np.float32], calibration: Sequence[ImageLike], network: bytes | None = None,
) -> TaughtModel:  # fmt: skip
    targets = [label for _, label in examples]
    means = prototypes(embeddings, targets)
    threshold = reject_threshold(embeddings, targets, held_out=held)
    golden = prepared(evenly_sampled(one_a_class(examples), GOLDEN_PICTURES), backbone.preprocess)
    return TaughtModel(
        design.choice, backbone.id, backbone.preprocess, head, means, threshold, len(examples),
        head_ranges(head, embeddings), golden=golden,
        calibration=prepared(calibration, backbone.preprocess), network=network,
    ).measured()  # fmt: skip


def _check_kept(history: Sequence[Epoch]) -> None:
    if not history:
        raise StoppedError("stopped before the first epoch ended: there is nothing to keep")


def _check_going(stop: Stop) -> None:
    if stop():
        raise StoppedError("stopped while looking at the pictures: there is no model to keep yet")


def embed_views(
    embedder: ViewEmbedder, examples: Sequence[Example], cache: Path | None, on_event: OnEvent,
    on_unreadable: Callable[[ImageError], None], phase: str, stop: Stop = lambda: False,
) -> tuple[list[Example], NDArray[np.float32]]:  # fmt: skip
    """Raw embeddings of views of every readable picture, shape (pictures, views, dim), beside those pictures.

    Raises:
        StoppedError: ``stop`` said so; it is asked at every picture. What the cache got stays.
    """

    def told(done: int, total: int) -> None:
        _check_going(stop)
        if done % 8 == 0 or done == total:
            on_event(Step(phase, done, total))

    preprocess = Preprocess(embedder.preprocess.width, embedder.preprocess.height, embedder.preprocess.fit)
    shape = embedder.views, embedder.dim // embedder.views

    def pixels_of(example: Example) -> NDArray[np.uint8] | None:
        _check_going(stop)
        try:
            return preprocess.pixels(example[0])
        except ImageError as error:
            on_unreadable(error)
            return None

    def cached(found: Sequence[Example], folder: Path) -> NDArray[np.float32]:
        pictures = [_embeddable(picture, stop) for picture, _ in found]
        return EmbeddingCache(folder, embedder).embed(pictures, told).reshape(len(found), *shape)

    if cache is not None and examples and all(isinstance(picture, str | os.PathLike) for picture, _ in examples):
        try:
            return list(examples), cached(examples, cache)
        except ImageError:  # a broken picture among them; what was embedded until there is kept
            kept = [example for example in examples if pixels_of(example) is not None]
            return kept, cached(kept, cache)
    kept = []

    def readable() -> Iterator[NDArray[np.uint8]]:
        for number, example in enumerate(examples, 1):
            if (pixels := pixels_of(example)) is not None:
                kept.append(example)
                yield pixels
                told(number, len(examples))

    rows = np.asarray(list(embedder.embed_many(readable())), np.float32)
    return kept, rows.reshape(len(kept), *shape)


def _embeddable(picture: ImageLike, stop: Stop) -> Embeddable:
    _check_going(stop)
    file = Path(cast("str | os.PathLike[str]", picture))
    return Embeddable(hashlib.sha256(read_picture_file(file)).hexdigest(), file)


def _decoded(
    preprocess: Preprocess, examples: Sequence[Example], report: _Report, phase: str, stop: Stop
) -> tuple[list[Example], NDArray[np.uint8]]:
    shape = (preprocess.height, preprocess.width, preprocess.channels)
    pixels = np.empty((len(examples), *shape), np.uint8)
    kept: list[Example] = []
    for number, (picture, label) in enumerate(examples, 1):
        _check_going(stop)
        try:
            pixels[len(kept)] = preprocess.pixels(picture)
            kept.append((picture, label))
        except ImageError as error:
            report.leave_out(error)
        if number % 32 == 0 or number == len(examples):
            report(Step(f"reading {phase}", number, len(examples)))
    return kept, pixels[: len(kept)]


def _places(examples: Sequence[Example], labels: Sequence[str]) -> NDArray[np.int64]:
    return np.searchsorted(labels, [label for _, label in examples]).astype(np.int64)


def _known(examples: Sequence[Example], labels: set[str], on_event: OnEvent) -> list[Example]:
    strange = sorted({label for _, label in examples} - labels)
    if strange:
        on_event(Note(f"validation has {', '.join(strange)}, which training never saw: left out"))
    return [(picture, label) for picture, label in examples if label in labels]


_Pictures = tuple[NDArray[np.uint8], NDArray[np.int64]]


def _way(design: Design) -> Callable[[Design, int, _Pictures, _Pictures, OnEvent, Stop], "tuple[Trained, bytes]"]:
    purpose = "fine-tuning" if design.way is TrainingMode.FINE_TUNE else "training from scratch"
    try:
        from whatsit.training.torch_loop import Labelled
    except ImportError as error:
        raise MissingExtraError("torch", "torch", purpose) from error
    if design.way is TrainingMode.FINE_TUNE:
        from whatsit.training.fine_tune import fine_tune as way
    else:
        from whatsit.training.scratch import train_from_scratch as way

    def run(
        design: Design, classes: int, training: _Pictures, validation: _Pictures, on_event: OnEvent, stop: Stop
    ) -> "tuple[Trained, bytes]":
        return way(design, classes, Labelled(*training), Labelled(*validation), on_event, stop)

    return run
