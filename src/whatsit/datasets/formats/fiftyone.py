"""FiftyOne's FiftyOneImageClassificationDataset: ``data/<id>.<ending>`` and ``labels.json`` of classes and indices."""

from typing import Any

from whatsit.datasets.formats.claims import Claim, Claims
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.json_text import parsed_json
from whatsit.datasets.formats.listing import NearMiss
from whatsit.datasets.formats.lists import ListFormat
from whatsit.datasets.formats.references import References
from whatsit.errors import SourceError


def parse(content: bytes, list_path: str, references: References, is_certain: bool) -> Claims | NearMiss | None:
    """What a ``labels.json`` says; None for other JSON.

    Raises:
        SourceError: an index that no class has.
    """
    if b'"labels"' not in content:
        return None
    try:
        document = parsed_json(content, list_path)
    except SourceError:
        return None
    labels = document.get("labels") if isinstance(document, dict) else None
    if not isinstance(labels, dict):
        return None
    classes = document.get("classes")
    if classes is not None and not (isinstance(classes, list) and all(isinstance(name, str) for name in classes)):
        raise SourceError(f"{list_path}: classes is not a list of names; export it again")
    if classes is None and all(isinstance(value, str) for value in labels.values()):
        found = [references.find(name, list_path) for name in list(labels)[:: max(1, len(labels) // 400)]]
        if not references.are_named(found, len(labels)):  # a map of ids to names
            return None
    entries = tuple(Claim(name, _labels(value, classes, name, list_path)) for name, value in labels.items())
    return Claims(list_path, entries, "FiftyOne's list")


def _labels(value: Any, classes: list[str] | None, name: str, list_path: str) -> tuple[str, ...]:
    if isinstance(value, dict):
        value = value.get("label", value.get("labels", value.get("classifications")))
    values = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(_label(one, classes, name, list_path) for one in values if one is not None))


def _label(value: Any, classes: list[str] | None, name: str, list_path: str) -> str:
    if isinstance(value, dict):
        value = value.get("label")
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        if classes is None:
            return str(value)
        if 0 <= value < len(classes):
            return classes[value]
    there = f"there are {len(classes or ()):,} classes"
    raise SourceError(f"{list_path}: {name[:60]!r} has the class {str(value)[:60]!r}, and {there}; export it again")


LISTS = ListFormat((".json",), parse)
FORMAT = Format(
    name="fiftyone",
    title="FiftyOne",
    about="data/<file> and labels.json of classes and indices",
    splits="those of the folders",
    read=LISTS.read,
    precedence=31,
    list_endings=LISTS.endings,
    read_list=LISTS.read_list,
)
