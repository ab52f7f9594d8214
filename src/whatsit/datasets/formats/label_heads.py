"""The columns of a table that names pictures: what they are usually called, and what they are where nothing says."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from whatsit.datasets.formats.references import References
from whatsit.datasets.split import split_named
from whatsit.imaging.picture_format import is_picture_name

# In lower case, without spaces and marks: "Image_Name" and "image name" are one.
PATH_HEADS = (
    "path", "filepath", "filepaths", "file", "filename", "filenames", "imagepath", "imagefile", "imagename",
    "imagefilename", "image", "images", "imgpath", "imgname", "img", "picture", "photo", "fname", "imageid", "imgid",
    "imageuri", "gcsuri", "imagegcsuri", "uri", "fileid", "imageurl",
)  # fmt: skip
LABEL_HEADS = (
    "label", "labels", "labelname", "class", "classname", "classes", "category", "categoryname", "target", "breed",
    "species", "choice", "choices", "diagnosis", "dx", "disease", "level", "classid", "labelid", "categoryid",
    "groundtruth", "classlabel", "imagelabel", "tag", "tags", "classificationannotation", "classificationannotations",
)  # fmt: skip
NAME_HEADS = ("labelname", "classname", "categoryname", "labeltext", "classlabel")
SPLIT_HEADS = (
    "split",
    "subset",
    "set",
    "partition",
    "dataset",
    "phase",
    "fold",
    "mluse",
    "mlusage",
    "usage",
    "datatype",
)
FLAG_HEADS = {
    "isvalid": "validation", "isval": "validation", "isvalidation": "validation", "istest": "test", "istrain": "train",
    "istraining": "train",
}  # fmt: skip
BOX_HEADS = frozenset({"xmin", "ymin", "xmax", "ymax", "bbox", "boundingbox", "bboxx1"})
FOLDER_HEADS = ("folder", "directory", "dir")
# Columns of numbers and remarks: never the label.
OTHER_HEADS = re.compile(
    r"|index|unnamed\d+|width|height|w|h|x|y|depth|channels|size|bytes|filesize|format|md5|sha1|sha256|hash|url|"
    r"caption|text|description|title|comment|comments|notes?|annotator|annotationid|createdat|updatedat|leadtime|"
    r"date|time|datetime|timestamp|lat|lon|latitude|longitude|score|confidence|id|taskid|source|license|author|"
    r"bboxx?\d?|bboxy?\d?|xmin|ymin|xmax|ymax|area|iscrowd"
)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text as a file has them."""

    path: str
    """The list's path in its source."""
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """Where each row is, such as ``line 4``, and its cells."""
    heads: tuple[str, ...] | None = None
    """The names of the columns; None: the first row has them, or nothing has."""
    must_name: bool = False
    """The file is a list for certain: what it names and is not there is reported, and no labels are no doubt."""
    is_one_hot: bool = False
    """Every column but the path is a class."""


def plain_head(cell: str) -> str:
    """A column's name in lower case, without spaces and marks."""
    return re.sub(r"[\s_-]", "", cell.casefold())


def cell_at(cells: Sequence[str], at: int) -> str:
    """One cell of a row; empty where the row is too short."""
    return cells[at] if 0 <= at < len(cells) else ""


def are_numbers(cells: Sequence[str]) -> bool:
    """True where every cell that is not empty is a number."""
    return all(re.fullmatch(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", cell) for cell in cells if cell)


def with_heads(table: Table, references: References) -> Table:
    """The table with a name for each column: those of its first row, or what its columns hold."""
    if table.heads is not None or not table.rows:
        return table
    first = table.rows[0][1]
    width = max(len(cells) for _, cells in table.rows)
    is_named = any(plain_head(cell) in PATH_HEADS for cell in first)
    if is_named or (len(table.rows) > 1 and not _has_picture(first, table, references)):
        padded = (*first, *("" for _ in range(width - len(first))))
        return Table(table.path, table.rows[1:], padded, table.must_name, table.is_one_hot)
    if (roles := _with_split(table, width, references)) is not None:
        heads = roles
    elif width == 2 and not _has_picture(first[:1], table, references):
        heads = ("label", "path")
    elif _SCHEME_OF_CLOUD.match(first[0]):
        heads = ("path", *("label" if at == 1 else f"label {at}" for at in range(1, width)))
    else:
        heads = _usual_order(table, width)
    return Table(table.path, table.rows, heads, table.must_name, table.is_one_hot)


def _with_split(table: Table, width: int, references: References) -> tuple[str, ...] | None:
    """A column of nothing but words for splits, as AutoML's first, and one of pictures: the rest are labels."""
    columns = [[cell_at(cells, at) for _, cells in table.rows] for at in range(width)]
    splits = [at for at, cells in enumerate(columns) if any(cells) and all(map(_is_use, cells))]
    if not splits or width < (2 if splits[0] == 0 else 3):
        return None
    path = next(
        (at for at in range(width) if at not in splits and _has_picture([columns[at][0]], table, references)), -1
    )
    if path < 0:
        return None
    labels = [at for at in range(width) if at not in (splits[0], path)]
    roles = {splits[0]: "split", path: "path"} | {
        at: f"label {number}" if number > 1 else "label" for number, at in enumerate(labels, 1)
    }
    return tuple(roles[at] for at in range(width))


def _is_use(cell: str) -> bool:
    return cell.casefold() in ("", "unassigned") or split_named(cell) is not None


def _usual_order(table: Table, width: int) -> tuple[str, ...]:
    """Path, label, split; where numbers follow the label, as of boxes, they are neither."""
    columns = [[cell_at(cells, at) for _, cells in table.rows] for at in range(1, width)]
    are_words = [not are_numbers(cells) for cells in columns]
    if width > 2 and sum(are_words) <= 1 and any(map(any, columns[1:])):
        return ("path", *("label" if is_word else "" for is_word in are_words))
    return tuple(("path", "label", "split")[at] if at < 3 else "" for at in range(width))


_SCHEME_OF_CLOUD = re.compile(r"(?:gs|s3|https?)://")


def _has_picture(cells: Sequence[str], table: Table, references: References) -> bool:
    return any(cell and (is_picture_name(cell) or references.find(cell, table.path).picture) for cell in cells)
