"""Which fit suits the pictures: each is tried on a sample, where pictures are not square and it could matter."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from whatsit.backbones.choice import BackboneChoice
from whatsit.errors import ImageError
from whatsit.heads.learner import Learner
from whatsit.heads.selection import Selection, evenly, select
from whatsit.imaging.image import ImageLike, load_image, picture_header, read_picture_file
from whatsit.imaging.preprocess import Fit, Preprocess

SAMPLE = 300
"""Pictures to compare fits on at most, as evenly over the classes as there are."""
OBLONG = 1.1
"""From this ratio of a picture's sides to the input's on, fits differ."""
_FEW_OBLONG = 0.05
"""Share of oblong pictures up to which the fit is not worth the time."""
_GOOD_ENOUGH = 0.995
_STRENGTHS = (0.03,)


def search_fit(examples: Sequence[tuple[ImageLike, str]], choice: BackboneChoice, learner: Learner) -> Selection | None:
    """The best fit for these pictures by cross-validation on a sample of them.

    Args:
        examples: pictures and labels; those that cannot be read are skipped.
        choice: the backbone; its fit is the usual one, which is kept where another could not be better.
        learner: fits the heads that are compared.

    Returns:
        None where the pictures are as good as square, or the usual fit leaves next to nothing to gain.
    """
    places = evenly([label for _, label in examples], SAMPLE)
    sample = [examples[place] for place in places]
    usual = choice.open()
    if not _oblong([picture for picture, _ in sample], usual.preprocess):
        return None
    kept, first = [], []
    for example, answer in zip(sample, usual.embed_or_error(picture for picture, _ in sample), strict=True):
        if not isinstance(answer, ImageError):
            kept.append(example)
            first.append(answer)
    targets = [label for _, label in kept]
    if len(set(targets)) < 2:
        return None
    variants = {choice.fit: np.stack(first)}
    strengths = [one for one in _STRENGTHS if learner.strengths]
    alone = select(variants, targets, learner, strengths)
    if alone.score is None or alone.score >= _GOOD_ENOUGH:
        return None
    for fit in Fit:
        if fit is not choice.fit:
            embedder = replace(choice, fit=fit).open()
            variants[fit] = np.stack(list(embedder.embed_many(picture for picture, _ in kept)))
    return select(variants, targets, learner, strengths)


def with_fit(
    examples: Sequence[tuple[ImageLike, str]], choice: BackboneChoice, learner: Learner
) -> tuple[BackboneChoice, Selection | None]:
    """The choice with the fit that ``search_fit`` finds, and what it found; unchanged where that is nothing."""
    search = search_fit(examples, choice, learner)
    return (choice if search is None else replace(choice, fit=search.fit)), search


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
