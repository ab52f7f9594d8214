"""Edge Impulse's exporter format: two folders of pictures and ``info.labels``, version 1."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from whatsit.catalogue import Picture
from whatsit.exporters.entry import Entry
from whatsit.importers.edge_impulse import LABELS_FILE, SPLIT_KEY
from whatsit.label import UNLABELLED
from whatsit.split import Split


def entries(pictures: Iterable[Picture]) -> Iterator[Entry]:
    """``training/`` and ``testing/``; validation is a part of training there, and metadata remembers it."""
    listed: list[dict[str, Any]] = []
    taken: set[str] = set()
    for picture in pictures:
        category = "testing" if picture.split is Split.TEST else "training"
        folder, name = picture.key.split("/", 1)
        path = f"{category}/{folder}.{name}"
        if path.casefold() in taken:  # "a" with "b.c.jpg" and "a.b" with "c.jpg" join alike
            path = f"{category}/{picture.hash}.{folder}.{name}"
        taken.add(path.casefold())
        unnamed = picture.label == UNLABELLED
        label = {"type": "unlabeled"} if unnamed else {"type": "label", "label": picture.label}
        listed.append(
            {
                "path": path,
                "name": name,
                "category": category,
                "label": label,
                "metadata": {SPLIT_KEY: picture.split.value},
            }
        )
        yield Entry(path, picture.path)
    document = {"version": 1, "files": listed}
    yield Entry(LABELS_FILE, content=json.dumps(document, ensure_ascii=False, indent=1).encode())
