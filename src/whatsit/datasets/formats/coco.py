"""COCO's JSON with one category per picture: ``images``, ``annotations`` and ``categories``."""

from typing import Any

from whatsit.datasets.formats.claims import Claim, Claims
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.json_text import parsed_json
from whatsit.datasets.formats.listing import NearMiss
from whatsit.datasets.formats.lists import ListFormat
from whatsit.datasets.formats.references import References
from whatsit.errors import SourceError

_PARTS = ("images", "annotations", "categories")


def parse(content: bytes, list_path: str, references: References, is_certain: bool) -> Claims | NearMiss | None:
    """What a document of COCO says; None for other JSON. Boxes and outlines are passed over.

    Raises:
        SourceError: an annotation of a category or picture that is not there, or an id that two of them have.
    """
    if b'"images"' not in content or b'"categories"' not in content:
        return None
    try:
        document = parsed_json(content, list_path)
    except SourceError:
        return None
    parts: list[Any] = [document.get(key) for key in _PARTS] if isinstance(document, dict) else []
    if not parts or not all(isinstance(part, list) and all(isinstance(row, dict) for row in part) for part in parts):
        return None
    images, annotations, categories = parts
    names = _by_id(categories, "name", list_path, "category")
    files = _by_id(images, "file_name", list_path, "image")
    splits = {row.get("id"): str(row["split"]) for row in images if row.get("split")}
    labels: dict[Any, dict[str, None]] = {key: {} for key in files}
    for row in annotations:
        image, category = _key(row.get("image_id")), _key(row.get("category_id"))
        if image not in labels or category not in names:
            missing = f"image {image!r}" if image not in labels else f"category {category!r}"
            raise SourceError(f"{list_path}: an annotation of {missing}, which is not in the list; export it again")
        labels[image][names[category]] = None
    entries = tuple(Claim(files[key], tuple(found), splits.get(key, "")) for key, found in labels.items())
    several = sum(len(entry.labels) > 1 for entry in entries)
    if entries and 2 * several > len(entries):
        why = f"{several:,} of its {len(entries):,} pictures have several categories: it is for detection"
        return NearMiss(list_path, why)
    return Claims(list_path, entries, "COCO's list")


def _by_id(rows: list[dict[str, Any]], field: str, list_path: str, what: str) -> dict[Any, str]:
    found: dict[Any, str] = {}
    for row in rows:
        key, name = _key(row.get("id")), row.get(field)
        if key is None or not isinstance(name, str) or not name:
            raise SourceError(f"{list_path}: an {what} without id and {field}; export it again".replace("an c", "a c"))
        if found.setdefault(key, name) != name:
            raise SourceError(f"{list_path}: two of {what} have the id {key!r}; export it again")
    return found


def _key(value: Any) -> Any:
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


LISTS = ListFormat((".json",), parse)
FORMAT = Format(
    name="coco",
    title="COCO JSON",
    about="images, annotations and categories, one category per picture",
    splits="those of the folders, or of the lists' names",
    read=LISTS.read,
    precedence=32,
    list_endings=LISTS.endings,
    read_list=LISTS.read_list,
    notes=("Boxes are passed over; a picture with several categories is left out.",),
)
