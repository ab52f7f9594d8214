"""The names of classes in YAML, as YOLO's ``data.yaml`` has them and the ``class_label`` of Hugging Face's data cards.

Only these lists are read, not YAML: no aliases, no tags, no documents.
"""

import re
from collections.abc import Iterator, Sequence

_HEAD = re.compile(r"^(\s*)(?:- )?(names|classes|class_names|labels)\s*:\s*(.*)$")
_ITEM = re.compile(r"""^\s*-\s+(.+)$""")
_PAIR = re.compile(r"""^\s*(?:(["']?)(\d{1,9})\1)\s*:\s+(.+)$""")
_FLOW_PAIR = re.compile(r"""(?:^|,)\s*(["']?)(\d{1,9})\1\s*:\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,]*)""")
_FLOW_ITEM = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,]+)\s*(?:,|$)""")
_MAX_FLOW = 2**16
_MAX_COLUMNS, _MAX_NAMES = 16, 10_000


_IN_PYTHON = re.compile(r"""["']names["']\s*:\s*([\[{])""")


_FEATURE = re.compile(r"^\s*-\s+name\s*:\s*(.+)$")
_CLASS_LABEL = re.compile(r"^\s*class_label\s*:\s*$")


def class_labels_in_yaml(text: str) -> dict[str, dict[int, str]]:
    """The names of each column of classes in a data card of Hugging Face, by the column's name."""
    lines = text.splitlines()
    found: dict[str, dict[int, str]] = {}
    feature, left = "", _MAX_COLUMNS
    for at, line in enumerate(lines):
        if not left:
            break
        if (match := _FEATURE.match(line)) is not None:
            feature = _plain(_uncommented(match[1]))
        elif _CLASS_LABEL.match(line):
            left -= 1
            if (names := names_in_yaml("\n".join(lines[at + 1 : at + 2 + _MAX_NAMES]))) is not None:
                found.setdefault(feature, names[0])
    return found


def names_in_python(text: str) -> tuple[dict[int, str], bool] | None:
    """As ``names_in_yaml``, for the Python dictionary that Ultralytics puts into its models."""
    head = _IN_PYTHON.search(text)
    return None if head is None else _flow(text[head.start(1) :], ())


def names_in_yaml(text: str) -> tuple[dict[int, str], bool] | None:
    """The first list of class names by number, and whether the text gives the numbers; None: there is none."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if (head := _HEAD.match(line)) is None:
            continue
        rest = _uncommented(head[3]).strip()
        found = _flow(rest, lines[at + 1 :]) if rest[:1] in ("[", "{") else _block(len(head[1]), lines[at + 1 :])
        if found is not None and (not rest or rest[:1] in ("[", "{")):
            return found
    return None


def _flow(rest: str, below: Sequence[str]) -> tuple[dict[int, str], bool] | None:
    end = "]" if rest[0] == "[" else "}"
    text = rest
    for line in below:
        if end in text or len(text) > _MAX_FLOW:
            break
        text += " " + _uncommented(line).strip()
    inner = text[1 : text.rfind(end)] if end in text else ""
    if end == "}":
        pairs = {int(match[2]): _plain(match[3]) for match in _FLOW_PAIR.finditer(inner)}
        return (pairs, True) if pairs else None
    names = [_plain(match[1]) for match in _FLOW_ITEM.finditer(inner)]
    return (dict(enumerate(names)), False) if names else None


def _block(around: int, below: Sequence[str]) -> tuple[dict[int, str], bool] | None:
    pairs: dict[int, str] = {}
    names: list[str] = []
    for line in _deeper(around, below):
        if (pair := _PAIR.match(line)) is not None and not names:
            pairs[int(pair[2])] = _plain(_uncommented(pair[3]))
        elif (item := _ITEM.match(line)) is not None and not pairs:
            names.append(_plain(_uncommented(item[1])))
        else:
            break
    if pairs or names:
        return (pairs, True) if pairs else (dict(enumerate(names)), False)
    return None


def _deeper(around: int, lines: Sequence[str]) -> Iterator[str]:
    """The lines of a value: further in, or a list as far out as its key."""
    for line in lines:
        inner = line.lstrip()
        if not inner or inner.startswith("#"):
            continue
        indent = len(line) - len(inner)
        if indent < around or (indent == around and not inner.startswith("- ")):
            return
        yield line


def _uncommented(text: str) -> str:
    quoted = re.match(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')""", text)
    if quoted is not None:
        return quoted[1] if not text[quoted.end() :].strip().strip(",]}") else text
    return re.sub(r"(?:^|\s)#.*$", "", text)


def _plain(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'").strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1]).strip()
    return text
