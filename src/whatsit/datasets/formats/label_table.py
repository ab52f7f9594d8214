"""A table that names pictures: which column is the path, which the label, which the split."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from whatsit.datasets.formats.claims import Claim, Claims
from whatsit.datasets.formats.label_cell import are_labels, several
from whatsit.datasets.formats.label_heads import (
    BOX_HEADS,
    FLAG_HEADS,
    FOLDER_HEADS,
    LABEL_HEADS,
    NAME_HEADS,
    OTHER_HEADS,
    PATH_HEADS,
    SPLIT_HEADS,
    Table,
    are_numbers,
    cell_at,
    plain_head,
    with_heads,
)
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

SPEAKS_AGAINST = "its column {} says something else than the folders; name it label if it counts"
_SAMPLE = 400
_TRUE, _FALSE = frozenset({"1", "1.0", "true", "yes"}), frozenset({"0", "0.0", "false", "no", ""})


def claims_of(table: Table, references: References) -> Claims | NearMiss | None:
    """What a table says of pictures; None where it names none, a near miss where it does and no column is the label.

    Raises:
        SourceError: it has too many columns.
    """
    table = with_heads(table, references)
    if table.heads is None or not table.rows:
        return None
    if len(table.heads) > MAX_COLUMNS:
        raise SourceError(f"{table.path}: {len(table.heads):,} columns, {MAX_COLUMNS:,} at most; leave some out")
    heads = [plain_head(head) for head in table.heads]
    path = _path_column(table, heads, references)
    if path is None:
        return _names_others(table, heads, references)
    if not (table.must_name or _names_pictures(table, path, references)):
        return _several_meant(table, heads, path, references) or _names_others(table, heads, references)
    return _claims(table, heads, path, references)


def _several_meant(table: Table, heads: Sequence[str], path: int, references: References) -> NearMiss | None:
    """A list of labels whose names, such as ``1.jpg``, are in more than one folder."""
    found = [references.find(cell, table.path) for row in _sample(table) if (cell := cell_at(row, path))]
    unclear = [reference for reference in found if reference.is_unclear]
    others = [at for at in range(len(heads)) if at != path]
    if 2 * len(unclear) <= len(found) or not (_label_columns(table, heads, others)):
        return None
    return NearMiss(table.path, f"it does not say in which folder its pictures are: {unclear[0].problem}")


def _names_others(table: Table, heads: Sequence[str], references: References) -> NearMiss | None:
    """A list of labels by its first line, as long as there are pictures, that names none of them."""
    names = [at for at, head in enumerate(heads) if head in PATH_HEADS or head == "id"]
    if not names or not any(head in LABEL_HEADS for head in heads) or 2 * len(table.rows) < len(references):
        return None
    assert table.heads is not None
    cell = next((cell for _, row in table.rows if (cell := cell_at(row, names[0]))), "")
    why = f"its column {table.heads[names[0]]!r} names no pictures that are here, such as {cell[:80]!r}"
    return NearMiss(table.path, why, only_flat=True)


def _claims(table: Table, heads: Sequence[str], path: int, references: References) -> Claims | NearMiss | None:
    assert table.heads is not None
    split, flags = _split_columns(heads, path)
    notes: list[Skip] = []
    others = [at for at in range(len(heads)) if at not in (path, split) and at not in flags]
    labels = [] if table.is_one_hot else _label_columns(table, heads, others)
    one_hot = [] if labels else _one_hot_columns(table, heads, others)
    if not labels and not one_hot:
        guess: int | NearMiss | Skip | None = _guessed_label(table, heads, others, path, references)
        guess = guess if guess is not None else _without_labels(table, heads, path, others, references)
        if guess is None or isinstance(guess, NearMiss):
            return guess
        if isinstance(guess, Skip):
            notes.append(guess)
        else:
            notes.append(Skip(table.path, f"column {table.heads[guess]!r} was taken for the labels"))
            labels = [guess]
    if labels and (why := _no_labels(table, labels[0])):
        return NearMiss(table.path, f"column {table.heads[labels[0]]!r} {why}")
    entries = _entries(table, heads, path, split, flags, labels, one_hot)
    kind = "a list of one column per class," if one_hot else ""
    if entries and 2 * sum(len(entry.labels) > 1 for entry in entries) > len(entries):
        return NearMiss(table.path, "most of its pictures have several labels, and whatsit keeps one per picture")
    guessed = table.heads[labels[0]] if labels and heads[labels[0]] not in LABEL_HEADS else ""
    return Claims(table.path, tuple(entries), kind, tuple(notes), guessed)


def _without_labels(
    table: Table, heads: Sequence[str], path: int, others: Sequence[int], references: References
) -> NearMiss | Skip | None:
    """What a table is that names pictures and has no labels."""
    assert table.heads is not None
    if len(heads) > len(others) + 1 and _are_in_classes(table, path, references):
        return Skip(table.path, "no column of labels: it was read for the splits")
    if heads[path] not in PATH_HEADS and table.must_name:
        return None
    columns = [repr(table.heads[at]) for at in others if not OTHER_HEADS.fullmatch(heads[at])]
    if columns and not table.is_one_hot:
        why = f"none of its columns {first_few(columns)} is the label; call it label"
        return NearMiss(table.path, why, only_flat=True)
    if not table.must_name:
        return NearMiss(table.path, "it names the pictures and has no column of labels", only_flat=True)
    return Skip(table.path, "no column of labels, such as label or class; its pictures have none")


def _sample(table: Table) -> list[tuple[str, ...]]:
    step = max(1, len(table.rows) // _SAMPLE)
    return [cells for _, cells in table.rows[::step]]


def _path_column(table: Table, heads: Sequence[str], references: References) -> int | None:
    sample = _sample(table)
    best: tuple[float, int] | None = None
    for at, head in enumerate(heads):
        cells = [cell for row in sample if (cell := cell_at(row, at))]
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
    cells = [cell for row in _sample(table) if (cell := cell_at(row, path))]
    return references.are_named([references.find(cell, table.path) for cell in cells], len(table.rows))


def _split_columns(heads: Sequence[str], path: int) -> tuple[int, dict[int, str]]:
    split = next((heads.index(word) for word in SPLIT_HEADS if word in heads and heads.index(word) != path), -1)
    flags = {at: FLAG_HEADS[head] for at, head in enumerate(heads) if head in FLAG_HEADS}
    return split, flags


def _label_columns(table: Table, heads: Sequence[str], others: Sequence[int]) -> list[int]:
    """The column of labels, and those of further labels that AutoML puts after it."""
    known = [at for word in LABEL_HEADS for at in others if heads[at] == word]
    if not known:
        return []
    chosen = known[0]
    if are_numbers([cell_at(row, chosen) for row in _sample(table)]):
        named = [at for at in others if heads[at] in NAME_HEADS]
        worded = [at for at in (*named, *known) if not are_numbers([cell_at(row, at) for row in _sample(table)])]
        chosen = worded[0] if worded else chosen
    further = [at for at in others if re.fullmatch(r"label\d+", heads[at])]
    return [chosen, *further]


def _one_hot_columns(table: Table, heads: Sequence[str], others: Sequence[int]) -> list[int]:
    columns = [at for at in others if table.is_one_hot or not OTHER_HEADS.fullmatch(heads[at])]
    if len(columns) < (1 if table.is_one_hot else 2):
        return []
    is_binary = all(cell_at(row, at).casefold() in _TRUE | _FALSE for _, row in table.rows for at in columns)
    has_any = any(cell_at(row, at).casefold() in _TRUE for _, row in table.rows for at in columns)
    return columns if is_binary and (has_any or table.is_one_hot) else []


def _guessed_label(
    table: Table, heads: Sequence[str], others: Sequence[int], path: int, references: References
) -> int | NearMiss | None:
    """The only column whose values repeat; a near miss where there are several, unless the folders say the same."""
    assert table.heads is not None
    columns = {
        at: [cell_at(row, at) for row in _sample(table)] for at in others if not OTHER_HEADS.fullmatch(heads[at])
    }
    words = [at for at, cells in columns.items() if 0 < len({*cells} - {""}) < len(cells) and not are_numbers(cells)]
    if not words and len(others) == 1:
        # Two columns: numbers too, where they are few.
        words = [at for at, cells in columns.items() if 1 < len({*cells} - {""}) <= min(100, len(cells) // 2)]
    if not words:
        return None
    folders = [folder_of(references.find(cell_at(row, path), table.path).picture) for row in _sample(table)]
    if len(words) == 1 and not speaks_against(columns[words[0]], folders):
        return words[0]
    if any(sum(map(str.__eq__, columns[at], folders)) > 0.9 * len(folders) for at in words):
        return None
    names = first_few([repr(table.heads[at]) for at in words])
    if len(words) == 1:
        return NearMiss(table.path, SPEAKS_AGAINST.format(names))
    return NearMiss(table.path, f"each of its columns {names} could be the labels; name one of them label")


def _are_in_classes(table: Table, path: int, references: References) -> bool:
    folders = {folder_of(references.find(cell_at(row, path), table.path).picture) for row in _sample(table)}
    return len([name for name in folders if name and split_named(name) is None and not is_filling(name)]) > 1


def speaks_against(cells: Sequence[str], folders: Sequence[str]) -> bool:
    """True where the pictures lie in folders of classes, and a column divides them otherwise."""
    classes = {folder for folder in folders if folder and split_named(folder) is None and not is_filling(folder)}
    pairs = set(zip(folders, cells, strict=True))
    return len(classes) > 1 and not len(pairs) == len(set(folders)) == len(set(cells))


def folder_of(picture: str) -> str:
    """The label that the folder of a picture would give it."""
    return label_of(PurePosixPath(picture).parent.name)


def _no_labels(table: Table, label: int) -> str:
    cells = [cell for _, row in table.rows if (cell := cell_at(row, label))]
    if unread := next((cell for cell in cells if not are_labels(cell)), ""):
        return f"holds records and no labels, such as {unread[:80]!r}"
    distinct = len(set(cells))
    if "-1" in cells and set(cells) <= {"-1", "0", "1"}:
        return "says 1 and -1, whether one class is there, and not which class it is"
    if are_numbers(cells) and any("." in cell and not cell.endswith(".0") for cell in cells) and distinct > 2:
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
    folder = next((heads.index(word) for word in FOLDER_HEADS if word in heads), -1)
    single = {cell_at(row, at) for _, row in table.rows for at in labels}
    is_tags = bool(labels) and heads[labels[0]] == "tags"
    entries: list[Claim] = []
    sure = _verdicts(table, heads)
    for where, cells in table.rows:
        if not (name := cell_at(cells, path)) or (sure >= 0 and cell_at(cells, sure) in _FALSE):
            continue
        if folder >= 0 and cell_at(cells, folder) and "/" not in name:
            name = f"{cell_at(cells, folder)}/{name}"
        if one_hot:
            found = [table.heads[at].strip() for at in one_hot if cell_at(cells, at).casefold() in _TRUE]
        else:
            found = [label for at in labels for label in several(cell_at(cells, at), single, is_tags=is_tags)]
        word = cell_at(cells, split) if split >= 0 else _flagged(cells, flags)
        entries.append(Claim(name, tuple(dict.fromkeys(found)), word, where))
    return _joined(entries) if BOX_HEADS & set(heads) else entries


def _verdicts(table: Table, heads: Sequence[str]) -> int:
    """The column that says of each label whether the picture has it, as Open Images' ``Confidence``; -1: none."""
    at = heads.index("confidence") if "confidence" in heads else -1
    said = {cell_at(row, at) for _, row in table.rows}
    return at if said and said <= _TRUE | (_FALSE - {""}) and said & _TRUE else -1


def _flagged(cells: Sequence[str], flags: dict[int, str]) -> str:
    said = {word: cell_at(cells, at).casefold() in _TRUE for at, word in flags.items()}
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
