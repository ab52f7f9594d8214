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
    near = nearest_labels(label, labels)
    meant = f"; did you mean {near[0]}?" if near else ";"
    more = f" and {len(labels) - _MOST_NAMED:,} more" if len(labels) > _MOST_NAMED else ""
    raise DataError(f"on={label}: the model has no such label{meant} it has {', '.join(labels[:_MOST_NAMED])}{more}")


def nearest_labels(label: str, labels: Sequence[str]) -> list[str]:
    """Up to three: those with all its words, then those that are written alike."""
    folded = {one.casefold(): one for one in reversed(labels)}
    wanted = label.casefold()
    words = set(wanted.replace("_", " ").split())
    longer = [one for one in folded if words and words <= set(one.replace("_", " ").replace("-", " ").split())]
    alike = get_close_matches(wanted, folded, n=3, cutoff=0.8)
    found = dict.fromkeys([*([wanted] if wanted in folded else []), *sorted(longer, key=len), *alike])
    return [folded[one] for one in found][:3]
