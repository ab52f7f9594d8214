"""Corrections: a picture that a person gave another label than a model did, as an ordinary picture of the dataset."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from whatsit.datasets.edit import EditKind
from whatsit.datasets.label import RESERVED, STRANGERS, check_label, reserved
from whatsit.datasets.placement import look_at
from whatsit.datasets.split import Split
from whatsit.errors import DataError

if TYPE_CHECKING:
    from whatsit.datasets.catalogue import Catalogue, Picture
    from whatsit.datasets.dataset import Dataset

_MARK = "corrected "
"""What the source of a corrected picture begins with; then comes when, then where it was taken."""
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
OCCASION = 60.0
"""Seconds between two corrections of one source up to which they are one burst, on one side of the split."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """A picture that was corrected and lies in the dataset."""

    key: str
    hash: str
    """SHA-256 of its bytes."""
    label: str | None
    """What it is; None: none of the classes."""
    time: float
    """When it was corrected, in seconds since 1970, UTC."""
    split: Split


def correct(
    dataset: "Dataset",
    content: bytes,
    label: str | None,
    *,
    source: str = "",
    time: float | None = None,
    lesson: Callable[[str], tuple[int, int]] | None = None,
) -> "Picture":
    """Say what a picture is, or that it is none of the classes: one edit, on disk when this returns.

    A picture of the dataset, known by its bytes, gets the label and keeps its split; another one is added. Corrections
    of one source within ``OCCASION`` are one burst. What was said of a picture before is no edit.

    Args:
        dataset: where it is kept.
        content: an encoded picture.
        label: what it is, also a class that is new; None: none of the classes.
        source: where the picture came from, for people.
        time: when that was, in seconds since 1970; now where not given.
        lesson: as for ``Dataset.bring``, of a picture that is not in the dataset yet.

    Raises:
        ImageError: not a picture that can be read.
        DataError: the label cannot be used, the project is in use elsewhere, or the disk is full; nothing is changed.
    """
    wanted = STRANGERS if label is None else check_class(label)
    newcomer, print_ = look_at(content, wanted, None, "", source, time)
    with dataset.editing():
        dataset.folder_for(wanted)
        mark = f"{_MARK}{datetime.now(UTC).strftime(_TIME)}"
        there = [dataset.picture(file.key) for file in dataset.whereabouts([newcomer.hash], ())]
        if there:
            return _moved(dataset, there, wanted, mark)
        burst = _occasion(dataset, source, newcomer.time) or secrets.token_hex(8)
        marked = replace(newcomer, burst=burst, source=": ".join(filter(None, (mark, source))))
        return dataset.bring(content, marked, print_, lesson=lesson)


def check_class(label: str) -> str:
    """``label`` itself where it can name a class.

    Raises:
        DataError: as ``label.check_label``, and for the folders of pictures that are of no class.
    """
    if check_label(label) in RESERVED:
        raise DataError(reserved(label))
    return label


def kind_of(source: str, label: str) -> EditKind:
    """What adding a picture of that source is to a person."""
    if not source.startswith(_MARK):
        return EditKind.ADD
    return EditKind.STRANGER if label == STRANGERS else EditKind.CORRECT


def corrections(catalogue: "Catalogue") -> list[Corrected]:
    """The corrected pictures that can be read, oldest first; where one lies says what it is."""
    query = (
        "SELECT key, hash, label, source, split FROM files JOIN records USING (hash) JOIN fingerprints USING (hash)"
        " WHERE source >= ? AND source < ? AND error = ''"
    )
    rows = catalogue.index.rows(query, (_MARK, _MARK + "\uffff"))
    found = [
        Corrected(key, hash_, None if label == STRANGERS else label, when, Split(split))
        for key, hash_, label, source, split in rows
        if (when := _when(source)) is not None and (label == STRANGERS or label not in RESERVED)
    ]
    return sorted(found, key=lambda one: (one.time, one.key))


def _moved(dataset: "Dataset", pictures: "list[Picture]", label: str, mark: str) -> "Picture":
    if all(one.label == label and _when(one.record.source) is not None for one in pictures):
        return pictures[0]  # said before
    edit = dataset.plans.relabel(pictures, label)
    placed = {record.hash: record for record in edit.after}
    record = pictures[0].record
    source = record.source if _when(record.source) is None else record.source.partition(": ")[2]
    after = replace(placed.get(record.hash, record), source=": ".join(filter(None, (mark, source))))
    kind = kind_of(after.source, label)
    dataset.perform(replace(edit, kind=kind, count=len(pictures), to=label, before=(record,), after=(after,)))
    return next(dataset.picture(key) for key in dataset.copies(record.hash, label))


def _occasion(dataset: "Dataset", source: str, time: float) -> str:
    """The burst of the latest correction, where it is of the same source and not long ago."""
    query = (
        "SELECT burst, source FROM records WHERE source >= ? AND source < ? AND abs(time - ?) <= ? ORDER BY time DESC"
    )
    rows = dataset.index.rows(query, (_MARK, _MARK + "\uffff", time, OCCASION))
    return next((str(burst) for burst, other in rows if other.partition(": ")[2] == source), "")


def _when(source: str) -> float | None:
    """When a picture was corrected; None where it was not."""
    if not source.startswith(_MARK):
        return None
    try:
        moment = datetime.strptime(source.removeprefix(_MARK).partition(": ")[0], _TIME)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC).timestamp()
