"""The pictures of a training as arrays, their embeddings or their pixels; broken pictures are left out and named."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.cache import Embeddable, EmbeddingCache
from whatsit.backbones.choice import BackboneChoice
from whatsit.backbones.views import ViewEmbedder
from whatsit.errors import ImageError, StoppedError
from whatsit.imaging.augmentation import NO_AUGMENTATION
from whatsit.imaging.image import ImageLike, read_picture_file
from whatsit.imaging.preprocess import Preprocess
from whatsit.teaching.fit_search import Embedded, EmbedPlaces
from whatsit.teaching.teach import Example
from whatsit.tflite.normalisation import Normalisation, Origin
from whatsit.training.events import Event, Note, OnEvent, Phase, Remark, Step, Stop, never
from whatsit.training.view_rows import PlainRows, ViewRows


class Report:
    """Passes events on and collects the errors of pictures that cannot be read."""

    def __init__(self, on_event: OnEvent) -> None:
        self._on_event = on_event
        self.unreadable: list[ImageError] = []

    def __call__(self, event: Event) -> None:
        self._on_event(event)

    def leave_out(self, error: ImageError) -> None:
        """Note that a picture cannot be read."""
        self.unreadable.append(error)
        self(Note(Remark.LEFT_OUT, str(error)))


def embed_views(
    embedder: ViewEmbedder, examples: Sequence[Example], cache: Path | None, on_event: OnEvent,
    on_unreadable: Callable[[ImageError], None], phase: Phase, stop: Stop = never,
) -> tuple[list[Example], ViewRows]:  # fmt: skip
    """Raw embeddings of views of every readable picture, beside those pictures.

    Raises:
        StoppedError: ``stop`` said so; it is asked at every picture. What the cache got stays.
    """

    def count(done: int, total: int) -> None:
        _check_going(stop)
        if done % 8 == 0 or done == total:
            on_event(Step(phase, done, total))

    dim = embedder.dim // embedder.views

    def pixels_of(example: Example) -> NDArray[np.uint8] | None:
        _check_going(stop)
        try:
            return embedder.plain.pixels(example[0])
        except ImageError as error:
            on_unreadable(error)
            return None

    def cached(found: Sequence[Example], folder: Path) -> ViewRows:
        pictures = [_embeddable(picture, stop) for picture, _ in found]
        kept_there = EmbeddingCache(folder, embedder)
        if embedder.views > 1:
            plain = PlainRows(len(found), dim)
            kept_there.embed_into(plain, pictures, count)
            others = kept_there.on_disk(pictures, embedder.views)
            if others is not None:
                return ViewRows(plain.plain, others, embedder.views)
        rows = ViewRows.empty(len(found), embedder.views, dim)  # on a full disk nothing was kept
        kept_there.embed_into(rows, pictures, count)
        return rows

    if cache is not None and examples and all(isinstance(picture, str | os.PathLike) for picture, _ in examples):
        try:
            return list(examples), cached(examples, cache)
        except ImageError:  # a broken picture among them; what was embedded until there is kept
            kept = [example for example in examples if pixels_of(example) is not None]
            return kept, cached(kept, cache)
    kept, rows = [], ViewRows.empty(len(examples), embedder.views, dim)

    def readable() -> Iterator[NDArray[np.uint8]]:
        for number, example in enumerate(examples, 1):
            if (pixels := pixels_of(example)) is not None:
                kept.append(example)
                yield pixels
                count(number, len(examples))

    for place, row in enumerate(embedder.embed_many(readable())):
        rows[place] = row
    return kept, rows.first(len(kept))


def places_embedder(examples: Sequence[Example], cache: Path | None, on_event: OnEvent, stop: Stop) -> EmbedPlaces:
    """Embeds some of the pictures, to compare fits; the cache keeps what is embedded."""

    def embed(choice: BackboneChoice, places: Sequence[int]) -> Embedded:
        unreadable: list[ImageError] = []
        plain = ViewEmbedder(choice.open(), NO_AUGMENTATION, 1)
        some = [examples[place] for place in places]
        kept, rows = embed_views(plain, some, cache, on_event, unreadable.append, Phase.CHOOSING_FIT, stop)
        readable, errors = iter(zip(kept, rows.plain, strict=True)), iter(unreadable)
        found: dict[int, NDArray[np.float32] | ImageError] = {}
        following = next(readable, None)
        for place, example in zip(places, some, strict=True):
            if following is not None and following[0] is example:
                found[place], following = following[1], next(readable, None)
            else:
                found[place] = next(errors)
        return found

    return embed


def _embeddable(picture: ImageLike, stop: Stop) -> Embeddable:
    _check_going(stop)
    file = Path(cast("str | os.PathLike[str]", picture))
    return Embeddable(hashlib.sha256(read_picture_file(file)).hexdigest(), file)


def decoded(
    preprocess: Preprocess, examples: Sequence[Example], report: Report, phase: Phase, stop: Stop
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
            report(Step(phase, number, len(examples)))
    return kept, pixels[: len(kept)]


def class_indices(examples: Sequence[Example], labels: Sequence[str]) -> NDArray[np.int64]:
    return np.searchsorted(labels, [label for _, label in examples]).astype(np.int64)


def known(examples: Sequence[Example], labels: set[str], on_event: OnEvent) -> list[Example]:
    unseen = sorted({label for _, label in examples} - labels)
    if unseen:
        on_event(Note(Remark.UNKNOWN_LABELS, ", ".join(unseen)))
    return [(picture, label) for picture, label in examples if label in labels]


def note_copies(pictures: NDArray[Any], labels: Sequence[str], on_event: OnEvent) -> None:
    """Report training pictures among which there is nothing to learn, because they are copies of each other.

    Args:
        pictures: the pixels or the embedding of each, which is its first axis.
    """
    distinct = len({hashlib.sha256(picture.tobytes()).digest() for picture in pictures})
    if distinct == 1:
        on_event(Note(Remark.ALL_THE_SAME))
    elif distinct <= len(set(labels)) < len(pictures):
        on_event(Note(Remark.ONE_PER_CLASS))


def note_normalisation(normalisation: Normalisation | None, on_event: OnEvent) -> None:
    """Report that nothing in a model's or a backbone's file says what its network sees, and what was taken."""
    if normalisation is not None and normalisation.origin is Origin.GUESS:
        on_event(Note(Remark.GUESSED_NORMALISATION, str(normalisation)))


def _check_going(stop: Stop) -> None:
    if stop():
        raise StoppedError("stopped while looking at the pictures: there is no model to keep yet")
