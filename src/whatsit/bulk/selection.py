"""Pictures chosen from a run, as a list that ``whatsit dataset import --selection`` takes."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from whatsit.files import write_file


def write_selection(target: Path, chosen: Sequence[tuple[str, str]]) -> None:
    """Write a CSV file of ``path`` and ``label``.

    Raises:
        DataError: it cannot be written.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("path", "label"))
    rows.writerows(chosen)
    write_file(target, text.getvalue().encode())
