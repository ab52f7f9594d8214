"""Which fit suits the pictures: each is tried on a sample, where pictures are not square and it could matter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.choice import BackboneChoice
from whatsit.errors import ImageError
from whatsit.heads.learner import Learner
from whatsit.heads.sampling import evenly
from whatsit.heads.selection import Selection, select
from whatsit.imaging.image import ImageLike, load_image, picture_header, read_picture_file
from whatsit.imaging.preprocess import Fit, Preprocess

SAMPLE = 300
"""Pictures to compare fits on at most, as evenly over the classes as there are."""
OBLONG = 1.1
"""From this ratio of a picture's sides to the input's on, fits differ."""
_FEW_OBLONG = 0.05
"""Share of oblong pictures up to which the fit is not worth the time."""
_GOOD_ENOUGH = 0.995

Embedded: TypeAlias = Mapping[int, NDArray[np.float32] | ImageError]
"""Embeddings by the places of their pictures in a list; of one that cannot be read, why."""
EmbedPlaces: TypeAlias = Callable[[BackboneChoice, Sequence[int]], Embedded]
"""Embeds the pictures at some places, with the fit of the choice."""


@dataclass(frozen=True, slots=True, eq=False)
class FitSearch:
    """The choice of backbone with the fit that was found, and what was embedded for it."""

    choice: BackboneChoice
    selection: Selection | None = None
    """None where the pictures are as good as square, or the usual fit leaves next to nothing to gain."""
    embedded: Embedded = field(default_factory=dict)
    """Of the sample, under the fit of ``choice``: nothing of it need be embedded again."""


def search_fit(
    examples: Sequence[tuple[ImageLike, str]],
    choice: BackboneChoice,
    learner: Learner,
    embed: EmbedPlaces | None = None,
) -> FitSearch:
    """The best fit for these pictures by cross-validation on a sample of them.

    Args:
        examples: pictures and labels; those that cannot be read are skipped.
        choice: the backbone; its fit is the usual one, which is kept where another could not be better.
        learner: fits the heads that are compared, with its usual regularisation.
        embed: embeds the sample; None: here, and nothing is kept but what is returned.
    """
    places = [int(place) for place in evenly([label for _, label in examples], SAMPLE)]
    if not _oblong([examples[place][0] for place in places], choice.open(threads=1).preprocess):
        return FitSearch(choice)

    def embedded_here(one: BackboneChoice, some: Sequence[int]) -> Embedded:
        rows = one.open().embed_or_error(examples[place][0] for place in some)
        return dict(zip(some, rows, strict=True))

    embed = embed or embedded_here
    embedded = {choice.fit: embed(choice, places)}
    kept = [place for place in places if not isinstance(embedded[choice.fit][place], ImageError)]
    targets = [examples[place][1] for place in kept]
    if len(set(targets)) < 2:
        return FitSearch(choice, None, embedded[choice.fit])

    def compared() -> Selection:
        variants = {fit: np.stack([np.asarray(rows[place]) for place in kept]) for fit, rows in embedded.items()}
        return select(variants, targets, learner, [], total=len(examples))

    alone = compared()
    if alone.score is None or alone.score >= _GOOD_ENOUGH:
        return FitSearch(choice, None, embedded[choice.fit])
    for fit in Fit:
        if fit is not choice.fit:
            embedded[fit] = embed(replace(choice, fit=fit), kept)
    found = compared()
    unreadable = {place: row for place, row in embedded[choice.fit].items() if isinstance(row, ImageError)}
    return FitSearch(replace(choice, fit=found.fit), found, {**unreadable, **embedded[found.fit]})


def _oblong(pictures: Sequence[ImageLike], preprocess: Preprocess) -> bool:
    ratio = preprocess.width / preprocess.height
    found = [max(one / ratio, ratio / one) >= OBLONG for one in map(_ratio, pictures) if one is not None]
    return sum(found) > _FEW_OBLONG * len(pictures)


def _ratio(picture: ImageLike) -> float | None:
    """Width by height; None where the picture cannot be read."""
    try:
        if isinstance(picture, np.ndarray):
            return float(picture.shape[1] / picture.shape[0])
        if isinstance(picture, bytes | bytearray | memoryview | str) or hasattr(picture, "__fspath__"):
            content = bytes(picture) if isinstance(picture, bytes | bytearray | memoryview) else None
            header = picture_header(read_picture_file(picture) if content is None else content)  # type: ignore[arg-type]
            return header.width / header.height
        width, height = load_image(picture).size
        return width / height
    except ImageError:
        return None
