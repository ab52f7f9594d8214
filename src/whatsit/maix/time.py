"""``maix.time``: clocks, pauses, and frames a second."""

import time as _time
from collections import deque

__all__ = [
    "fps", "fps_set_buff_len", "fps_start", "sleep", "sleep_ms", "sleep_us", "ticks_diff", "ticks_ms", "ticks_s",
    "ticks_us", "time", "time_ms", "time_s",
]  # fmt: skip

_began: float | None = None
_frames: deque[float] = deque(maxlen=20)
"""Seconds that the last frames took."""


def time() -> float:
    """Seconds since 1970."""
    return _time.time()


def time_s() -> int:
    """Whole seconds since 1970."""
    return int(_time.time())


def time_ms() -> int:
    """Milliseconds since 1970."""
    return int(_time.time() * 1e3)


def ticks_s() -> float:
    """Seconds of a clock that never goes back."""
    return _time.monotonic()


def ticks_ms() -> int:
    """The same in milliseconds."""
    return int(_time.monotonic() * 1e3)


def ticks_us() -> int:
    """The same in microseconds."""
    return int(_time.monotonic() * 1e6)


def ticks_diff(last: float, now: float | None = None) -> float:
    """From ``last`` to ``now``, both of ``ticks_s``; None: until this moment."""
    return (ticks_s() if now is None else now) - last


def sleep(s: float) -> None:
    """Wait for seconds."""
    _time.sleep(max(0.0, s))


def sleep_ms(ms: float) -> None:
    """Wait for milliseconds."""
    sleep(ms / 1e3)


def sleep_us(us: float) -> None:
    """Wait for microseconds."""
    sleep(us / 1e6)


def fps_start() -> None:
    """Begin to count a frame's time at this moment."""
    global _began
    _began = _time.monotonic()


def fps_set_buff_len(length: int) -> None:
    """Over how many frames ``fps`` takes the mean: 1 or more."""
    global _frames
    _frames = deque(_frames, maxlen=max(1, length))


def fps() -> float:
    """Frames a second, a mean over the last ones: call it once a frame. 0 at the first call."""
    global _began
    now = _time.monotonic()
    if _began is not None:
        _frames.append(now - _began)
    _began = now
    spent = sum(_frames)
    return len(_frames) / spent if spent > 0 else 0.0
