"""When the next frame is prepared: late enough to be fresh, early enough that the recogniser does not wait for it."""

from whatsit.live.answer import Stats

_LONGER, _SHORTER = 0.1, 0.005
"""In shares of what the network takes: one wait in twenty frames is aimed at."""
_MOST = 0.5
"""The same: a longer head start only makes frames older, such as where it is the processor that is waited for."""


class Headstart:
    """Learns from the recogniser's waits how much sooner than on average preparing must begin.

    No stage always takes the same time, least of all where other programs use the processor too. Each wait makes the
    head start longer at once, and each frame without one a little shorter.
    """

    def __init__(self) -> None:
        self._reserve = 0.3
        """Besides the time that preparing takes, as a share of what the network takes."""
        self.delay = 0.0
        """Seconds after the recogniser has taken a frame in which preparing the next one need not begin."""

    def after(self, stats: Stats, *, waited: bool, repeated: bool) -> None:
        """A frame was answered for.

        Args:
            stats: what the stages take.
            waited: whether the frame was not there yet when the recogniser was ready for it.
            repeated: whether the network did not run; the next frame is due when it would have been ready all the same.
        """
        if not repeated:
            self._reserve += _LONGER if waited else -_SHORTER
            self._reserve = min(_MOST, max(0.0, self._reserve))
        reserve = 0.0 if repeated else self._reserve
        self.delay = max(0.0, (1 - reserve) * stats.inference_ms - stats.prepare_ms) / 1000
