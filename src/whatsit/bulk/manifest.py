"""The manifest of a run: which model, which options, and which pictures in which part."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from whatsit.bulk.inputs import Entry
from whatsit.bulk.job import ModelChoice, Options
from whatsit.errors import DataError
from whatsit.files import cannot_write, parquet, read_bounded, write_file

PART = 1000
"""Pictures in a part; the last one can have fewer."""
FORMAT = 1
FOLDER, FILE, PATHS = "manifest", "run.json", "paths.parquet"
_MAX_FILE = 2**20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a run is made from. Equal ones give equal parts."""

    model: ModelChoice
    model_id: str
    options: Options
    pictures: int
    paths_sha256: str

    @property
    def parts(self) -> int:
        """How many there are."""
        return -(-self.pictures // PART)

    @property
    def run(self) -> str:
        """The run's id; where the model's file lies does not count."""
        facts = (FORMAT, self.model_id, asdict(self.options), self.pictures, self.paths_sha256)
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def size(self, part: int) -> int:
        """Pictures in one part."""
        return min(PART, self.pictures - part * PART)

    def difference(self, other: "Manifest") -> str:
        """In what another run differs, for a person; empty where it is the same."""
        if self.model_id != other.model_id:
            return "another model, other labels or another version of whatsit"
        if self.options != other.options:
            mine, its = asdict(self.options), asdict(other.options)
            return ", ".join(f"{key} {its[key]} instead of {mine[key]}" for key in mine if mine[key] != its[key])
        if self.pictures != other.pictures:
            return f"{other.pictures:,} pictures instead of {self.pictures:,}"
        return "" if self.paths_sha256 == other.paths_sha256 else "other pictures, as many"

    def write(self, out: Path) -> None:
        """Write it; the run begins to be one.

        Raises:
            DataError: the folder cannot be written to.
        """
        values = {"format": FORMAT, **asdict(self), "run": self.run}
        write_file(out / FOLDER / FILE, (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode())


def read_manifest(out: Path) -> Manifest | None:
    """The manifest of a run; None where there is none.

    Raises:
        DataError: it is damaged, or of a later version.
    """
    path = out / FOLDER / FILE
    if not path.exists():
        return None
    try:
        values: dict[str, Any] = json.loads(read_bounded(path, _MAX_FILE, "the manifest of a run"))
        if values["format"] != FORMAT:
            raise DataError(f"{path}: made by a later whatsit; update to read it")
        manifest = Manifest(
            ModelChoice(**values["model"]), str(values["model_id"]), Options(**values["options"]),
            int(values["pictures"]), str(values["paths_sha256"]),
        )  # fmt: skip
        if values["run"] != manifest.run:
            raise ValueError("its fields do not go together")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: damaged ({error}); choose another folder and run again") from error
    return manifest


def known_manifest(out: Path) -> Manifest:
    """The manifest of a run that has to be there.

    Raises:
        DataError: it is not, or is damaged.
    """
    manifest = read_manifest(out)
    if manifest is None:
        raise DataError(f"{out}: no run in it; expected the folder that  whatsit bulk  wrote")
    return manifest


def write_paths(target: Path, entries: Iterable[Entry]) -> tuple[int, str]:
    """Write the pictures as a Parquet file with one row group a part; how many there are, and a hash of all.

    The file is on the disk when this returns; it has no other guarantee.

    Raises:
        DataError: an input cannot be listed, or the disk is full.
    """
    pa = parquet.arrow("whatsit bulk")
    schema = pa.schema([("path", pa.string()), ("problem", pa.string())])
    digest, count = hashlib.sha256(), 0
    try:
        with open(target, "wb") as stream, pa.parquet.ParquetWriter(stream, schema, compression="zstd") as writer:
            for group in _grouped(entries):
                for entry in group:
                    digest.update(f"{entry.path}\0{entry.problem}\0".encode())
                count += len(group)
                columns = [[entry.path for entry in group], [entry.problem for entry in group]]
                writer.write_table(pa.table(columns, schema=schema))
        with open(target, "rb") as written:
            os.fsync(written.fileno())
    except OSError as error:
        raise cannot_write(target, error) from error
    return count, digest.hexdigest()


def read_paths(out: Path, part: int) -> list[Entry]:
    """The pictures of one part.

    Raises:
        DataError: the list is missing or damaged.
    """
    path = out / FOLDER / PATHS
    with parquet.opened(path) as file:
        try:
            group = file.read_row_group(part).to_pydict()
        except (OSError, ValueError, IndexError) as error:
            raise parquet.broken(path, error) from error
    return [Entry(one, problem) for one, problem in zip(group["path"], group["problem"], strict=True)]


def _grouped(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    group: list[Entry] = []
    for entry in entries:
        group.append(entry)
        if len(group) == PART:
            yield group
            group = []
    if group:
        yield group
