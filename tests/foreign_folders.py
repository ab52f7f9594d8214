"""Folders as people bring them, and what an import makes of them."""

from collections import Counter

from drawn_pictures import jpeg
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.project import Project


def written(folder, *pictures, **lists):
    """Pictures at these paths, all different, and the files of ``lists`` (``__`` for a slash, last ``_`` for a dot)."""
    for number, path in enumerate(pictures):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(jpeg(number, size=(12, 9)))
    for name, text in lists.items():
        stem, _, ending = name.replace("__", "/").rpartition("_")
        (folder / stem).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{stem}.{ending}").write_text(text, encoding="utf-8")
    return folder


def imported(source, folder, **options):
    """How many pictures of each label and split, and the report."""
    folder.mkdir(parents=True, exist_ok=True)
    with Project(folder / "project") as project:
        report = import_path(project.dataset, source, **options)
        return Counter((label, split.value) for _, label, split in project.dataset), report


def labels(counts):
    found = Counter()
    for (label, _), count in counts.items():
        found[label] += count
    return dict(found)
