"""What one cell of a table of labels says: one label, none, or several."""

import json
import re


def _named(record: object) -> list[str]:
    """The label in a record that holds one by its usual name, as Custom Vision's tags do; else none."""
    names = [record.get(head) for head in ("tagName", "displayName", "label")] if isinstance(record, dict) else []
    return [name for name in names if isinstance(name, str) and name.strip()][:1]


def are_labels(cell: str) -> bool:
    """False for a cell that holds JSON without labels in it."""
    return cell[:1] not in ("[", "{") or not _is_json(cell) or several(cell) != [cell]


def _is_json(cell: str) -> bool:
    try:
        return isinstance(json.loads(cell), list | dict)
    except (ValueError, RecursionError):
        return False


def several(value: str, single: set[str] | frozenset[str] = frozenset(), *, is_tags: bool = False) -> list[str]:
    """The labels in one cell: one, none, or several, written as JSON, or as words that also stand alone elsewhere."""
    if not value:
        return []
    if value[0] in "[{":
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError):
            parsed = re.findall(r"'([^']*)'", value) if value[0] == "[" and value[-1] == "]" else None
        if isinstance(parsed, dict):
            parsed = parsed.get("choices", _named(parsed) or None)
        elif isinstance(parsed, list):
            parsed = [_named(part)[0] if _named(part) else part for part in parsed]
        if isinstance(parsed, list) and all(isinstance(part, str) for part in parsed):
            return [part.strip() for part in parsed if part.strip()]
        return [value]
    for mark in ("|", ";", ",", " "):
        parts = [part.strip() for part in value.split(mark) if part.strip()]
        if len(parts) > 1 and (is_tags or all(part in single for part in parts)):
            return parts
    return [value]
