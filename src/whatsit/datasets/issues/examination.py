"""What the issues are looked for in: the pictures of a dataset and all that was measured of them, gathered once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.cache import Embeddable, EmbeddingCache
from whatsit.backbones.embedder import Embedder
from whatsit.datasets.catalogue import Picture
from whatsit.datasets.coach import Advice, advise_by_looks
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.disjoint_sets import DisjointSets
from whatsit.datasets.issues.dismissed import Dismissal, Dismissals
from whatsit.datasets.issues.label_issues import LabelIssue, label_issues
from whatsit.datasets.label import RESERVED
from whatsit.heads.unknown import normalised
from whatsit.parallel import Progress
from whatsit.plugins import EXTRAS

_ROWS_AT_ONCE = 512


@dataclass(frozen=True, slots=True, eq=False)
class Examination:
    """The state of a dataset at one moment."""

    dataset: Dataset
    pictures: tuple[Picture, ...]
    """All, unreadable and unlabelled ones included."""
    near_copies: tuple[tuple[Picture, Picture], ...]
    """Pairs of readable pictures with different bytes, the larger picture first."""
    dismissed: frozenset[Dismissal]
    """What a person said need not be shown again."""
    labelled: tuple[Picture, ...]
    """The readable pictures that have a label."""
    unit: NDArray[np.float32] | None = None
    """Their L2-normalised embeddings, shape (labelled, dim); None where none were asked for."""
    label_issues: tuple[LabelIssue, ...] = field(default=())
    """Their labels, the most severe issue first; empty without embeddings."""

    @property
    def advice(self) -> Advice | None:
        """What to photograph next; None without embeddings."""
        if self.unit is None:
            return None
        labels, hashes = [one.label for one in self.labelled], [one.hash for one in self.labelled]
        return advise_by_looks(self.unit, labels, hashes, self.dataset.colours)

    @property
    def readable(self) -> list[Picture]:
        """The pictures that can be decoded."""
        return [picture for picture in self.pictures if not picture.error]


def examine(dataset: Dataset, embedder: Embedder | None = None, progress: Progress | None = None) -> Examination:
    """Gather what the issues need; nothing in the dataset is changed.

    Args:
        dataset: its pictures, refreshed first.
        embedder: gives the embeddings; without one, label issues and outliers cannot be found.
        progress: called with (done, total) while pictures are embedded.

    Raises:
        DataError: the project's own files cannot be read.
        MissingExtraError: an embedder is given, and scikit-learn is not installed.
    """
    dataset.refresh()
    pictures = tuple(dataset.pictures())
    labelled = tuple(picture for picture in pictures if not picture.error and picture.label not in RESERVED)
    pairs = dataset.near_copies.all_pairs()
    unit: NDArray[np.float32] | None = None
    issues: tuple[LabelIssue, ...] = ()
    if embedder is not None and labelled:
        EXTRAS["teach"].check("the search for wrong labels")
        unit = unit_embeddings(dataset, labelled, embedder, progress)
        issues = tuple(label_issues(unit, [picture.label for picture in labelled], _groups(labelled, pairs)))
    dismissed = frozenset(Dismissals(dataset.root).read())
    return Examination(dataset, pictures, _by_size(pictures, pairs), dismissed, labelled, unit, issues)


def unit_embeddings(
    dataset: Dataset, pictures: Sequence[Picture], embedder: Embedder, progress: Progress | None = None
) -> NDArray[np.float32]:
    """The L2-normalised embeddings of readable pictures, shape (pictures, dim); the project's cache keeps them.

    Args:
        progress: called with (done, total).
    """
    cache = EmbeddingCache(dataset.embeddings_folder, embedder)
    unit = cache.embed([Embeddable(picture.hash, picture.path) for picture in pictures], progress)
    for start in range(0, len(unit), _ROWS_AT_ONCE):  # in place: a copy of ten thousand embeddings is 50 MB
        unit[start : start + _ROWS_AT_ONCE] = normalised(unit[start : start + _ROWS_AT_ONCE])
    return unit


def _by_size(pictures: Sequence[Picture], pairs: Sequence[tuple[str, str]]) -> tuple[tuple[Picture, Picture], ...]:
    by_hash: dict[str, Picture] = {}
    for picture in pictures:
        if not picture.error:
            by_hash.setdefault(picture.hash, picture)
    found = []
    for one, other in pairs:
        if one in by_hash and other in by_hash:
            larger, smaller = sorted((by_hash[one], by_hash[other]), key=lambda p: (-p.width * p.height, p.key))
            found.append((larger, smaller))
    return tuple(found)


def _groups(pictures: Sequence[Picture], pairs: Sequence[tuple[str, str]]) -> list[int]:
    together = DisjointSets(picture.hash for picture in pictures)
    for one, other in pairs:
        if one in together and other in together:
            together.join(one, other)
    numbers: dict[str, int] = {}
    return [numbers.setdefault(together.root(picture.hash), len(numbers)) for picture in pictures]
