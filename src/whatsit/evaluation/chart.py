"""Charts as inline SVG: no script, no file beside it, colours from the page (``currentColor`` and CSS variables)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 460, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 24, 26, 40
_CHARACTER = 6.6
"""About the width of one, for the larger letters of a phone too."""


@dataclass(frozen=True, slots=True)
class Series:
    """A named line through points (x, y); ``colour`` is 1 to 4, for the page's ``--series-1`` …"""

    name: str
    points: tuple[tuple[float, float], ...]
    colour: int = 1


@dataclass(frozen=True, slots=True)
class Mark:
    """A point with a label; those on the Pareto front are filled."""

    x: float
    y: float
    label: str
    on_front: bool


@dataclass(frozen=True, slots=True)
class Axes:
    """The titles of both axes, and whether their values are shares, to be shown in percent."""

    x: str
    y: str
    x_percent: bool = False
    y_percent: bool = False


def line_chart(title: str, axes: Axes, series: Sequence[Series], marker: float | None = None) -> str:
    """Lines over a shared grid; ``marker`` draws a dashed vertical line at that x."""
    frame = _Frame([point for line in series for point in line.points], axes)
    parts = []
    for line in series:
        points = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in line.points)
        parts.append(f'<polyline class="line" points="{points}" style="stroke:var(--series-{line.colour})"/>')
    if marker is not None:
        at = f"{frame.x(marker):.1f}"
        parts.append(f'<line class="marker" x1="{at}" x2="{at}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}"/>')
    legend, place = [], _LEFT
    for line in series:
        legend.append(
            f'<rect x="{place}" y="8" width="10" height="3" style="fill:var(--series-{line.colour})"/>'
            f'<text x="{place + 14}" y="13">{escape(line.name)}</text>'
        )
        place += 30 + 7 * len(line.name)
    return _svg(title, [*frame.grid(), *parts, *legend])


def scatter_chart(title: str, axes: Axes, marks: Sequence[Mark]) -> str:
    """Points; the Pareto front is filled, joined by a line and named where there is room, the rest on hovering."""
    frame = _Frame([(mark.x, mark.y) for mark in marks], axes)
    front = sorted((mark.x, mark.y) for mark in marks if mark.on_front)
    points = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in front)
    parts = [f'<polyline class="line frontier" points="{points}" style="stroke:var(--series-1)"/>']
    for mark in marks:
        kind = "front" if mark.on_front else "other"
        x, y = frame.x(mark.x), frame.y(mark.y)
        parts.append(
            f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{escape(mark.label)}</title></circle>'
        )
    named = [(mark.label, frame.x(mark.x), frame.y(mark.y)) for mark in marks if mark.on_front]
    return _svg(title, [*frame.grid(), *parts, *_names(named, [(frame.x(m.x), frame.y(m.y)) for m in marks])])


def _names(named: Sequence[tuple[str, float, float]], points: Sequence[tuple[float, float]]) -> list[str]:
    """Labels where there is room: none covers another or a point. No point lies above and left of the front."""
    parts: list[str] = []
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in points]
    for text, x, y in sorted(named, key=lambda one: one[1]):
        width = _CHARACTER * len(text)
        before, behind, above, below = x - 7 - width, x + 7, y - 5, y + 14
        for anchor, left, base in (
            ("end", before, above),
            ("start", behind, above),
            ("start", behind, below),
            ("end", before, below),
        ):
            box = (left, base - 10, left + width, base + 3)
            inside = left >= _LEFT and box[2] <= WIDTH and box[1] >= 0 and box[3] <= HEIGHT - _BOTTOM
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                at = left if anchor == "start" else box[2]
                parts.append(f'<text x="{at:.1f}" y="{base:.1f}" text-anchor="{anchor}">{escape(text)}</text>')
                break
    return parts


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


class _Frame:
    def __init__(self, points: Sequence[tuple[float, float]], axes: Axes) -> None:
        self._axes = axes
        self._xs = _span([x for x, _ in points], axes.x_percent)
        self._ys = _span([y for _, y in points], axes.y_percent)

    def x(self, value: float) -> float:
        low, high, _ = self._xs
        return _LEFT + (value - low) / (high - low) * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        low, high, _ = self._ys
        return HEIGHT - _BOTTOM - (value - low) / (high - low) * (HEIGHT - _TOP - _BOTTOM)

    def grid(self) -> list[str]:
        """Lines, numbers and titles of both axes."""
        parts = []
        for value in _ticks(*self._ys):
            y = self.y(value)
            parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            text = _number(value, self._axes.y_percent)
            parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
        for value in _ticks(*self._xs):
            text = _number(value, self._axes.x_percent)
            parts.append(f'<text x="{self.x(value):.1f}" y="{HEIGHT - 22}" text-anchor="middle">{text}</text>')
        middle = (_LEFT + WIDTH - _RIGHT) / 2
        parts.append(f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{escape(self._axes.x)}</text>')
        parts.append(
            f'<text transform="translate(11 {(HEIGHT - _BOTTOM + _TOP) / 2}) rotate(-90)" text-anchor="middle">'
            f"{escape(self._axes.y)}</text>"
        )
        return parts


def _span(values: Sequence[float], share: bool) -> tuple[float, float, float]:
    """Round limits around the values, shares within 0..1, and the step between numbers."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    if high - low < 1e-9:
        low, high = low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
        low, high = (max(0.0, low), min(1.0, high)) if share else (low, high)
    rough = (high - low) / 4
    scale = 10.0 ** len(str(int(1 / rough))) if rough < 1 else 1.0
    power = 1 / scale if rough < 1 else 10.0 ** (len(str(int(rough))) - 1)
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return int(low // step) * step, -int(-high // step) * step, step


def _ticks(low: float, high: float, step: float) -> list[float]:
    return [low + number * step for number in range(round((high - low) / step) + 1)]


def _number(value: float, percent: bool) -> str:
    return f"{value * 100:.3g} %" if percent else f"{value:.4g}"


def _svg(title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}" class="chart">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )
