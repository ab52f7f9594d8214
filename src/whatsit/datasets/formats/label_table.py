"""A table that names pictures: which column is the path, which the label, which the split."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from whatsit.datasets.formats.claims import Claim, Claims
from whatsit.datasets.formats.label_cell import are_labels, several
from whatsit.datasets.formats.list_cost import MAX_COLUMNS
from whatsit.datasets.formats.listing import NearMiss
from whatsit.datasets.formats.references import Found, References
from whatsit.datasets.formats.wrapping import is_filling
from whatsit.datasets.label import label_of
from whatsit.datasets.skip import Skip
from whatsit.datasets.split import split_named
from whatsit.errors import SourceError
from whatsit.imaging.picture_format import is_picture_name
from whatsit.validation import first_few

# In lower case, without spaces and marks: "Image_Name" and "image name" are one.
PATH_HEADS = (
    "path", "filepath", "filepaths", "file", "filename", "filenames", "imagepath", "imagefile", "imagename",
    "imagefilename", "image", "images", "imgpath", "imgname", "img", "picture", "photo", "fname", "imageid", "imgid",
    "imageuri", "gcsuri", "imagegcsuri", "uri", "fileid", "imageurl",
)  # fmt: skip
_LABEL_HEADS = (
    "label", "labels", "labelname", "class", "classname", "classes", "category", "categoryname", "target", "breed",
    "species", "choice", "choices", "diagnosis", "dx", "disease", "level", "classid", "labelid", "categoryid",
    "groundtruth", "classlabel", "imagelabel", "tag", "tags", "classificationannotation", "classificationannotations",
)  # fmt: skip
_NAME_HEADS = ("labelname", "classname", "categoryname", "labeltext", "classlabel")
_SPLIT_HEADS = (
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
_FLAG_HEADS = {
    "isvalid": "validation", "isval": "validation", "isvalidation": "validation", "istest": "test", "istrain": "train",
    "istraining": "train",
}  # fmt: skip
_BOX_HEADS = frozenset({"xmin", "ymin", "xmax", "ymax", "bbox", "boundingbox", "bboxx1"})
_FOLDER_HEADS = ("folder", "directory", "dir")
# Columns of numbers and remarks: never the label.
_OTHER_HEADS = re.compile(
    r"|index|unnamed\d+|width|height|w|h|x|y|depth|channels|size|bytes|filesize|format|md5|sha1|sha256|hash|url|"
    r"caption|text|description|title|comment|comments|notes?|annotator|annotationid|createdat|updatedat|leadtime|"
    r"date|time|datetime|timestamp|lat|lon|latitude|longitude|score|confidence|id|taskid|source|license|author|"
    r"bboxx?\d?|bboxy?\d?|xmin|ymin|xmax|ymax|area|iscrowd"
)
SPEAKS_AGAINST = "its column {} says something else than the folders; name it label if it counts"
_SAMPLE = 400
_TRUE, _FALSE = frozenset({"1", "1.0", "true", "yes"}), frozenset({"0", "0.0", "false", "no", ""})


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


def claims_of(table: Table, references: References) -> Claims | NearMiss | None:
    """What a table says of pictures; None where it names none, a near miss where it does and no column is the label.

    Raises:
        SourceError: it has too many columns.
    """
    table = _with_heads(table, references)
    if table.heads is None or not table.rows:
        return None
    if len(table.heads) > MAX_COLUMNS:
        raise SourceError(f"{table.path}: {len(table.heads):,} columns, {MAX_COLUMNS:,} at most; leave some out")
    heads = [plain_head(head) for head in table.heads]
    path = _path_column(table, heads, references)
    if path is None:
        return None
    if not (table.must_name or _names_pictures(table, path, references)):
        return _several_meant(table, heads, path, references)
    return _claims(table, heads, path, references)


def _several_meant(table: Table, heads: Sequence[str], path: int, references: References) -> NearMiss | None:
    """A list of labels whose names, such as ``1.jpg``, are in more than one folder."""
    found = [references.find(cell, table.path) for row in _sample(table) if (cell := _cell(row, path))]
    unclear = [reference for reference in found if reference.is_unclear]
    others = [at for at in range(len(heads)) if at != path]
    if 2 * len(unclear) <= len(found) or not (_label_columns(table, heads, others)):
        return None
    return NearMiss(table.path, f"it does not say in which folder its pictures are: {unclear[0].problem}")


def _claims(table: Table, heads: Sequence[str], path: int, references: References) -> Claims | NearMiss | None:
    assert table.heads is not None
    split, flags = _split_columns(heads, path)
    notes: list[Skip] = []
    others = [at for at in range(len(heads)) if at not in (path, split) and at not in flags]
    labels = [] if table.is_one_hot else _label_columns(table, heads, others)
    one_hot = [] if labels else _one_hot_columns(table, heads, others)
    if not labels and not one_hot:
        guess = _guessed_label(table, heads, others, path, references)
        if not isinstance(guess, int):
            if guess is not None:
                return guess
            if heads[path] not in PATH_HEADS and table.must_name:
                return None
            if not table.must_name:
                return NearMiss(table.path, "it names the pictures and has no column of labels", only_flat=True)
            notes.append(Skip(table.path, "no column of labels, such as label or class; its pictures have none"))
        else:
            notes.append(Skip(table.path, f"column {table.heads[guess]!r} was taken for the labels"))
            labels = [guess]
    if labels and (why := _no_labels(table, labels[0])):
        return NearMiss(table.path, f"column {table.heads[labels[0]]!r} {why}")
    entries = _entries(table, heads, path, split, flags, labels, one_hot)
    kind = "a list of one column per class," if one_hot else ""
    if entries and 2 * sum(len(entry.labels) > 1 for entry in entries) > len(entries):
        return NearMiss(table.path, "most of its pictures have several labels, and whatsit keeps one per picture")
    guessed = table.heads[labels[0]] if labels and heads[labels[0]] not in _LABEL_HEADS else ""
    return Claims(table.path, tuple(entries), kind, tuple(notes), guessed)


def _with_heads(table: Table, references: References) -> Table:
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
    columns = [[_cell(cells, at) for _, cells in table.rows] for at in range(width)]
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
    columns = [[_cell(cells, at) for _, cells in table.rows] for at in range(1, width)]
    are_words = [not _are_numbers(cells) for cells in columns]
    if width > 2 and sum(are_words) <= 1 and any(map(any, columns[1:])):
        return ("path", *("label" if is_word else "" for is_word in are_words))
    return tuple(("path", "label", "split")[at] if at < 3 else "" for at in range(width))


_SCHEME_OF_CLOUD = re.compile(r"(?:gs|s3|https?)://")


def _has_picture(cells: Sequence[str], table: Table, references: References) -> bool:
    return any(cell and (is_picture_name(cell) or references.find(cell, table.path).picture) for cell in cells)


def _sample(table: Table) -> list[tuple[str, ...]]:
    step = max(1, len(table.rows) // _SAMPLE)
    return [cells for _, cells in table.rows[::step]]


def _cell(cells: Sequence[str], at: int) -> str:
    return cells[at] if 0 <= at < len(cells) else ""


def _path_column(table: Table, heads: Sequence[str], references: References) -> int | None:
    sample = _sample(table)
    best: tuple[float, int] | None = None
    for at, head in enumerate(heads):
        cells = [cell for row in sample if (cell := _cell(row, at))]
        if not cells:
            continue
        is_known = head in PATH_HEADS or head.endswith("filename")
        ways = [references.find(cell, table.path) for cell in cells]
        found = sum((1.0 if way.how is not Found.STEM else 0.7) for way in ways if way.picture)
        looks = sum(map(is_picture_name, cells))
        is_unique = len(set(cells)) > 0.7 * len(cells)
        if not is_known and (2 * max(found, looks) < len(cells) or not (is_unique or looks)):
            continue
        if is_known and not found and not looks:
            continue
        rank = max(found, 0.6 * looks) / len(cells) + (0.5 if is_known else 0)
        if best is None or rank > best[0]:
            best = rank, at
    return None if best is None else best[1]


def _names_pictures(table: Table, path: int, references: References) -> bool:
    cells = [cell for row in _sample(table) if (cell := _cell(row, path))]
    return references.are_named([references.find(cell, table.path) for cell in cells], len(table.rows))


def _split_columns(heads: Sequence[str], path: int) -> tuple[int, dict[int, str]]:
    split = next((heads.index(word) for word in _SPLIT_HEADS if word in heads and heads.index(word) != path), -1)
    flags = {at: _FLAG_HEADS[head] for at, head in enumerate(heads) if head in _FLAG_HEADS}
    return split, flags


def _label_columns(table: Table, heads: Sequence[str], others: Sequence[int]) -> list[int]:
    """The column of labels, and those of further labels that AutoML puts after it."""
    known = [at for word in _LABEL_HEADS for at in others if heads[at] == word]
    if not known:
        return []
    chosen = known[0]
    if _are_numbers([_cell(row, chosen) for row in _sample(table)]):
        named = [at for at in others if heads[at] in _NAME_HEADS]
        worded = [at for at in (*named, *known) if not _are_numbers([_cell(row, at) for row in _sample(table)])]
        chosen = worded[0] if worded else chosen
    further = [at for at in others if re.fullmatch(r"label\d+", heads[at])]
    return [chosen, *further]


def _are_numbers(cells: Sequence[str]) -> bool:
    return all(re.fullmatch(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", cell) for cell in cells if cell)


def _one_hot_columns(table: Table, heads: Sequence[str], others: Sequence[int]) -> list[int]:
    columns = [at for at in others if table.is_one_hot or not _OTHER_HEADS.fullmatch(heads[at])]
    if len(columns) < (1 if table.is_one_hot else 2):
        return []
    is_binary = all(_cell(row, at).casefold() in _TRUE | _FALSE for _, row in table.rows for at in columns)
    has_any = any(_cell(row, at).casefold() in _TRUE for _, row in table.rows for at in columns)
    return columns if is_binary and (has_any or table.is_one_hot) else []


def _guessed_label(
    table: Table, heads: Sequence[str], others: Sequence[int], path: int, references: References
) -> int | NearMiss | None:
    """The only column whose values repeat; a near miss where there are several, unless the folders say the same."""
    assert table.heads is not None
    columns = {at: [_cell(row, at) for row in _sample(table)] for at in others if not _OTHER_HEADS.fullmatch(heads[at])}
    words = [at for at, cells in columns.items() if 0 < len({*cells} - {""}) < len(cells) and not _are_numbers(cells)]
    if not words and len(others) == 1:
        # Two columns: numbers too, where they are few.
        words = [at for at, cells in columns.items() if 1 < len({*cells} - {""}) <= min(100, len(cells) // 2)]
    if not words:
        return None
    folders = [folder_of(references.find(_cell(row, path), table.path).picture) for row in _sample(table)]
    if len(words) == 1 and not speaks_against(columns[words[0]], folders):
        return words[0]
    if any(sum(map(str.__eq__, columns[at], folders)) > 0.9 * len(folders) for at in words):
        return None
    names = first_few([repr(table.heads[at]) for at in words])
    if len(words) == 1:
        return NearMiss(table.path, SPEAKS_AGAINST.format(names))
    return NearMiss(table.path, f"each of its columns {names} could be the labels; name one of them label")


def speaks_against(cells: Sequence[str], folders: Sequence[str]) -> bool:
    """True where the pictures lie in folders of classes, and a column divides them otherwise."""
    classes = {folder for folder in folders if folder and split_named(folder) is None and not is_filling(folder)}
    pairs = set(zip(folders, cells, strict=True))
    return len(classes) > 1 and not len(pairs) == len(set(folders)) == len(set(cells))


def folder_of(picture: str) -> str:
    """The label that the folder of a picture would give it."""
    return label_of(PurePosixPath(picture).parent.name)


def _no_labels(table: Table, label: int) -> str:
    cells = [cell for _, row in table.rows if (cell := _cell(row, label))]
    if unread := next((cell for cell in cells if not are_labels(cell)), ""):
        return f"holds records and no labels, such as {unread[:80]!r}"
    distinct = len(set(cells))
    if _are_numbers(cells) and any("." in cell and not cell.endswith(".0") for cell in cells) and distinct > 2:
        return "holds numbers that are no classes"
    if len(cells) >= 20 and distinct > 0.8 * len(cells):
        return "says something else of almost every picture"
    return ""


def _entries(
    table: Table,
    heads: Sequence[str],
    path: int,
    split: int,
    flags: dict[int, str],
    labels: Sequence[int],
    one_hot: Sequence[int],
) -> list[Claim]:
    assert table.heads is not None
    folder = next((heads.index(word) for word in _FOLDER_HEADS if word in heads), -1)
    single = {_cell(row, at) for _, row in table.rows for at in labels}
    is_tags = bool(labels) and heads[labels[0]] == "tags"
    entries: list[Claim] = []
    for where, cells in table.rows:
        if not (name := _cell(cells, path)):
            continue
        if folder >= 0 and _cell(cells, folder) and "/" not in name:
            name = f"{_cell(cells, folder)}/{name}"
        if one_hot:
            found = [table.heads[at].strip() for at in one_hot if _cell(cells, at).casefold() in _TRUE]
        else:
            found = [label for at in labels for label in several(_cell(cells, at), single, is_tags=is_tags)]
        word = _cell(cells, split) if split >= 0 else _flagged(cells, flags)
        entries.append(Claim(name, tuple(dict.fromkeys(found)), word, where))
    return _joined(entries) if _BOX_HEADS & set(heads) else entries


def _flagged(cells: Sequence[str], flags: dict[int, str]) -> str:
    said = {word: _cell(cells, at).casefold() in _TRUE for at, word in flags.items()}
    true = [word for word, is_true in said.items() if is_true]
    if true:
        return true[0]
    return "train" if said and "train" not in said else ""


def _joined(entries: Sequence[Claim]) -> list[Claim]:
    """One entry per picture, of a list with a row per box."""
    joined: dict[str, Claim] = {}
    for entry in entries:
        first = joined.setdefault(entry.name, entry)
        labels = tuple(dict.fromkeys((*first.labels, *entry.labels)))
        joined[entry.name] = Claim(first.name, labels, first.split, first.where)
    return list(joined.values())
