"""How far a run is, and how it ended."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of pictures; they add up."""

    pictures: int = 0
    unknown: int = 0
    errors: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.pictures + other.pictures, self.unknown + other.unknown, self.errors + other.errors)

    def __sub__(self, other: "Tally") -> "Tally":
        return Tally(self.pictures - other.pictures, self.unknown - other.unknown, self.errors - other.errors)

    @property
    def unknown_share(self) -> float:
        """Of the pictures that could be read; 0 where there are none."""
        return self.unknown / max(1, self.pictures - self.errors)


@dataclass(frozen=True, slots=True)
class Progress:
    """A run at one moment."""

    tally: Tally
    """Of this start of the run."""
    before: int
    """Pictures in the parts that were there already."""
    total: int
    """Pictures in all."""
    seconds: float
    """Since this start began to make parts."""

    @property
    def done(self) -> int:
        """Pictures that are done, those of earlier starts included."""
        return self.before + self.tally.pictures

    @property
    def rate(self) -> float:
        """Pictures a second of this start."""
        return self.tally.pictures / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At this rate; None before the first pictures."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None


@dataclass(frozen=True, slots=True)
class Result:
    """A finished run."""

    out: Path
    """The folder of the parts."""
    pictures: int
    """Rows in all parts."""
    parts: int
    present: int
    """Parts that an earlier start had written."""
    tally: Tally
    """Of this start."""
    seconds: float
    """Of this start, the listing of the pictures not counted."""
