"""What a run over good and bad pictures must give, worked out picture by picture without any of its code."""

import hashlib
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from drawn_pictures import jpeg
from whatsit import Classifier

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'whatsit[bulk]'")
pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: pip install 'whatsit[bulk]'")
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Pile:
    """Pictures, a list of them with one line in a hundred of rubbish, and the rows expected of it."""

    listed: Path
    rows: list[tuple[str, str | None, str | None]]
    """Path, SHA-256 and label, in the list's order; what is None must have an error."""


def make_pile(room: Path, model: bytes, count: int, different: int = 40) -> Pile:
    """``count`` paths of hard links to a few different pictures, and rubbish between them."""
    folder = room / "pictures"
    folder.mkdir()
    classifier, chance = Classifier(model), random.Random(5)
    known: list[tuple[Path, str, str]] = []
    for number in range(different):
        path = room / f"{number}.jpg"
        path.write_bytes(jpeg(number, (number * 6 % 255, 90, 200 - number)))
        known.append((path, hashlib.sha256(path.read_bytes()).hexdigest(), classifier.classify(path)[0].label))
    rubbish = [b"", b"\xff\xd8\xff cut off", b"GIF89a", "no picture \N{SNOWMAN}".encode(), bytes(1000)]
    lines: list[str] = []
    rows: list[tuple[str, str | None, str | None]] = []
    for number in range(count):
        path = folder / f"{number:07d}.jpg"
        if number % 100 == 17:
            bad = chance.choice([*rubbish, None, "folder"])
            if bad == "folder":
                path.mkdir()
            elif bad is not None:
                path.write_bytes(bad)
            rows.append((str(path), hashlib.sha256(bad).hexdigest() if isinstance(bad, bytes) else None, None))
        else:
            source, sha256, label = known[chance.randrange(different)]
            os.link(source, path)
            rows.append((str(path), sha256, label))
        lines.append(f"pictures/{path.name}")
    listed = room / "list.txt"
    listed.write_text("\n".join([*lines, *lines[:5], ""]))  # named twice: once in the answers
    return Pile(listed, rows)


def rows_of(out: Path) -> list[dict[str, object]]:
    """The rows of all parts, in their order."""
    return [row for part in sorted(out.glob("part-*.parquet")) for row in pq.read_table(part).to_pylist()]


def compare(out: Path, pile: Pile) -> list[str]:
    """In what the rows differ from what they must be; nothing where all is well."""
    found = [(row["path"], row["sha256"], row["label"], row["error"]) for row in rows_of(out)]
    wrong = [f"{len(found)} rows, expected {len(pile.rows)}"] if len(found) != len(pile.rows) else []
    for (path, sha256, label, error), expected in zip(found, pile.rows, strict=False):
        # An empty file has nothing to hash: whether it is read or refused is not the point here.
        if path != expected[0] or label != expected[2] or (error is None) is (label is None) or (
            label is not None and sha256 != expected[1]
        ):  # fmt: skip
            wrong.append(f"{(path, sha256, label, error)}, expected {expected}")
    wrong += [f"left lying: {one.name}" for one in (*out.rglob("*.tmp"), *out.rglob(".*"))]
    return wrong[:10]


def go(pile: Pile, out: Path, model: Path, whom: str = "run", at: int = 0) -> subprocess.CompletedProcess[str]:
    """Start or go on with the run in a process of its own, to be killed at its ``at``-th news."""
    paths = os.pathsep.join([str(REPOSITORY / "src"), os.environ.get("PYTHONPATH", "")])
    script = Path(__file__).with_name("mortal_bulk.py")
    return subprocess.run(
        [sys.executable, script, pile.listed, out, model, whom, str(at)],
        env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=False,
    )  # fmt: skip
