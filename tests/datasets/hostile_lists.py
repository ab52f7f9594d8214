"""Lists that are large or make much of little, each beside one picture: ``python hostile_lists.py FOLDER [NAME …]``.

Imports those of ``LISTS`` that are named, or all, in both sizes, each into a project of its own below the folder.
Prints for each its peak of memory in bytes, its name and what became of it.
"""

import io
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image

SIZES = (2**23, 2**24)
"""Bytes: some are accepted, some refused; both have to be cheap."""


def _repeated(part: str, start: str = "", end: str = "") -> Callable[[int], bytes]:
    return lambda size: (start + part * ((size - len(start) - len(end)) // len(part)) + end).encode()


def _numbered(part: str, start: str = "", end: str = "") -> Callable[[int], bytes]:
    count = len(part.format(1_000_000))
    return lambda size: (start + "".join(part.format(n) for n in range(size // count)) + end).encode()


LISTS: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "short lines": ("labels.csv", _repeated("a\n")),
    "empty cells": ("labels.csv", _repeated(",")),
    "one wide line, then many": ("labels.csv", _repeated("a.jpg,x\n", start="path,label" + ",c" * 3000 + "\n")),
    "pictures that are not there": ("labels.csv", _numbered("{:07}.jpg,cat,test\n", start="path,label,split\n")),
    "an emoji, which makes every character four bytes": (
        "labels.csv", _repeated("a.jpg," + "x" * 300 + "\n", "\U0001f600\n"),
    ),
    "an open quote": ("labels.csv", _repeated("a\n", start='"')),
    "tabs": ("labels.tsv", _repeated("\t")),
    "words": ("train.txt", _repeated("a ")),
    "lines of words": ("train.txt", _repeated("a.jpg x\n")),
    "empty arrays": ("labels.json", _repeated("[],", "[", "[]]")),
    "empty objects": ("labels.json", _repeated("{},", "[", "{}]")),
    "numbers": ("labels.json", _repeated("1234567,", "[", "0]")),
    "objects": ("labels.json", _repeated('{"file_name":"a.jpg","label":"x"},', "[", "{}]")),
    "files": ("labels.json", _numbered('"{:07}.jpg":"cat",', "{", '"a.jpg":"x"}')),
    "names of their own": ("labels.json", _numbered('{{"a{:07}":1}},', "[", "{}]")),
    "deep arrays": ("labels.json", _repeated("[")),
    "lines of objects": ("metadata.jsonl", _repeated('{"file_name":"a.jpg","label":"x"}\n')),
    "not JSON": ("labels.json", _repeated('"a.jpg"')),
    "images": ("annotations.xml", _repeated('<image name="a.jpg"/>', "<annotations>", "</annotations>")),
    "empty images": ("annotations.xml", _repeated("<image/>", "<annotations>", "</annotations>")),
    "tags": (
        "annotations.xml",
        _numbered('<tag label="{}"/>', '<annotations><image name="a.jpg">', "</image></annotations>"),
    ),
    "attributes": ("annotations.xml", _numbered(' a{:07}="x"', "<annotations", "/>")),
    "records of splits": ("splits.csv", _numbered("{:064x},test\n", "hash,split\n")),
    "Edge Impulse": ("info.labels", _repeated('{"path":"a.jpg"},', '{"version":1,"files":[', "{}]}")),
    "COCO": (
        "labels.json",
        _numbered('{{"id":{0:07},"file_name":"a.jpg"}},', '{"categories":[],"annotations":[],"images":[', "{}]}"),
    ),
}  # fmt: skip


def peak() -> int:
    """The most memory this process has had, in bytes. Not getrusage: that begins with what the parent had."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024


def imported(name: str, size: int, folder: Path) -> str:
    """Import one list; what became of it, in one line."""
    from whatsit import Project, WhatsitError, import_path

    file, content = LISTS[name]
    pictures = folder / "in"
    pictures.mkdir(parents=True)
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "JPEG")
    pictures.joinpath("a.jpg").write_bytes(picture.getvalue())
    pictures.joinpath(file).write_bytes(content(size))
    Path("/proc/self/clear_refs").write_text("5")
    with Project(folder / "project") as project:
        try:
            report = import_path(project.dataset, pictures)
            return f"{report.added} added, {len(report.skips)} skipped"
        except WhatsitError as error:
            return str(error)


if __name__ == "__main__":
    for number, (name, size) in enumerate((name, size) for name in sys.argv[2:] or LISTS for size in SIZES):
        became = imported(name, size, Path(sys.argv[1]) / str(number))
        sys.stdout.write(f"{peak()}\t{name}\t{became}\n")
        sys.stdout.flush()
