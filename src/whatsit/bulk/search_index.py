"""The embeddings of a finished run as arrays that can be mapped into memory, made from the parts when first needed."""

import contextlib
import json
import os
import weakref
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.bulk.manifest import Manifest, known_manifest
from whatsit.bulk.part import is_whole, part_path
from whatsit.errors import DataError
from whatsit.files import cannot_write, parquet, read_bounded, scratch_beside

FOLDER = "search"
_RECORD, _EMBEDDINGS, _SKETCH, _COARSE, _BASIS, _LABELS, _ROWS = (
    "index.json", "embeddings.npy", "sketch.npy", "coarse.npy", "basis.npy", "labels.npy", "rows.arrow",
)  # fmt: skip
_COLUMNS = ("path", "label", "score", "unknown")
_FORMAT = 2
"""An index of another one is made again."""
_SKETCHED, _COARSELY = 256, 64
"""Numbers of a sketch, and of the coarse one, of which 100,000 are read in a few milliseconds."""
_SAMPLE = 1024
"""Embeddings that the basis is fitted to."""
_SLACK = 2e-6
"""Squared norm by which rounding can make a residual too short."""


@dataclass(frozen=True, slots=True)
class _Record:
    run: str
    rows: int
    dim: int
    labels: tuple[str, ...]
    format: int = _FORMAT


class RowFile:
    """An array on the disk, of which a search reads a few rows: not mapped, as what is mapped counts as memory.

    Raises:
        ValueError: not an array of that shape and type.
    """

    def __init__(self, path: Path, shape: tuple[int, int], kind: type[np.floating[Any]]) -> None:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        if mapped.shape != shape or mapped.dtype != kind:
            raise ValueError(f"{path.name} has shape {mapped.shape} of {mapped.dtype}")
        self.dim, self._kind, self._start = shape[1], mapped.dtype, int(mapped.offset)
        self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._handle)

    def take(self, places: NDArray[np.intp]) -> NDArray[np.float32]:
        """Rows by their numbers, shape (places, dim)."""
        found = np.empty((len(places), self.dim), self._kind)
        size = self._kind.itemsize * self.dim
        for row, place in zip(found, places.tolist(), strict=True):
            if os.preadv(self._handle, [row.data], self._start + place * size) != size:
                raise DataError("the index of this run became shorter; remove its folder  search")
        return found.astype(np.float32, copy=False)


@dataclass(frozen=True, eq=False)
class SearchIndex:
    """A row for each picture with an answer, in the order of the parts."""

    embeddings: RowFile
    """As in the parts."""
    sketch: RowFile
    """Of size + 1 numbers: the projection of each embedding on ``basis``, and the length of what is left of it."""
    coarse: NDArray[np.float32]
    """As ``sketch``, for the first directions of the basis alone; mapped into memory."""
    basis: NDArray[np.float32]
    """Shape (dim, size), orthonormal: the principal directions of a sample."""
    labels: NDArray[np.int32]
    """Index into ``names``."""
    names: tuple[str, ...]
    rows: Any
    """A ``pyarrow.Table`` of path, label, score, unknown."""


def open_index(out: Path) -> SearchIndex:
    """The index of a finished run; made, or made again, where it is not there.

    Raises:
        DataError: there is no run, it is not finished or has no embeddings, or the disk is full.
    """
    manifest = known_manifest(out)
    if not manifest.options.embeddings:
        raise DataError(f"{out}: made without embeddings; run  whatsit bulk  with --embeddings into another folder")
    record = _read_record(out / FOLDER)
    if record is None or (record.run, record.format) != (manifest.run, _FORMAT):
        if missing := [part for part in range(manifest.parts) if not is_whole(out, part, manifest)]:
            raise DataError(f"{out}: {len(missing):,} of {manifest.parts:,} parts are missing; --resume makes them")
        record = _build(out, manifest)
    try:
        return _opened(out / FOLDER, record)
    except (OSError, ValueError) as error:
        raise DataError(f"{out / FOLDER}: damaged ({error}); remove that folder, it is made again") from error


def _read_record(folder: Path) -> _Record | None:
    if not (folder / _RECORD).exists():
        return None
    try:
        values = json.loads(read_bounded(folder / _RECORD, 2**24, "the record of an index"))
        return _Record(values["run"], values["rows"], values["dim"], tuple(values["labels"]), values["format"])
    except (ValueError, KeyError, TypeError):
        return None


def _opened(folder: Path, record: _Record) -> SearchIndex:
    pa = parquet.arrow("whatsit find")
    arrays = [np.load(folder / name, mmap_mode="r", allow_pickle=False) for name in (_COARSE, _BASIS, _LABELS)]
    coarse, basis, labels = map(np.asarray, arrays)
    size = basis.shape[-1]
    if (coarse.shape, basis.shape, labels.shape) != (
        (record.rows, min(size, _COARSELY) + 1), (record.dim, size), (record.rows,),
    ):  # fmt: skip
        raise ValueError("its arrays do not go together")
    with pa.memory_map(str(folder / _ROWS)) as mapped:
        rows = pa.ipc.open_file(mapped).read_all()
    embeddings = RowFile(folder / _EMBEDDINGS, (record.rows, record.dim), np.float16)
    sketch = RowFile(folder / _SKETCH, (record.rows, size + 1), np.float32)
    return SearchIndex(embeddings, sketch, coarse, basis, labels, record.labels, rows)


def _build(out: Path, manifest: Manifest) -> _Record:
    folder = out / FOLDER
    try:
        with scratch_beside(folder) as scratch:
            record = _write(scratch, out, manifest)
            made = scratch / "made"
            made.mkdir()
            for path in list(scratch.iterdir()):
                if path != made:
                    path.rename(made / path.name)
            if folder.exists():
                folder.rename(scratch / "old")
            with contextlib.suppress(OSError):  # another process has just made the same
                made.rename(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return record


def _write(folder: Path, out: Path, manifest: Manifest) -> _Record:
    pa = parquet.arrow("whatsit find")
    sample = _sampled(out, manifest)
    basis = _basis(sample)
    rows, names = 0, {}  # type: tuple[int, dict[str, int]]
    dim = sample.shape[1]
    arrays = {name: _Growing(folder / name) for name in (_EMBEDDINGS, _SKETCH, _COARSE, _LABELS)}
    schema = pa.schema(
        [("path", pa.string()), ("label", pa.string()), ("score", pa.float32()), ("unknown", pa.bool_())]
    )
    with contextlib.ExitStack() as stack:
        for array in arrays.values():
            stack.enter_context(array)
        sink = stack.enter_context(pa.OSFile(str(folder / _ROWS), "wb"))
        writer = stack.enter_context(pa.ipc.new_file(sink, schema))
        for table, embeddings in _parts(out, manifest, dim):
            wide = embeddings.astype(np.float32)
            shadow = wide @ basis
            norms = (wide**2).sum(1)
            codes = [names.setdefault(label, len(names)) for label in table["label"].to_pylist()]
            arrays[_EMBEDDINGS].add(embeddings)
            arrays[_SKETCH].add(_sketched(shadow, norms))
            arrays[_COARSE].add(_sketched(shadow[:, :_COARSELY], norms))
            arrays[_LABELS].add(np.asarray(codes, np.int32))
            writer.write_table(table.select(_COLUMNS).cast(schema))
            rows += len(embeddings)
    np.save(folder / _BASIS, basis, allow_pickle=False)
    record = _Record(manifest.run, rows, dim, tuple(names))
    (folder / _RECORD).write_text(json.dumps(asdict(record), ensure_ascii=False))
    return record


def _sketched(shadow: NDArray[np.float32], norms: NDArray[np.float32]) -> NDArray[np.float32]:
    """Projections and the lengths of what they leave of embeddings of these squared norms."""
    rest = np.sqrt(np.maximum(0, norms - (shadow**2).sum(1)) + _SLACK)
    return np.column_stack([shadow, rest]).astype(np.float32)


def _parts(out: Path, manifest: Manifest, dim: int) -> Iterator[tuple[Any, NDArray[np.float16]]]:
    """The rows with an answer of each part, and their embeddings."""
    for part in range(manifest.parts):
        with parquet.opened(part_path(out, part)) as file:
            table = file.read(columns=[*_COLUMNS, "embedding"])
        table = table.filter(table["label"].is_valid()).combine_chunks()
        if table.num_rows:
            yield table, _matrix(table, dim)


def _matrix(table: Any, dim: int) -> NDArray[np.float16]:
    values = np.concatenate([np.asarray(chunk.flatten(), np.float16) for chunk in table["embedding"].chunks])
    if dim and values.size != table.num_rows * dim:
        raise DataError("a part has embeddings of another length; remove it, and --resume makes it again")
    return values.reshape(table.num_rows, -1)


def _sampled(out: Path, manifest: Manifest) -> NDArray[np.float32]:
    """Embeddings from up to 32 parts, evenly."""
    chosen = range(0, manifest.parts, max(1, manifest.parts // 32))
    each, found = max(1, -(-_SAMPLE // len(chosen))), []
    for part in chosen:
        with parquet.opened(part_path(out, part)) as file:
            table = file.read(columns=["label", "embedding"])
        table = table.filter(table["label"].is_valid()).combine_chunks()
        if table.num_rows:
            some = _matrix(table, 0)
            found.append(some[:: max(1, len(some) // each)][:each].astype(np.float32))
    if not found:
        raise DataError(f"{out}: none of its pictures could be read")
    return np.concatenate(found)


def _basis(sample: NDArray[np.float32]) -> NDArray[np.float32]:
    """The principal directions of a sample, shape (dim, up to ``_SKETCHED``), orthonormal to rounding."""
    wide = sample.astype(np.float64)
    weights, mixed = np.linalg.eigh(wide @ wide.T)  # a tenth of the time of a singular value decomposition
    kept = max(1, min(_SKETCHED, int(np.count_nonzero(weights > 1e-9 * weights[-1]))))
    directions, _ = np.linalg.qr(wide.T @ mixed[:, ::-1][:, :kept])
    return np.ascontiguousarray(directions, np.float32)


class _Growing:
    """A ``.npy`` file that is written row by row; how many there are is known at its end."""

    def __init__(self, path: Path) -> None:
        self._path, self._rows = path, 0
        self._shape: tuple[int, ...] = ()
        self._kind: np.dtype[Any] | None = None

    def __enter__(self) -> "_Growing":
        self._stream = open(self._path, "wb")
        return self

    def add(self, rows: NDArray[Any]) -> None:
        """Append; all rows have one shape and type."""
        if self._kind is None:
            self._shape, self._kind = rows.shape[1:], rows.dtype
            self._header()
        self._stream.write(np.ascontiguousarray(rows).data)
        self._rows += len(rows)

    def _header(self) -> None:
        # Its length is fixed by a row count of as many digits as there can be.
        head = {"descr": np.lib.format.dtype_to_descr(self._kind), "fortran_order": False}  # type: ignore[arg-type]
        text = repr({**head, "shape": (self._rows, *self._shape)}).ljust(117) + "\n"
        self._stream.write(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode("latin-1"))

    def __exit__(self, *_: object) -> None:
        if self._kind is not None:
            self._stream.seek(0)
            self._header()
        self._stream.close()
