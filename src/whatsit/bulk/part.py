"""A part: the rows of up to a thousand pictures as one Parquet file, whole or not there. Equal rows, equal bytes."""

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from whatsit.bulk.inputs import Entry
from whatsit.bulk.job import Job
from whatsit.bulk.manifest import Manifest, read_paths
from whatsit.bulk.progress import Tally
from whatsit.bulk.rows import Examiner, Row
from whatsit.errors import DataError
from whatsit.files import parquet, write_file

PATTERN = "part-*.parquet"
_RUN, _PART = b"whatsit.run", b"whatsit.part"


def part_path(out: Path, part: int) -> Path:
    """Where a part lies; the parts in the order of their names are in the order of the manifest."""
    return out / f"part-{part:07d}.parquet"


def is_whole(out: Path, part: int, manifest: Manifest) -> bool:
    """Whether a part is there, belongs to this run and has all its rows."""
    path = part_path(out, part)
    if not path.exists():
        return False
    try:
        with parquet.opened(path) as file:
            found = file.schema_arrow.metadata or {}
            rows = file.metadata.num_rows
    except DataError:  # damaged: made again
        return False
    expected = {_RUN: manifest.run.encode(), _PART: str(part).encode()}
    return expected.items() <= found.items() and rows == manifest.size(part)


def make_part(
    examiner: Examiner,
    job: Job,
    part: int,
    *,
    left_out: Mapping[int, str] | None = None,
    before: Callable[[int], object] = lambda at: None,
    after: Callable[[Tally], object] = lambda tally: None,
) -> None:
    """Classify the pictures of a part and write it.

    Args:
        left_out: pictures that are not read, by place in the part, and why: rows with this error.
        before: called with each picture's place before it is read.
        after: called with the count of each picture when it is done.

    Raises:
        DataError: the part cannot be written, or the list of pictures is damaged.
        ModelError: the model fails.
    """
    rows = []
    for at, entry in enumerate(read_paths(job.folder, part)):
        before(at)
        why = (left_out or {}).get(at)
        row = examiner.row(entry if why is None else Entry(entry.path, why))
        rows.append(row)
        after(Tally(1, int(row.answer is not None and row.answer.predictions.unknown), int(row.answer is None)))
    write_file(part_path(job.folder, part), _content(rows, job, part, examiner.embedding_size))


def _content(rows: Sequence[Row], job: Job, part: int, dim: int | None) -> bytes:
    pa = parquet.arrow("whatsit bulk")
    best = pa.struct([("label", pa.string()), ("score", pa.float32()), ("index", pa.int32())])
    fields = [
        ("path", pa.string()), ("sha256", pa.string()), ("label", pa.string()), ("score", pa.float32()),
        ("top_k", pa.list_(best)), ("unknown", pa.bool_()), ("distance", pa.float32()),
        ("strangeness", pa.float32()), ("unknown_by", pa.string()),
        ("distances", pa.list_(pa.float32())), ("error", pa.string()),
    ]  # fmt: skip
    answers = [row.answer for row in rows]
    first = [None if one is None else one.predictions[0] for one in answers]
    columns: list[Any] = [
        [row.path for row in rows],
        [row.sha256 for row in rows],
        [None if one is None else one.label for one in first],
        [None if one is None else one.score for one in first],
        [
            None if one is None else [{"label": p.label, "score": p.score, "index": p.index} for p in one.predictions]
            for one in answers
        ],
        [None if one is None else one.predictions.unknown for one in answers],
        [None if one is None else one.predictions.distance for one in answers],
        [None if one is None else one.predictions.strangeness for one in answers],
        [None if one is None or not one.predictions.unknown else one.predictions.unknown_by for one in answers],
        [None if one is None or not one.distances else list(one.distances) for one in answers],
        [row.error for row in rows],
    ]
    if dim is not None:
        fields.append(("embedding", pa.list_(pa.float16())))
        columns.append(_embeddings(pa, rows, dim))
    schema = pa.schema(fields, metadata={_RUN: job.run.encode(), _PART: str(part).encode()})
    stream = io.BytesIO()
    # zstd and plain floats: scores and embeddings repeat so seldom that a dictionary only grows the file.
    pa.parquet.write_table(
        pa.table(columns, schema=schema), stream, compression="zstd", use_dictionary=["label"], write_statistics=True
    )
    return stream.getvalue()


def _embeddings(pa: Any, rows: Sequence[Row], dim: int) -> Any:
    found = [row.answer.embedding for row in rows if row.answer is not None and row.answer.embedding is not None]
    values = np.stack(found).astype(np.float16) if found else np.zeros((0, dim), np.float16)
    lengths = [dim if row.answer is not None else 0 for row in rows]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    missing = pa.array([row.answer is None for row in rows])
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values.ravel()), mask=missing)
