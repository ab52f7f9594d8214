"""Near-copies: the same picture re-encoded, resized or slightly cropped.

Thumbnails are compared in three steps, each on what the step before let through: the cosine of 8 x 8 grey vectors
for all pairs, then the thumbnails aligned at 16, 32 and 64 pixels, then their detail. The limits were measured:
docs/decisions/splits.md.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from whatsit.datasets.alignment import (
    align,
    detail_correlation,
    is_crop,
    largest_difference,
    mean_difference,
    shrink,
)
from whatsit.datasets.fingerprint import COLOUR, THUMB
from whatsit.datasets.index import Index

_COARSE = 8
_COARSE_LIMIT = 0.85
_CANDIDATES = 16
"""Most pairs compared for one picture: in a still scene everything is alike, and time must stay bounded."""
_LEVELS = ((16, 6, 0.8), (32, 4, 0.84), (64, 4, 0.86))
"""Side in pixels, rounds of alignment, lowest correlation accepted."""
_STRETCH = 0.3
_TOLERANCE = 0.08
_COLOUR_LIMIT = 14.0
_BLOCK_LIMIT = 28.0
_DETAIL_LIMIT = 0.7
_PAIRS_AT_ONCE = 500


def are_near_copies(thumbs: Sequence[bytes], one: NDArray[np.intp], other: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether the pictures of each pair are near-copies.

    Args:
        thumbs: of the pictures, as ``Fingerprint.thumb`` has them.
        one: the place of each pair's first picture among them, shape (pairs,).
        other: that of its second one.
    """
    grey, colours = _grey(thumbs), _colours(thumbs)
    window = np.zeros((len(one), 4), np.float32)
    left = np.arange(len(one))
    for side, rounds, least in _LEVELS:
        if not len(left):
            return np.zeros(len(one), np.bool_)
        small = shrink(grey, side)
        score, window[left] = align(small[other[left]], small[one[left]], window[left], rounds)
        found = window[left]
        fits = (score > least) & is_crop(found, _TOLERANCE) & (np.abs(found[:, ::2]) < _STRETCH).all(1)
        if side == COLOUR:
            for channel in colours:
                fits &= mean_difference(channel[other[left]], channel[one[left]], found) < _COLOUR_LIMIT
        left = left[fits]
    if not len(left):
        return np.zeros(len(one), np.bool_)
    over, under, found = grey[other[left]], grey[one[left]], window[left]
    fits = detail_correlation(over, under, found) > _DETAIL_LIMIT
    fits &= largest_difference(over, under, found) < _BLOCK_LIMIT
    result = np.zeros(len(one), np.bool_)
    result[left[fits]] = True
    return result


def _grey(thumbs: Sequence[bytes]) -> NDArray[np.float32]:
    pixels = [thumb[: THUMB * THUMB] for thumb in thumbs]
    return np.frombuffer(b"".join(pixels), np.uint8).reshape(-1, THUMB, THUMB).astype(np.float32)


def _colours(thumbs: Sequence[bytes]) -> NDArray[np.float32]:
    pixels = [thumb[THUMB * THUMB :] for thumb in thumbs]
    both = np.frombuffer(b"".join(pixels), np.uint8).reshape(-1, COLOUR, COLOUR, 3)
    return both.transpose(3, 0, 1, 2).astype(np.float32)


class NearCopies:
    """Finds which pictures of a dataset are near-copies of each other."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._hashes: list[str] = []
        self._known: set[str] = set()
        self._coarse = np.zeros((0, _COARSE * _COARSE), np.float32)

    def pairs(self, hashes: Sequence[str]) -> list[tuple[str, str]]:
        """Every near-copy pair among ``hashes``, and between them and the dataset's pictures, sorted.

        Byte-equal pictures have one hash and are not a pair.
        """
        present = {hash_ for (hash_,) in self._index.rows("SELECT DISTINCT hash FROM files")}
        present.update(hashes)
        self._load(present)
        place = {hash_: at for at, hash_ in enumerate(self._hashes)}
        asked = np.array(sorted(place[h] for h in set(hashes) if h in place), np.intp)
        allowed = np.array([h in present for h in self._hashes])
        found: set[tuple[str, str]] = set()
        candidates = self._candidates(asked, allowed)
        for start in range(0, len(candidates), _PAIRS_AT_ONCE):
            some = candidates[start : start + _PAIRS_AT_ONCE]
            for one, other in some[self._verified(some)]:
                found.add((self._hashes[one], self._hashes[other]))
        return sorted((min(pair), max(pair)) for pair in found)

    def all_pairs(self) -> list[tuple[str, str]]:
        """Every near-copy pair of the dataset, sorted; cached until its pictures change."""
        rows = self._index.rows("SELECT DISTINCT hash FROM files JOIN fingerprints USING (hash) WHERE error = ''")
        hashes = sorted(hash_ for (hash_,) in rows)
        digest = hashlib.sha256("".join(hashes).encode()).hexdigest()
        kept = self._index.setting("near copies").split()
        if kept and kept[0] == digest:
            return list(zip(kept[1::2], kept[2::2], strict=True))
        pairs = self.pairs(hashes)
        self._index.put_setting("near copies", " ".join([digest, *(hash_ for pair in pairs for hash_ in pair)]))
        return pairs

    def _load(self, present: set[str]) -> None:
        missing = sorted(present - self._known)
        fresh: list[NDArray[np.float32]] = []
        for hash_ in missing:
            grey = self._grey([hash_])
            if len(grey):
                small = shrink(grey, _COARSE).reshape(1, -1)
                small -= small.mean()
                length = float(np.linalg.norm(small))
                # One blank wall looks like another: they are never candidates.
                fresh.append(small / length if length > 8 else np.zeros_like(small))
                self._hashes.append(hash_)
                self._known.add(hash_)
        if fresh:
            self._coarse = np.concatenate([self._coarse, *fresh])

    def _candidates(self, asked: NDArray[np.intp], allowed: NDArray[np.bool_]) -> NDArray[np.intp]:
        found: set[tuple[int, int]] = set()
        for start in range(0, len(asked), 256):
            rows = asked[start : start + 256]
            cosine = self._coarse[rows] @ self._coarse.T
            cosine[:, ~allowed] = -1
            cosine[np.arange(len(rows)), rows] = -1
            count = min(_CANDIDATES, cosine.shape[1])
            nearest = np.argpartition(-cosine, count - 1, axis=1)[:, :count]
            for row, line, others in zip(rows.tolist(), cosine, nearest.tolist(), strict=True):
                found.update(
                    (row, other) if self._hashes[row] < self._hashes[other] else (other, row)
                    for other in others
                    if line[other] > _COARSE_LIMIT
                )
        return np.array(sorted(found), np.intp).reshape(-1, 2)

    def _verified(self, pairs: NDArray[np.intp]) -> NDArray[np.bool_]:
        names = sorted({self._hashes[at] for at in pairs.ravel().tolist()})
        place = {hash_: at for at, hash_ in enumerate(names)}
        one = np.array([place[self._hashes[at]] for at in pairs[:, 0].tolist()], np.intp)
        other = np.array([place[self._hashes[at]] for at in pairs[:, 1].tolist()], np.intp)
        return are_near_copies(self._thumbs(names), one, other)

    def _grey(self, hashes: Sequence[str]) -> NDArray[np.float32]:
        return _grey(self._thumbs(hashes))

    def _thumbs(self, hashes: Sequence[str]) -> list[bytes]:
        query = "SELECT thumb FROM fingerprints WHERE hash = ? AND error = ''"
        return [row[0] for hash_ in hashes for row in self._index.rows(query, (hash_,))]
