"""JSON lists: one record per picture (``metadata.jsonl``), ``{file: label}``, or ``{label: [files]}``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from whatsit.datasets.formats.claims import Claim, Claims
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.json_text import parsed_json, texts_in
from whatsit.datasets.formats.label_heads import Table
from whatsit.datasets.formats.label_table import claims_of
from whatsit.datasets.formats.list_cost import MAX_COLUMNS
from whatsit.datasets.formats.list_text import guessed_text
from whatsit.datasets.formats.listing import NearMiss
from whatsit.datasets.formats.lists import ListFormat
from whatsit.datasets.formats.references import References
from whatsit.datasets.skip import Skip
from whatsit.datasets.split import split_named
from whatsit.errors import SourceError
from whatsit.imaging.picture_format import is_picture_name

_MAX_CELLS = 2**22
_EXPECTED = 'expected one record per picture, such as {"file_name": "a.jpg", "label": "cat"}'


def parse(content: bytes, list_path: str, references: References, is_certain: bool) -> Claims | NearMiss | None:
    """What a JSON document says of the pictures; a near miss where it names them and says it in no way that is known.

    Raises:
        SourceError: the file is certainly a list and cannot be read, or a list that cannot be read names pictures.
    """
    try:
        document = parsed_json(content, list_path)
    except SourceError:
        text = guessed_text(content)
        if is_certain or _is_about(references, [part for part in text.split('"') if is_picture_name(part)], list_path):
            raise
        return None
    said = _said(document, list_path, references, is_certain)
    if said is not None:
        return said
    names = [text for text in texts_in(document) if is_picture_name(text)]
    if _is_about(references, names, list_path):
        return NearMiss(list_path, f"it names the pictures in a way that is not known; {_EXPECTED}")
    if is_certain:
        raise SourceError(f"{list_path}: names no pictures; {_EXPECTED}")
    return None


def _said(document: Any, list_path: str, references: References, is_certain: bool) -> Claims | NearMiss | None:
    if isinstance(document, dict) and document:
        values = list(document.values())
        if all(isinstance(value, str | int | None) and not isinstance(value, bool) for value in values):
            return _by_file(document, list_path, references)
        if all(isinstance(value, list) and all(isinstance(name, str) for name in value) for value in values):
            return _by_label(document, list_path, references)
        if all(isinstance(value, dict) for value in values) and _is_about(references, list(document), list_path):
            document = [{"file_name": name, **value} for name, value in document.items()]
        elif len(values) > 1 and all(split_named(key) is not None for key in document):
            return _of_splits(document, list_path, references)
        elif len(lists := [value for value in values if _are_records(value)]) == 1:
            document = lists[0]
    if _are_records(document):
        document = [_with_use(record) for record in document]
        return claims_of(_table(document, list_path), references)
    if isinstance(document, list) and document and all(_is_row(row) for row in document):
        rows = tuple((f"row {at}", tuple(map(_text, row))) for at, row in enumerate(document, 1))
        return claims_of(Table(list_path, rows), references)
    return None


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and 1 < len(value) < 9 and all(isinstance(cell, str | int | None) for cell in value)


def _of_splits(document: Mapping[str, Any], list_path: str, references: References) -> Claims | NearMiss | None:
    """``{"train": …, "test": …}`` of what one list can be."""
    entries: list[Claim] = []
    notes: list[Skip] = []
    for word, part in document.items():
        if not part:
            continue
        said = _said(part, list_path, references, False)
        if not isinstance(said, Claims):
            return said
        entries += (replace(entry, split=entry.split or word) for entry in said.entries)
        notes += said.notes
    return Claims(list_path, tuple(entries), notes=tuple(dict.fromkeys(notes)))


def _with_use(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The split of a record of Vertex AI as a field: ``{"…/ml_use": "test"}``."""
    marks = record.get("dataItemResourceLabels")
    uses = [use for key, use in marks.items() if key.endswith("/ml_use")] if isinstance(marks, dict) else []
    return {**record, "ml_use": uses[0]} if uses else record


def _are_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(record, dict) for record in value)


def _table(records: Sequence[Mapping[str, Any]], list_path: str) -> Table:
    heads = tuple(dict.fromkeys(head for record in records for head in record))
    if len(heads) > MAX_COLUMNS or len(heads) * len(records) > _MAX_CELLS:  # each record can have names of its own
        raise SourceError(
            f"{list_path}: {len(records):,} records with {len(heads):,} different fields; leave some fields out"
        )
    rows = tuple(
        (f"record {number}", tuple(_text(record.get(head)) for head in heads))
        for number, record in enumerate(records, 1)
    )
    return Table(list_path, rows, heads)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _by_file(document: Mapping[str, Any], list_path: str, references: References) -> Claims | None:
    if not _is_about(references, list(document), list_path):
        return None
    labels = {name: _text(label) for name, label in document.items()}
    return Claims(list_path, tuple(Claim(name, (label,) if label else ()) for name, label in labels.items()))


def _by_label(document: Mapping[str, Sequence[str]], list_path: str, references: References) -> Claims | None:
    names = [name for names in document.values() for name in names]
    if not _is_about(references, names, list_path):
        # {file: [labels]}
        if _is_about(references, list(document), list_path):
            return Claims(list_path, tuple(Claim(name, tuple(labels)) for name, labels in document.items()))
        return None
    labels: dict[str, list[str]] = {}
    for label, listed in document.items():
        for name in listed:
            labels.setdefault(name, []).append(label)
    return Claims(list_path, tuple(Claim(name, tuple(dict.fromkeys(found))) for name, found in labels.items()))


def _is_about(references: References, names: Sequence[str], list_path: str) -> bool:
    """True where most of the names mean pictures, or most pictures are named."""
    sample = names[:: max(1, len(names) // 400)]
    return references.are_named([references.find(name, list_path) for name in sample], len(names))


LISTS = ListFormat((".json", ".jsonl", ".ndjson"), parse)
FORMAT = Format(
    name="json",
    title="JSON list",
    about="metadata.jsonl of file_name and label, {file: label} or {label: [files]}",
    splits="training, validation, test, where the list has them",
    read=LISTS.read,
    precedence=36,
    list_endings=LISTS.endings,
    read_list=LISTS.read_list,
    notes=(
        "Hugging Face's metadata.jsonl in each split folder, or at the top.",
        "Understood too: the JSON Lines of Vertex AI, with the splits of ml_use.",
    ),
)
