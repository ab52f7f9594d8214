"""``on=LABEL`` of a sink against the labels of the model in use: a misspelt one is said, never replaced by another."""

from collections.abc import Sequence
from difflib import get_close_matches

from whatsit.errors import DataError
from whatsit.live.controls import Controls

_MOST_NAMED = 10


def labels_of(controls: Controls | None) -> Sequence[str]:
    """The labels of the model in use; empty where they are not known, or nothing is taught yet."""
    return getattr(controls.recogniser, "labels", ()) if controls is not None else ()


def check_label(label: str, labels: Sequence[str]) -> None:
    """Refuse a label that the model does not have. Without labels, any can come.

    Raises:
        DataError: it is none of them; the nearest spelling and the model's labels are named.
    """
    if not labels or label in labels:
        return
    spelt = {one.casefold(): one for one in labels}
    near = get_close_matches(label.casefold(), spelt, 1)
    meant = f"; did you mean {spelt[near[0]]}?" if near else ";"
    more = f" and {len(labels) - _MOST_NAMED:,} more" if len(labels) > _MOST_NAMED else ""
    raise DataError(f"on={label}: the model has no such label{meant} it has {', '.join(labels[:_MOST_NAMED])}{more}")
