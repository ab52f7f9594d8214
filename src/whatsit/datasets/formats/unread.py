"""Files that seem to say what pictures are, in formats that are not read."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from whatsit.datasets.formats.list_cost import MAX_LIST
from whatsit.datasets.formats.list_text import guessed_text
from whatsit.datasets.formats.listing import Listing, NearMiss
from whatsit.datasets.formats.source import Contents, Source
from whatsit.datasets.skip import Skip
from whatsit.datasets.split import split_hinted
from whatsit.errors import DataError
from whatsit.imaging.picture_format import is_picture_name

_TABLES = (
    ".xlsx", ".xls", ".ods", ".parquet", ".arrow", ".feather", ".pkl", ".pickle", ".mat", ".sqlite", ".db", ".npy",
    ".npz", ".h5", ".hdf5", ".tfrecord", ".tfrecords", ".rec",
)  # fmt: skip
_TEXTS = (
    ".lst", ".list", ".dat", ".data", ".manifest", ".yaml", ".yml", ".toml", ".xml", ".html", ".htm", ".md", ".rst",
    ".txt", ".csv", ".tsv", ".json", ".jsonl", ".ndjson",
)  # fmt: skip
_LISTS = (".txt", ".csv", ".tsv", ".json", ".jsonl", ".yaml")
_OF_ONE_PICTURE = (".json", ".txt", ".xml", ".yaml", ".yml", ".csv")
_MAX_TEXTS = 16
_SAMPLE = 64
_WAY_OUT = "save what it says as labels.csv, one line per picture"


def unread_table(contents: Contents) -> NearMiss | None:
    """A table in a binary format, beside pictures."""
    path = next((path for path in contents.paths if path.casefold().endswith(_TABLES)), None)
    if path is None or not any(map(contents.is_picture, contents.paths)):
        return None
    return NearMiss(path, "that format is not read; save it as CSV", only_flat=True)


def unread_text(source: Source, contents: Contents) -> NearMiss | None:
    """A text that names most of the pictures, or files of one picture each, that no reader of lists knew."""
    pictures = [path for path in contents.paths if contents.is_picture(path)]
    others = [path for path in contents.paths if not contents.is_picture(path)]
    stems = {PurePosixPath(path).stem.casefold() for path in pictures}
    beside = [path for path in others if path.casefold().endswith(_OF_ONE_PICTURE) and _stem(path) in stems]
    if _are_most({_stem(path) for path in beside}, stems):
        return NearMiss(beside[0], f"files that describe one picture each are not read; {_WAY_OUT}", only_flat=True)
    names = sorted({PurePosixPath(path).name.casefold() for path in pictures})
    names = names[:: max(1, len(names) // _SAMPLE)]
    left = MAX_LIST
    for path in [path for path in others if path.casefold().endswith(_TEXTS)][:_MAX_TEXTS]:
        text = _text(source, path, left)
        left -= len(text)
        if _are_most([name for name in names if name in text], names):
            return NearMiss(path, f"it names the pictures in a way that is not known; {_WAY_OUT}", only_flat=True)
    return None


def unread_splits(contents: Contents, listing: Listing) -> list[Skip]:
    """A note on each file that seems to say splits, where the pictures have none of their own."""
    if not listing.items or any(item.split is not None for item in listing.items):
        return []
    paths = [path for path in contents.paths if path.casefold().endswith((*_TABLES, *_LISTS))]
    return [
        Skip(path, "seems to say splits and was not understood; they are decided by whatsit's rule")
        for path in paths
        if "split" in (stem := PurePosixPath(path).stem.casefold()) or split_hinted(stem) is not None
    ]


def _are_most(some: Iterable[str], every: Iterable[str]) -> bool:
    count = len([*some])
    return count > 1 and 2 * count >= len([*every])


def _stem(path: str) -> str:
    """``a`` for ``a.json`` and ``a.jpg.json``."""
    stem = PurePosixPath(path).stem
    return (PurePosixPath(stem).stem if is_picture_name(stem) else stem).casefold()


def _text(source: Source, path: str, most: int) -> str:
    try:
        content = source.read(path)
    except DataError:
        return ""
    return guessed_text(content).casefold() if len(content) <= most else ""
