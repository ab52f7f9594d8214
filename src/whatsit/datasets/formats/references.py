"""How lists name pictures, and which picture of a source each name means."""

import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

from whatsit.datasets.formats.source import Contents
from whatsit.datasets.split import split_hinted, split_named
from whatsit.imaging.picture_format import is_picture_name

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|/data/")
_DIGITS = re.compile(r"([0-9]{1,18})(?:\.0)?")
_UPLOAD = re.compile(r"[0-9a-f]{8}-")
"""What Label Studio puts before the name of an uploaded file."""


class Found(IntEnum):
    """How a name led to its picture, the surest way first."""

    PATH = 0
    """As a path from the list's folder, or from the top of the source."""
    END = 1
    """By the end of the path, or the file name alone."""
    STEM = 2
    """The name has no ending: ids."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What a name in a list means."""

    picture: str = ""
    """The path of the picture; empty where there is none."""
    how: Found = Found.PATH
    problem: str = ""
    """Why there is no picture."""
    is_unclear: bool = False
    """Several pictures could be meant."""


class References:
    """The pictures of a source by everything that a list can call them."""

    def __init__(self, contents: Contents) -> None:
        self._pictures = {_key(path): path for path in contents.paths if contents.is_picture(path)}
        self._others = {_key(path) for path in contents.paths} - self._pictures.keys()
        self._by_name: dict[str, list[str]] = {}
        self._by_stem: dict[str, list[str]] = {}
        self._by_number: dict[int, list[str]] = {}
        for key in self._pictures:
            name = posixpath.basename(key).casefold()
            self._by_name.setdefault(name, []).append(key)
            self._by_stem.setdefault(_stem(name), []).append(key)
            if (number := _number(_stem(name))) is not None:
                self._by_number.setdefault(number, []).append(key)

    @classmethod
    def of(cls, contents: Contents) -> "References":
        """Those of a source, made once: several readers ask for them."""
        if contents.named is None:
            contents.named = cls(contents)
        references: References = contents.named
        return references

    def __len__(self) -> int:
        return len(self._pictures)

    def are_named(self, found: Sequence[Reference], names: int) -> bool:
        """True where most of what was looked up, a sample of so many ``names``, is there, or most pictures are named.

        Ids are believed only where they name every fourth picture: numbers of classes look like them.
        """
        right = [reference for reference in found if reference.picture]
        if right and all(reference.how is Found.STEM for reference in right) and 4 * names < len(self):
            return False
        is_most = 2 * len(right) * names >= len(self) * len(found)
        return bool(right) and (2 * len(right) >= len(found) or is_most)

    def find(self, name: str, list_path: str, label: str = "", split: str = "") -> Reference:
        """The picture that a list means.

        Lists are made on other machines: a path that leads nowhere finds the picture whose path ends as it does, a
        name without an ending the picture with that stem. Where several could be meant, it is the one in a folder of
        the label or of the split, beside the list, or in a folder that is called like the list.
        """
        folder = posixpath.dirname(list_path)
        for text in _spellings(name):
            for base in dict.fromkeys((folder, "")):
                place = _key(posixpath.normpath(posixpath.join(base, text)))
                if place in self._pictures:
                    return Reference(self._pictures[place])
                if place in self._others:
                    return Reference(problem="not a picture file")
        for text in _spellings(name):
            key = _key(posixpath.normpath(text)).lstrip("/")
            last = posixpath.basename(key).casefold()
            ways = [(Found.END, self._by_name.get(last, ()))]
            if not is_picture_name(last):
                ways.append((Found.STEM, self._by_stem.get(last, ())))
                if (number := _number(last)) is not None:
                    ways.append((Found.STEM, self._by_number.get(number, ())))
            else:
                ways.append((Found.END, self._by_stem.get(_stem(last), ())))
            if _UPLOAD.match(last):
                ways.append((Found.END, self._by_name.get(last[9:], ())))
            for how, found in ways:
                if found:
                    return self._chosen(key, found, list_path, (label, split), how)
        return Reference(problem="not there")

    def _chosen(self, key: str, found: Sequence[str], list_path: str, said: tuple[str, str], how: Found) -> Reference:
        label, split = said
        parts = PurePosixPath(key).parts
        best = found
        if len(found) > 1:
            folder = _key(posixpath.dirname(list_path))
            best = _most(found, lambda path: _common_end(PurePosixPath(path).parts, parts))
            best = _most(best, lambda path: not folder or path.startswith(folder + "/"))
            best = _most(best, lambda path: posixpath.basename(path) == posixpath.basename(key))
            best = _most(best, lambda path: bool(label) and _key(label) in path.split("/")[:-1])
            best = _most(best, lambda path: _is_in_split(path, split))
            best = _most(best, lambda path: _is_called_like(path, list_path))
        if len(best) > 1:
            problem = f"{len(best):,} pictures have this name, such as {self._pictures[best[0]]}"
            return Reference(problem=problem, is_unclear=True)
        return Reference(self._pictures[best[0]], how)


def split_on_the_way(path: str, label: str) -> str | None:
    """The folder on the way to a picture that is named after a split, and is not its class."""
    for part in PurePosixPath(path).parts[:-1]:
        if part != label and split_named(part) is not None:
            return part
    return None


def contradicts(name: str, picture: str) -> bool:
    """True where the folders in a list's name say another split than the folders of the picture found for it."""
    said = {split for part in PurePosixPath(name).parts[:-1] if (split := split_named(part)) is not None}
    lies = {split for part in PurePosixPath(picture).parts[:-1] if (split := split_named(part)) is not None}
    return bool(said and lies and not said & lies)


def _spellings(name: str) -> Iterable[str]:
    text = name.strip().replace("\\", "/")
    yield text
    if _SCHEME.match(text):
        try:
            address = urlsplit(text)
            # Label Studio: /data/local-files/?d=pictures/a.jpg
            yield from parse_qs(address.query).get("d", ())
            yield unquote(address.path)
        except ValueError:
            return
    elif "%" in text:
        yield unquote(text)


def _key(path: str) -> str:
    return unicodedata.normalize("NFC", path)


def _stem(name: str) -> str:
    return posixpath.splitext(name)[0]


def _number(name: str) -> int | None:
    """The number that a name is: spreadsheets write ``00042`` as ``42``, or as ``42.0``."""
    found = _DIGITS.fullmatch(name)
    return None if found is None else int(found[1])


def _most(paths: Sequence[str], score: Callable[[str], int]) -> list[str]:
    scores = [score(path) for path in paths]
    return [path for path, one in zip(paths, scores, strict=True) if one == max(scores)]


def _common_end(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    # The last part is the file, which both have.
    for left, right in zip(reversed(one[:-1]), reversed(other[:-1]), strict=False):
        if left.casefold() != right.casefold():
            break
        count += 1
    return count


def _is_in_split(path: str, word: str) -> bool:
    split = split_named(word) if word else None
    return split is not None and any(split_named(part) is split for part in path.split("/")[:-1])


def _is_called_like(path: str, list_path: str) -> bool:
    """True for ``train_images/1.jpg`` and ``train.csv``."""
    stem = _stem(posixpath.basename(list_path)).casefold()
    split = split_hinted(stem)
    folders = PurePosixPath(path).parts[:-1]
    return any(part.casefold() == stem or (split is not None and split_hinted(part) is split) for part in folders)
