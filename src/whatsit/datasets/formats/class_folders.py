"""Pictures in folders named after their class, with or without split folders around them."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.listing import Listing
from whatsit.datasets.formats.source import Contents, Skip
from whatsit.datasets.label import UNLABELLED, label_of
from whatsit.datasets.split import Split, split_named
from whatsit.imaging.image import SUFFIXES


def listing(contents: Contents) -> Listing:
    """What each picture's folders say.

    Understood are ``<label>/…``, ``train|validation|val|test/<label>/…``, the same the other way round, Frigate's
    ``dataset/<label>/…`` beside an inbox ``train/``, any of them inside one more folder, and pictures without a folder,
    which take the name of the folder or archive itself. Folders inside a class belong to the class.
    """
    paths = [PurePosixPath(path) for path in contents.paths]
    pictures = [path for path in paths if is_picture_name(path.name)]
    skips = [Skip(str(path), "not a picture file") for path in paths if not is_picture_name(path.name)]
    depth = 0
    while (top := _only_folder(pictures, depth)) is not None:
        if split_named(top) is not None or not any(len(path.parts) > depth + 2 for path in pictures):
            break
        depth += 1
    tops = {path.parts[depth] for path in pictures if len(path.parts) > depth + 1}
    if _is_frigate(pictures, depth, tops):
        items = _frigate(pictures, depth)
    elif _is_split(pictures, depth, tops):
        items = _split_folders(pictures, depth, skips)
    else:
        within = _splits_within(pictures, depth)
        items = [Item(str(path), _label(path, depth, contents.name), within.get(path)) for path in pictures]
    return Listing(tuple(items), tuple(skips))


def is_picture_name(name: str) -> bool:
    """True where the name's ending is that of a format that can be read."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def _only_folder(pictures: Sequence[PurePosixPath], depth: int) -> str | None:
    tops = {path.parts[depth] if len(path.parts) > depth + 1 else "" for path in pictures}
    return tops.pop() if len(tops) == 1 and "" not in tops else None


def _is_split(pictures: Sequence[PurePosixPath], depth: int, tops: set[str]) -> bool:
    splits = {top for top in tops if split_named(top) is not None}
    inside = [len(path.parts) > depth + 2 for path in pictures if path.parts[depth] in splits]
    if splits == tops:
        return any(inside)
    # Beside something else two splits, mostly of class folders, are no classes that happen to be called so.
    return len({split_named(top) for top in splits}) > 1 and 2 * sum(inside) > len(inside)


def _split_folders(pictures: Sequence[PurePosixPath], depth: int, skips: list[Skip]) -> list[Item]:
    found = []
    for path in pictures:
        if split_named(path.parts[depth]) is None:
            skips.append(Skip(str(path), "not in one of the split folders beside it"))
        elif len(path.parts) > depth + 2:
            found.append(Item(str(path), label_of(path.parts[depth + 1]), split_named(path.parts[depth])))
        else:
            skips.append(Skip(str(path), "no class folder around it"))
    return found


def _splits_within(pictures: Sequence[PurePosixPath], depth: int) -> dict[PurePosixPath, Split]:
    """The splits of ``<label>/train|test/…``, where the folders inside the classes are splits and nothing else."""
    inner = {path: split_named(path.parts[depth + 1]) for path in pictures if len(path.parts) > depth + 2}
    found = {path: split for path, split in inner.items() if split is not None}
    return found if len(found) == len(inner) and len(set(found.values())) > 1 else {}


def _is_frigate(pictures: Sequence[PurePosixPath], depth: int, tops: set[str]) -> bool:
    # Frigate's train/ is an inbox of pictures nobody has named, not a training split.
    inbox = [path for path in pictures if path.parts[depth] == "train" and len(path.parts) > depth + 1]
    return tops == {"dataset", "train"} and all(len(path.parts) == depth + 2 for path in inbox)


def _frigate(pictures: Sequence[PurePosixPath], depth: int) -> list[Item]:
    return [
        Item(str(path), label_of(path.parts[depth + 1]))
        if path.parts[depth] == "dataset" and len(path.parts) > depth + 2
        else Item(str(path), UNLABELLED)
        for path in pictures
    ]


def _label(path: PurePosixPath, depth: int, name: str) -> str:
    if len(path.parts) > depth + 1:
        return label_of(path.parts[depth])
    around = path.parts[depth - 1] if depth else name
    # Teachable Machine's whole-project files are flat and carry the class in each name.
    label, mark, _ = path.name.rpartition("-!-")
    return label if mark and label else (label_of(around) or UNLABELLED)
