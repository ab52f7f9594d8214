"""CVAT for images: ``annotations.xml`` of one ``<image>`` per picture, with its tags."""

from xml.parsers import expat

from whatsit.datasets.formats.claims import Claim, Claims
from whatsit.datasets.formats.format import Format
from whatsit.datasets.formats.listing import NearMiss
from whatsit.datasets.formats.lists import ListFormat
from whatsit.datasets.formats.references import References
from whatsit.errors import SourceError

_MAX_DEPTH = 32


class _RefusedError(Exception):
    """Something in the document that no export of CVAT has."""


class _Images:
    """The pictures of a document and their tags, collected while it is parsed."""

    def __init__(self) -> None:
        self.root = ""
        self.names: list[tuple[str, str]] = []
        self.tags: list[dict[str, None]] = []
        self.shapes = 0
        self._open: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.root = self.root or name
        self._open.append(name)
        if len(self._open) > _MAX_DEPTH:
            raise _RefusedError("nested too deeply")
        around = self._open[:-1]
        if name == "image" and around == ["annotations"]:
            self.names.append((attributes.get("name", ""), attributes.get("subset", "")))
            self.tags.append({})
        elif around == ["annotations", "image"]:
            if name == "tag":
                self.tags[-1][attributes.get("label", "")] = None
            else:
                self.shapes += 1

    def end(self, _: str) -> None:
        self._open.pop()


def parse(content: bytes, list_path: str, references: References, is_certain: bool) -> Claims | NearMiss | None:
    """What a document says; None for other XML. A document type, and with it every entity, is refused.

    Raises:
        SourceError: the file is certainly a list and not XML of CVAT.
    """
    images = _Images()
    try:
        _parse(content, images)
    except (expat.ExpatError, _RefusedError, UnicodeDecodeError, LookupError, ValueError) as error:
        if is_certain or images.names:
            raise SourceError(f"{list_path}: not XML of CVAT: {error}; export it again as CVAT for images") from error
        return None
    entries = tuple(
        Claim(name, tuple(tags), subset, f"image {number}")
        for number, ((name, subset), tags) in enumerate(zip(images.names, images.tags, strict=True), 1)
        if name
    )
    if images.root != "annotations" or not entries:
        if is_certain:
            raise SourceError(f"{list_path}: no pictures in it; expected <annotations> of CVAT for images")
        return None
    if not any(entry.labels for entry in entries):
        why = "its annotations are shapes, not tags" if images.shapes else "none of its pictures has a tag"
        return NearMiss(list_path, why)
    return Claims(list_path, entries, "CVAT's list")


def _parse(content: bytes, images: _Images) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = images.start
    parser.EndElementHandler = images.end

    def refuse(*_: object) -> None:
        raise _RefusedError("it has a document type")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.Parse(content, True)


LISTS = ListFormat((".xml",), parse)
FORMAT = Format(
    name="cvat",
    title="CVAT",
    about="CVAT for images: annotations.xml of images and their tags",
    splits="the subsets of the list, or those of the folders",
    read=LISTS.read,
    precedence=35,
    list_endings=LISTS.endings,
    read_list=LISTS.read_list,
    notes=("Tags only; shapes are passed over.",),
)
