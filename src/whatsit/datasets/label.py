"""Labels: any text that can be shown, and the folder name that stands for it, safe and reversible."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote

from whatsit.errors import ArgumentError, DataError
from whatsit.imaging.picture_format import same_format

UNLABELLED = "_unlabelled"
"""The folder of pictures without a label; never a class."""
STRANGERS = "_strangers"
"""The folder of pictures that a person marked as none of the classes; never a class."""
RESERVED = frozenset({UNLABELLED, STRANGERS})
"""Folders of pictures that are of no class."""
MAX_CHARACTERS = 64
MAX_BYTES = 200
"""UTF-8 bytes of a folder name: file systems allow 255, and temporary names need some of them."""

# Characters that separate paths, those that Windows and FAT refuse, and the escape character itself.
_UNSAFE = re.compile(r'[/\\:*?"<>|%]')
_DEVICES = frozenset({"CON", "PRN", "AUX", "NUL"} | {f"{port}{i}" for port in ("COM", "LPT") for i in range(10)})
SPLITS_FILE, DISMISSED_FILE = "splits.csv", "judged.csv"
RECORD_FILES = frozenset({SPLITS_FILE, DISMISSED_FILE})
"""whatsit's own files beside the folders of the classes."""
SYSTEM_NAMES = frozenset({
    "__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", ".ds_store", "__pycache__", "lost+found", "icon\r",
    "@eadir", "#recycle", "#snapshot", "@recycle", "@__thumb", "@recently-snapshot", "@tmp",
    "$recycle.bin", "system volume information", "recycler",
})  # fmt: skip
"""What file managers, archivers and network drives leave behind, in lower case; never a class, never a picture."""
# Marks that reorder or hide text: a label must be what it looks like.
_INVISIBLE = frozenset("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp", "Cn"})


def check_label(label: str) -> str:
    """``label`` itself where it can name a class.

    Raises:
        DataError: empty, with a space at either end, longer than 64 characters or than 200 bytes as a folder name,
            with control or text-direction characters, or another spelling of ``_unlabelled`` or ``_strangers``.
    """
    if not isinstance(label, str):
        raise ArgumentError(f"label {label!r}: expected text, not {type(label).__name__}")
    if not label or label != label.strip():
        raise DataError(f"label {label!r}: expected some text without spaces around it")
    if len(label) > MAX_CHARACTERS:
        raise DataError(f"label {label[:20] + '…'!r}: {len(label)} characters, at most {MAX_CHARACTERS}; shorten it")
    for character in label:
        if unicodedata.category(character) in _REFUSED_CATEGORIES or character in _INVISIBLE:
            raise DataError(f"label {label!r}: contains U+{ord(character):04X}, which cannot be shown; leave it out")
    if label not in RESERVED and twin_key(label) in RESERVED:
        raise DataError(reserved(label))
    if len(_escaped(label).encode()) > MAX_BYTES:
        raise DataError(f"label {label!r}: needs more than {MAX_BYTES} bytes as a folder name; shorten it")
    return label


def reserved(label: str) -> str:
    """Why a spelling of one of ``RESERVED`` cannot name a class."""
    what = "pictures without a label" if twin_key(label) == UNLABELLED else "pictures of none of the classes"
    return f"label {label!r}: reserved for {what}; choose another"


def folder_name(label: str) -> str:
    """The folder for a label: the label itself, with ``%XX`` for each character that is not safe in a folder name.

    ``label_of(folder_name(label)) == label`` for every label that ``check_label`` allows.

    Raises:
        DataError: as ``check_label``.
    """
    return _escaped(check_label(label))


def label_of(folder: str) -> str:
    """The label that a folder stands for. A folder that ``folder_name`` would not have written is its own label."""
    return unquote(folder, errors="strict") if _is_escaped(folder) else folder


def plain_label(label: str) -> str:
    """A label from outside as it is kept: composed (NFC), as most systems write it, and without spaces around it."""
    return unicodedata.normalize("NFC", label).strip()


@lru_cache(2**14)
def twin_key(label: str) -> str:
    """Equal for labels that differ only by case, Unicode form or blanks (NFKC, case-folded)."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).casefold()).split())


def refuse_twin(label: str, labels: Iterable[str]) -> None:
    """Raise where ``labels`` holds another label that a person could not tell from ``label``.

    Raises:
        DataError: naming that label.
    """
    key = twin_key(label)
    for other in labels:
        if other != label and twin_key(other) == key:
            what = "only by case, blanks or Unicode form"
            raise DataError(f"label {label!r}: differs from {other!r} {what}; use that one")


def safe_file_name(name: str, suffix: str) -> str:
    """A file name from the last part of ``name``, safe on every file system, that ends in ``suffix``."""
    base = re.split(r"[/\\]", name)[-1]
    stem, dot, end = base.rpartition(".")
    if not dot or not same_format(f".{end}", suffix):
        stem = stem if dot and len(end) <= 5 else base
    else:
        suffix = f".{end}"
    stem = "".join(
        "_" if unicodedata.category(c) in _REFUSED_CATEGORIES or c in _INVISIBLE or _UNSAFE.match(c) else c
        for c in stem
    )
    stem = stem.strip(" ").lstrip(".") or "picture"
    stem = stem.encode()[:MAX_BYTES].decode(errors="ignore")
    if stem.upper() in _DEVICES:
        stem = f"_{stem}"
    return stem + suffix


def is_text(name: str) -> bool:
    """False for a file name whose bytes are not UTF-8: SQLite, CSV and JSON cannot hold it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _escaped(label: str) -> str:
    folder = _UNSAFE.sub(lambda match: f"%{ord(match[0]):02X}", label)
    if folder[0] == ".":
        folder = "%2E" + folder[1:]
    if folder[-1] == ".":
        folder = folder[:-1] + "%2E"
    if folder.split(".")[0].upper() in _DEVICES or folder.casefold() in RECORD_FILES | SYSTEM_NAMES:
        folder = f"%{ord(folder[0]):02X}{folder[1:]}"
    return folder


def _is_escaped(folder: str) -> bool:
    try:
        return "%" in folder and _escaped(unquote(folder, errors="strict")) == folder
    except (UnicodeDecodeError, IndexError):
        return False
