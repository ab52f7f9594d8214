"""A folder a class and one CSV file of path, label and split."""

import csv
import io
from collections.abc import Iterable, Iterator

from whatsit.catalogue import Picture
from whatsit.exporters.entry import Entry
from whatsit.importers.csv_list import LIST_FILE
from whatsit.label import UNLABELLED


def entries(pictures: Iterable[Picture]) -> Iterator[Entry]:
    """``<label>/<file>`` and ``labels.csv``; a picture without a label has an empty one."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("path", "label", "split"))
    for picture in pictures:
        rows.writerow((picture.key, "" if picture.label == UNLABELLED else picture.label, picture.split.value))
        yield Entry(picture.key, picture.path)
    yield Entry(LIST_FILE, content=text.getvalue().encode())
