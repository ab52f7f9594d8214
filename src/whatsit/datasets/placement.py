"""The split of each new picture: the one on record, else its source's, else that of its group, else by content."""

import hashlib
import time as clock
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from whatsit.datasets.disjoint_sets import DisjointSets
from whatsit.datasets.fingerprint import Fingerprint, fingerprint
from whatsit.datasets.index import Index
from whatsit.datasets.near_copy import NearCopies
from whatsit.datasets.split import DecidedBy, Group, Split, SplitRatios, assign
from whatsit.datasets.splits_csv import SplitRecord
from whatsit.errors import ImageError


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A picture that needs a split, and what is known of it."""

    hash: str
    label: str
    split: Split | None = None
    """What its source said."""
    burst: str = ""
    source: str = ""
    time: float = 0.0


def look_at(
    content: bytes, label: str, split: Split | str | None, burst: str, source: str, time: float | None
) -> tuple[Newcomer, Fingerprint]:
    """An encoded picture as a newcomer, and its fingerprint; ``time`` None means now.

    Raises:
        ImageError: not a picture that can be read.
    """
    seen = fingerprint(content)
    if seen.error:
        raise ImageError(seen.error)
    wanted = None if split is None else Split(split)
    moment = clock.time() if time is None else time
    return Newcomer(hashlib.sha256(content).hexdigest(), label, wanted, burst, source, moment), seen


def place(
    newcomers: Iterable[Newcomer], index: Index, near: NearCopies, ratios: SplitRatios, *, again: bool = False
) -> list[SplitRecord]:
    """The records to write for ``newcomers``, in their order; a picture on record keeps its split and needs none.

    Args:
        newcomers: in a fixed order; their fingerprints are in the index.
        index: what is known of the dataset.
        near: finds their near-copies.
        ratios: the fractions to approach in every class.
        again: decide again for pictures on record too.
    """
    first: dict[str, Newcomer] = {}
    for newcomer in newcomers:
        first.setdefault(newcomer.hash, newcomer)
    known = {} if again else known_splits(index, first)
    groups = _groups(first, known, index, near)
    decided = assign(groups, counts_by_label(index, without=set(first)), ratios)
    records = []
    for newcomer in first.values():
        if newcomer.hash in known:
            continue
        by = DecidedBy.SOURCE if newcomer.split else DecidedBy.CONTENT
        split = newcomer.split or decided[newcomer.hash]
        records.append(SplitRecord(newcomer.hash, split, by, newcomer.burst, newcomer.source, newcomer.time))
    return records


def known_splits(index: Index, hashes: Iterable[str]) -> dict[str, Split]:
    """The splits on record, by content; contents without a record are left out."""
    query = "SELECT split FROM records WHERE hash = ?"
    return {hash_: Split(split) for hash_ in hashes for (split,) in index.rows(query, (hash_,))}


def counts_by_label(index: Index, without: set[str] = frozenset()) -> dict[str, list[int]]:  # type: ignore[assignment]
    """Pictures of each label in (training, validation, test); files without a record and ``without`` do not count."""
    counts: dict[str, list[int]] = {}
    order = {split.value: place for place, split in enumerate(Split)}
    query = "SELECT label, split, count(*) FROM files JOIN records USING (hash)"
    for label, split, count in index.rows(f"{query} GROUP BY label, split"):
        counts.setdefault(label, [0, 0, 0])[order[split]] += count
    for hash_ in without:
        for label, split, count in index.rows(f"{query} WHERE hash = ? GROUP BY label, split", (hash_,)):
            counts[label][order[split]] -= count
    return counts


def _groups(newcomers: dict[str, Newcomer], known: dict[str, Split], index: Index, near: NearCopies) -> list[Group]:
    together = DisjointSets(newcomers)
    follows: dict[str, list[Split]] = {}
    by_burst: dict[str, str] = {}
    burst_splits = _burst_splits(index, newcomers)
    for hash_, newcomer in newcomers.items():
        if newcomer.burst:
            together.join(hash_, by_burst.setdefault(newcomer.burst, hash_))
            follows.setdefault(hash_, []).extend(burst_splits.get(newcomer.burst, ()))
    for one, other in near.pairs(list(newcomers)):
        if one in together and other in together:
            together.join(one, other)
        else:
            new, old = (one, other) if one in together else (other, one)
            follows.setdefault(new, []).extend(known_splits(index, [old]).values())
    return [_group(hashes, newcomers, known, follows) for hashes in together.sets()]


def _group(
    hashes: Sequence[str],
    newcomers: dict[str, Newcomer],
    known: dict[str, Split],
    follows: dict[str, list[Split]],
) -> Group:
    said = [split for h in hashes if (split := known.get(h) or newcomers[h].split)]
    older = [split for h in hashes for split in follows.get(h, ())]
    # Where they disagree, training: a near-copy of a training picture in the test would flatter the score.
    decided = min(said or older, key=list(Split).index, default=None)
    return Group(tuple(hashes), newcomers[hashes[0]].label, decided)


def _burst_splits(index: Index, newcomers: dict[str, Newcomer]) -> dict[str, list[Split]]:
    # From the records alone: the file of an expected picture is not there yet.
    found: dict[str, list[Split]] = {}
    for burst in sorted({newcomer.burst for newcomer in newcomers.values() if newcomer.burst}):
        rows = index.rows("SELECT hash, split FROM records WHERE burst = ? ORDER BY hash", (burst,))
        found[burst] = [Split(split) for hash_, split in rows if hash_ not in newcomers]
    return found
