"""Label Studio's JSON export: one task per picture, its choices in the annotations.

Its CSV and JSON-MIN exports are plain lists.
"""

from typing import Any

from whatsit.datasets.formats.claims import Claim, Claims
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.json_text import parsed_json
from whatsit.datasets.formats.listing import NearMiss
from whatsit.datasets.formats.lists import ListFormat
from whatsit.datasets.formats.references import References
from whatsit.errors import SourceError
from whatsit.imaging.picture_format import is_picture_name


def parse(content: bytes, list_path: str, references: References, is_certain: bool) -> Claims | NearMiss | None:
    """What an export says; None for other JSON. Of several annotations of a picture, those not cancelled count."""
    if b'"data"' not in content or not (b'"annotations"' in content or b'"completions"' in content):
        return None
    try:
        tasks = parsed_json(content, list_path)
    except SourceError:
        return None
    tasks = [tasks] if isinstance(tasks, dict) else tasks
    if not isinstance(tasks, list) or not all(isinstance(t, dict) and isinstance(t.get("data"), dict) for t in tasks):
        return None
    entries, boxes = [], 0
    for number, task in enumerate(tasks, 1):
        name = _name(task, references, list_path)
        if not name:
            continue
        labels, other = _choices(task)
        boxes += other
        entries.append(Claim(name, tuple(labels), str(task["data"].get("split", "")), f"task {number}"))
    if not entries:
        return None
    if not any(entry.labels for entry in entries) and boxes:
        return NearMiss(list_path, "its annotations are boxes or outlines, not choices")
    return Claims(list_path, tuple(entries), "Label Studio's list")


def _name(task: dict[str, Any], references: References, list_path: str) -> str:
    texts = [value for value in task["data"].values() if isinstance(value, str)]
    upload = task.get("file_upload")
    names = [*texts, *([upload] if isinstance(upload, str) else [])]
    found = [name for name in names if references.find(name, list_path).picture]
    likely = [name for name in names if is_picture_name(name.partition("?")[0])]
    return (found or likely or [""])[0]


def _choices(task: dict[str, Any]) -> tuple[list[str], int]:
    labels: dict[str, None] = {}
    other = 0
    annotations = task.get("annotations") or task.get("completions") or []
    for annotation in annotations if isinstance(annotations, list) else []:
        if not isinstance(annotation, dict) or annotation.get("was_cancelled"):
            continue
        results = annotation.get("result")
        for result in results if isinstance(results, list) else []:
            value = result.get("value") if isinstance(result, dict) else None
            choices = value.get("choices") if isinstance(value, dict) else None
            if isinstance(choices, list):
                labels |= dict.fromkeys(choice for choice in choices if isinstance(choice, str))
            else:
                other += 1
    return list(labels), other


LISTS = ListFormat((".json",), parse)
FORMAT = Format(
    name="label-studio",
    title="Label Studio",
    about="pictures and the JSON export of their choices; its CSV and JSON-MIN as lists",
    splits="none",
    read=LISTS.read,
    precedence=33,
    list_endings=LISTS.endings,
    read_list=LISTS.read_list,
    notes=("A picture on which people chose differently is left out.",),
)
