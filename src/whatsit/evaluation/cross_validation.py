"""Judging a design by cross-validation: every picture by a head that was fitted without it.

Where the backbone is frozen only heads are fitted, on embeddings that are made once, so all pictures can judge a design
and not only those of a small validation split (Kohavi 1995).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.views import ViewEmbedder
from whatsit.heads.learners import DEFAULT, LEARNERS
from whatsit.heads.sampling import evenly, stratified_folds
from whatsit.heads.selection import select
from whatsit.imaging.augmentation import NO_AUGMENTATION
from whatsit.teaching.teach import Example
from whatsit.training.design import Design
from whatsit.training.events import OnEvent, Phase, Stop, ignore, never
from whatsit.training.pictures import Report, embed_views

MOST_PICTURES = 1_500
"""Pictures that judge at most; of more, these many are sampled evenly."""


def cross_validated(
    design: Design, training: Sequence[Example], validation: Sequence[Example], *, cache: Path | None = None,
    on_event: OnEvent = ignore, stop: Stop = never,
) -> tuple[int, ...]:  # fmt: skip
    """How the heads of a frozen design answer on pictures that were held out in turn.

    Args:
        design: frozen; its head is the one that training begins with.
        training: (picture, label) pairs; those that cannot be read and those alone in their class judge nothing.
        validation: more of them; those of other labels are left out, as in training.
        cache: a folder for embeddings, where those of a training on the same pictures are found.

    Returns:
        A number for each picture: its class in alphabetical order, from 1, negative where the answer was wrong.

    Raises:
        StoppedError: ``stop`` said so.
    """
    labels = {label for _, label in training}
    pairs = [*training, *((picture, label) for picture, label in validation if label in labels)]
    places = evenly([label for _, label in pairs], MOST_PICTURES)
    backbone = design.backbone_choice.open()
    plain = ViewEmbedder(backbone, NO_AUGMENTATION, 1)
    # What training embedded for its views is in the cache; the first of them is the picture itself.
    views = plain if cache is None else ViewEmbedder(backbone, design.augmentation, design.views)
    report = Report(on_event)
    names: list[str] = []
    parts = []
    for embedder, chosen in ((views, places < len(training)), (plain, places >= len(training))):
        some = [pairs[place] for place in places[chosen]]
        kept, rows = embed_views(embedder, some, cache, report, report.leave_out, Phase.EMBEDDING_VALIDATION, stop)
        names += [label for _, label in kept]
        rows.close()
        parts.append(rows.plain)
    return _judged(design, np.concatenate(parts), np.array(names))


def _judged(design: Design, rows: NDArray[np.float32], names: NDArray[np.str_]) -> tuple[int, ...]:
    folds = stratified_folds(names)
    held = folds > 0
    if not held.any():
        return ()
    learner = LEARNERS[DEFAULT]
    chosen = select({design.usual_fit: rows}, names.tolist(), learner).regularisation
    strengths = [] if chosen is None else [chosen]
    scores = learner.held_out_scores(rows, names.tolist(), folds, strengths, len(names))
    truth = np.unique(names, return_inverse=True)[1]
    right = next(iter(scores.values())).argmax(axis=1) == truth
    return tuple(int(number) for number in np.where(right, truth + 1, -truth - 1)[held])
