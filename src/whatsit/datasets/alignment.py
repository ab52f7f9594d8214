"""Image alignment: which crop of one small picture is another, and how similar they are then.

Gauss-Newton on normalised grey levels (Lucas & Kanade 1981; enhanced correlation, Evangelidis & Psarakis 2008) with
four parameters, many pairs at once.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.float32]
"""Shape (pairs, n, n)."""
Window: TypeAlias = NDArray[np.float32]
"""Shape (pairs, 4): stretch and shift of the sampling window in x, then in y; the picture spans -1..1."""

_STEP = 0.15
_REACH = 0.45
_BLOCK = 8


def align(over: Pixels, under: Pixels, window: Window, rounds: int) -> tuple[NDArray[np.float32], Window]:
    """The best correlation of ``over`` with a window of ``under`` near ``window``, and that window.

    Args:
        over: grey levels, shape (pairs, n, n).
        under: grey levels of the same shape.
        window: where to start, shape (pairs, 4).
        rounds: Gauss-Newton steps.

    Returns:
        Correlations, shape (pairs,), -1..1, and windows, shape (pairs, 4).
    """
    pairs, side, _ = over.shape
    at = _centres(side)
    best, best_window = np.full(pairs, -1, np.float32), window.copy()
    for round_ in range(rounds + 1):
        sampled, valid = warp(under, window)
        sampled, target = _normalised(sampled, valid), _normalised(over, valid)
        score = (sampled * target).sum((1, 2))
        better = score > best
        best, best_window[better] = np.where(better, score, best), window[better]
        if round_ == rounds:
            break
        down = np.gradient(sampled, axis=1) * (side / 2) * valid
        right = np.gradient(sampled, axis=2) * (side / 2) * valid
        slopes = np.stack([right * at, right, down * at[:, None], down], -1).reshape(pairs, -1, 4)
        normal = slopes.transpose(0, 2, 1) @ slopes
        # Flat pictures have no gradient; a little damping keeps the system solvable.
        damping = 1e-3 * np.trace(normal, axis1=1, axis2=2)[:, None, None] / 4 + 1e-9
        residual = (target - sampled).reshape(pairs, -1, 1)
        step = np.linalg.solve(normal + damping * np.eye(4, dtype=np.float32), slopes.transpose(0, 2, 1) @ residual)
        window = np.clip(window + np.clip(step[..., 0], -_STEP, _STEP), -_REACH, _REACH).astype(np.float32)
    return best, best_window


def warp(under: Pixels, window: Window) -> tuple[Pixels, NDArray[np.bool_]]:
    """``under`` sampled in ``window``, bilinear, and which of the samples lie inside the picture."""
    pairs, side, _ = under.shape
    column, column_part, column_valid = _samples(window[:, 0], window[:, 1], side)
    row, row_part, row_valid = _samples(window[:, 2], window[:, 3], side)
    pair = np.arange(pairs)[:, None]
    rows = under[pair, row] * (1 - row_part)[:, :, None] + under[pair, row + 1] * row_part[:, :, None]
    turned = rows.transpose(0, 2, 1)
    both = turned[pair, column] * (1 - column_part)[:, :, None] + turned[pair, column + 1] * column_part[:, :, None]
    return both.transpose(0, 2, 1).astype(np.float32), row_valid[:, :, None] & column_valid[:, None, :]


def is_crop(window: Window, tolerance: float) -> NDArray[np.bool_]:
    """Where one picture lies inside the other: the window in the picture, or the picture in the window."""
    left, right = window[:, 1] - 1 - window[:, 0], window[:, 1] + 1 + window[:, 0]
    top, bottom = window[:, 3] - 1 - window[:, 2], window[:, 3] + 1 + window[:, 2]
    low, high = -1 - tolerance, 1 + tolerance
    inside = (left >= low) & (right <= high) & (top >= low) & (bottom <= high)
    low, high = -1 + tolerance, 1 - tolerance
    around = (left <= low) & (right >= high) & (top <= low) & (bottom >= high)
    return np.asarray(inside | around)


def detail_correlation(over: Pixels, under: Pixels, window: Window) -> NDArray[np.float32]:
    """The correlation, -1..1, of the high-pass filtered pictures: print, texture, edges."""
    sampled, valid = warp(under, window)
    alike = _normalised(_detail(sampled), valid) * _normalised(_detail(over), valid)
    return np.asarray(alike.sum((1, 2)), np.float32)


def largest_difference(over: Pixels, under: Pixels, window: Window) -> NDArray[np.float32]:
    """The largest mean difference, in grey levels, of 8 x 8 blocks: high where an object changed in a still scene."""
    sampled, valid = warp(under, window)
    part = over.shape[1] // _BLOCK
    shape = (len(over), _BLOCK, part, _BLOCK, part)
    count = valid.reshape(shape).sum((2, 4))
    difference = (np.abs(sampled - over) * valid).reshape(shape).sum((2, 4))
    means = np.where(count > part * part / 2, difference / count.clip(1), 0)
    return np.asarray(means.max((1, 2)), np.float32)


def mean_difference(over: Pixels, under: Pixels, window: Window) -> NDArray[np.float32]:
    """The mean difference in grey levels."""
    sampled, valid = warp(under, window)
    total = (np.abs(sampled - over) * valid).sum((1, 2))
    return np.asarray(total / valid.sum((1, 2)).clip(1), np.float32)


def shrink(pixels: Pixels, side: int) -> Pixels:
    """Pictures scaled down to ``side`` by a whole factor: each pixel is the mean of those it replaces."""
    part = pixels.shape[1] // side
    return np.asarray(pixels.reshape(-1, side, part, side, part).mean((2, 4)), np.float32)


def _centres(side: int) -> NDArray[np.float32]:
    return ((np.arange(side, dtype=np.float32) + 0.5) * 2 / side - 1).astype(np.float32)


def _samples(
    stretch: NDArray[np.float32], shift: NDArray[np.float32], side: int
) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.bool_]]:
    place = (_centres(side) * (1 + stretch[:, None]) + shift[:, None] + 1) * side / 2 - 0.5
    valid = (place >= -0.5) & (place <= side - 0.5)
    place = np.clip(place, 0, side - 1.001)
    whole = place.astype(np.intp)
    return whole, (place - whole).astype(np.float32), valid


def _normalised(pixels: Pixels, valid: NDArray[np.bool_]) -> Pixels:
    count = valid.sum((1, 2), keepdims=True).clip(1)
    centred = (pixels - (pixels * valid).sum((1, 2), keepdims=True, dtype=np.float32) / count) * valid
    length = np.sqrt((centred * centred).sum((1, 2), keepdims=True)) + 1e-6
    return np.asarray(centred / length, np.float32)


def _detail(pixels: Pixels) -> Pixels:
    side = pixels.shape[1]
    padded = np.pad(pixels, ((0, 0), (2, 2), (2, 2)), mode="edge")
    blurred = sum(padded[:, row : row + side, column : column + side] for row in range(5) for column in range(5))
    return np.asarray(pixels - np.asarray(blurred) / 25, np.float32)
