"""What a live answer can say."""

from enum import StrEnum


class AnswerState(StrEnum):
    """What a live answer says."""

    LABEL = "label"
    UNCERTAIN = "uncertain"
    """The best score is below the threshold."""
    UNKNOWN = "unknown"
    """The picture is farther from every class than the model's threshold."""
    STALE = "stale"
    """No frame came for a while: the answer is old."""
