"""Label files: one class per line, JSON, or a TensorFlow label map, as tools write them beside or inside a model."""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whatsit.errors import DataError
from whatsit.files import read_bounded

MAX_LABELS = 100_000
MAX_LABEL_BYTES = 2**24
_NUMBERED = re.compile(r"^(\d{1,9})[ \t:,]+(\S.*)$")
_NUMBER_LAST = re.compile(r"^(\S.*?)[ \t:,=]+(\d{1,9})$")
_MACHINE_ID = re.compile(r"/[mgt]/\w+|n\d{8}|Q\d+")
_ITEM = re.compile(r"\bitem\s*\{([^{}]*)\}")
_FIELD = re.compile(r"""(\w+)\s*:\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(-?\d{1,9}(?!\d)))""")
_NOT_IN_ORDER = "numbers of labels repeat or leave a gap; expected 0, 1, 2 … or 1, 2, 3 …"
_EXPECTED = "expected one label per line, a JSON list, or an object of numbers and names"


@dataclass(frozen=True, slots=True)
class NumberedLabels:
    """What a label file says: the number of each class and its name."""

    names: Mapping[int, str]
    are_numbered: bool
    """The file gives the numbers; else its lines are counted from 0."""
    are_records: bool = False
    """Records of a list, whose order means something too where their numbers leave gaps."""


def parse_labels(content: bytes, name: str) -> tuple[str, ...]:
    """Labels in the order of the model's outputs.

    Understood: ``label`` lines; ``0 label`` lines numbered from 0 or from 1, in any order; a JSON list, an object of
    id → name or name → id, or one with a list under ``labels``, ``classes`` or ``names``; a TensorFlow label map
    (``item { id: 1 name: "cat" }``). UTF-8 with or without a byte-order mark, or UTF-16 with one.

    Args:
        name: what to call the file in errors.

    Raises:
        DataError: another encoding, empty, too long, or numbers that leave a gap.
    """
    found = numbered_labels(content, name)
    are_outputs = not found.are_numbered or (found.are_records and not _is_whole(found.names))
    return _checked([*found.names.values()] if are_outputs else _in_order(found.names, name), name)


def numbered_labels(content: bytes, name: str, *, gaps: bool = False) -> NumberedLabels:
    """The names in a label file by the numbers of their classes; notations as in ``parse_labels``.

    Args:
        name: what to call the file in errors.
        gaps: the lists of a dataset: numbered lines count whatever their numbers are, and so do ``label 0`` lines.

    Raises:
        DataError: another encoding, no label file, or a number twice.
    """
    text = _text(content, name)
    stripped = text.lstrip()
    if stripped.startswith(("[", "{")):
        return _from_json(text, name)
    if _ITEM.match(stripped):
        return NumberedLabels(_from_label_map(text, name), True)
    lines = [line.strip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    if (numbers := _numbers_of([line for line in lines if line], gaps)) is not None:
        return NumberedLabels(numbers, True)
    return NumberedLabels(dict(enumerate(lines)), False)


def _numbers_of(lines: Sequence[str], gaps: bool) -> dict[int, str] | None:
    """The names of numbered lines; None where the numbers belong to the labels, as in "2 euro" and "1 euro"."""
    numbered = [_NUMBERED.match(line) for line in lines]
    pairs = {int(match[1]): match[2] for match in numbered if match}
    if gaps and not all(numbered):
        numbered = [_NUMBER_LAST.match(line) for line in lines]
        pairs = {int(match[2]): match[1] for match in numbered if match}
    if not pairs or not all(numbered) or len(pairs) != len(lines):
        return None
    is_distinct = len(set(pairs.values())) == len(pairs)  # "1 euro" and "2 euro" are labels with numbers of their own
    return pairs if (min(pairs) == 0 or is_distinct) and (_is_whole(pairs) or (gaps and is_distinct)) else None


def are_machine_ids(labels: Sequence[str]) -> bool:
    """Whether labels are identifiers such as ``/m/01yrx`` or ``n02123045``, which nobody reads."""
    return bool(labels) and all(_MACHINE_ID.fullmatch(label) for label in labels)


def _text(content: bytes, name: str) -> str:
    try:
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return content.decode("utf-16")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: not a text file in UTF-8; expected one label per line") from error


def _checked(labels: Sequence[str], name: str) -> tuple[str, ...]:
    if not labels or len(labels) > MAX_LABELS or any("\0" in label for label in labels):
        raise DataError(f"{name}: {len(labels)} labels; expected one label per line, 1 to {MAX_LABELS:,} lines")
    return tuple(labels)


def _from_json(text: str, name: str) -> NumberedLabels:
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name}: neither JSON nor one label per line; {_EXPECTED}") from error
    if (labels := labels_in(found, name)) is None:
        raise DataError(f"{name}: JSON without labels in it; {_EXPECTED}")
    return labels


def labels_in(document: Any, name: str) -> NumberedLabels | None:
    """The labels in parsed JSON; None where it has none.

    Raises:
        DataError: a number twice.
    """
    found = document
    if isinstance(found, dict):
        for key in ("labels", "classes", "names", "class_names", "categories", "id2label"):
            if isinstance(found.get(key), list | dict):
                found = found[key]
                break
    if isinstance(found, list) and all(isinstance(label, str) for label in found):
        return NumberedLabels(dict(enumerate(label.strip() for label in found)), False)
    if isinstance(found, list) and found and all(isinstance(label, dict) for label in found):
        named = [label for entry in found if (label := _named(entry)) is not None]
        if len(named) == len(found):
            numbers = [entry.get("id") for entry in found]
            are_ids = all(isinstance(number, int) and not isinstance(number, bool) for number in numbers)
            if are_ids and len({*numbers}) == len(numbers):
                return NumberedLabels(_by_number(zip(numbers, named, strict=True), name), True, True)
            return NumberedLabels(dict(enumerate(named)), False)
    if isinstance(found, dict) and found:
        found = {key: value[1] if _is_pair(value) else value for key, value in found.items()}
        if all(isinstance(value, str) and re.fullmatch(r"\d{1,9}", key) for key, value in found.items()):
            return NumberedLabels(_by_number(((int(key), value) for key, value in found.items()), name), True)
        if all(isinstance(value, int) and not isinstance(value, bool) for value in found.values()):
            return NumberedLabels(_by_number(((value, key) for key, value in found.items()), name), True)
    return None


def _is_pair(value: object) -> bool:
    """True for Keras's ``["n02123045", "tabby"]``."""
    return isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value)


def _named(entry: Mapping[str, Any]) -> str | None:
    values = (entry.get(key) for key in ("name", "label", "displayName", "display_name"))
    return next((value for value in values if isinstance(value, str)), None)


def _from_label_map(text: str, name: str) -> dict[int, str]:
    """``StringIntLabelMap`` of TensorFlow's object detection API in protobuf's text format."""
    pairs: list[tuple[int, str]] = []
    for item in _ITEM.findall(text):
        fields = {key: double or single or number for key, double, single, number in _FIELD.findall(item)}
        shown = fields.get("display_name") or fields.get("name")
        if shown is None or not fields.get("id", "").isdigit():
            raise DataError(f'{name}: an item without id and name; expected item {{ id: 1 name: "cat" }}')
        pairs.append((int(fields["id"]), shown))
    return _by_number(pairs, name)


def _by_number(pairs: Iterable[tuple[int, str]], name: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for number, label in pairs:
        if number in found:
            raise DataError(f"{name}: {_NOT_IN_ORDER}")
        found[number] = label.strip()
    return found


def _in_order(names: Mapping[int, str], name: str) -> list[str]:
    if not _is_whole(names):
        raise DataError(f"{name}: {_NOT_IN_ORDER}")
    return [names[number] for number in sorted(names)]


def _is_whole(numbers: Iterable[int]) -> bool:
    """True for 0, 1, 2 … and 1, 2, 3 … in any order."""
    found = sorted(numbers)
    return found[0] in (0, 1) and found == list(range(found[0], found[0] + len(found)))


def parse_plain_labels(content: bytes, name: str) -> tuple[str, ...]:
    """Labels as whatsit writes them into its models: each line is a label, also where it begins with a number.

    Raises:
        DataError: not UTF-8, empty, or too long.
    """
    try:
        lines = content.decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: not text in UTF-8; expected one label per line") from error
    if lines == [""] or len(lines) > MAX_LABELS:
        raise DataError(f"{name}: {len(lines)} labels; expected one label per line, 1 to {MAX_LABELS:,} lines")
    return tuple(line.removesuffix("\r") for line in lines)


def read_labels(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """The labels in a label file.

    Raises:
        DataError: the file cannot be read or is not a label file.
    """
    return parse_labels(read_bounded(path, MAX_LABEL_BYTES, "a label file, one label per line"), str(path))


def fitted_labels(labels: Sequence[str], classes: int, name: str) -> tuple[str, ...]:
    """``labels`` for a model of ``classes`` outputs; the extra "background" of 1,001-class models is added or left out.
    An empty line names no class: it is then ``class 1`` by its number.

    Raises:
        DataError: the counts differ otherwise.
    """
    if len(labels) == classes:
        return tuple(label or f"class {index}" for index, label in enumerate(labels))
    if len(labels) == classes - 1 == 1000:
        return ("background", *labels)
    if len(labels) - 1 == classes == 1000 and labels[0].lower() == "background":
        return tuple(labels[1:])
    raise DataError(
        f"{name}: {len(labels)} labels for a model of {classes} classes; give the label file that came with the model"
    )


def labels_beside(model: Path, classes: int) -> tuple[tuple[str, ...], Path] | None:
    """Labels from a file next to the model, with its path; None where there is none.

    ``<model>.txt``, ``.json`` and the like are the model's own. Those of a shared name (``labels.txt``, ``dict.txt``
    …) count where their number fits; ``manifest.json`` (Firebase AutoML) names the file for its model.

    Raises:
        DataError: the model's own file has another number of labels.
    """
    stem = model.with_suffix("")
    for suffix in (".txt", "_labels.txt", ".labels.txt", "_labels.json", ".labels.json", ".pbtxt"):
        own = stem.with_name(stem.name + suffix)
        if own.is_file():
            return fitted_labels(read_labels(own), classes, str(own)), own
    for file in (*_in_manifest(model), *(model.with_name(shared) for shared in (*_SHARED, *_OF_MORE))):
        if file.is_file():
            try:
                return fitted_labels(read_labels(file), classes, str(file)), file
            except DataError:  # a shared name in a folder of many models can belong to another
                continue
    return None


def unfit_beside(model: Path) -> str:
    """The name of a label file beside the model that ``labels_beside`` passed over; nothing where there is none."""
    return next((shared for shared in _SHARED if model.with_name(shared).is_file()), "")


_SHARED = (
    "labels.txt", "labelmap.txt", "label_map.txt", "dict.txt", "classes.txt", "class_names.txt", "labels.json",
    "class_names.json", "class_indices.json", "classes.json", "labels.pbtxt", "label_map.pbtxt", "labelmap.pbtxt",
)  # fmt: skip
# Of Keras, Hugging Face and Teachable Machine; they can be of something else altogether.
_OF_MORE = ("class_index.json", "imagenet_class_index.json", "config.json", "metadata.json")


def _in_manifest(model: Path) -> list[Path]:
    manifest = model.with_name("manifest.json")
    try:
        if not manifest.is_file() or manifest.stat().st_size > MAX_LABEL_BYTES:
            return []
        found = json.loads(manifest.read_bytes())
        named = found["labelsFile"] if found.get("modelFile", model.name) == model.name else ""
    except (OSError, ValueError, KeyError, AttributeError, RecursionError):
        return []
    # A name, not a path: the manifest may come from a stranger.
    return [model.with_name(named)] if isinstance(named, str) and named and Path(named).name == named else []
