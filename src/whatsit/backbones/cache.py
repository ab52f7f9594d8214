"""Embeddings kept on disk by picture content and backbone, so that each picture is embedded once."""

import contextlib
import hashlib
import os
import re
import zlib
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.embedder import Embedder
from whatsit.errors import DataError
from whatsit.files import beneath, write_all
from whatsit.parallel import Progress

_BATCH = 64
"""Pictures between two writes: at most this many are lost in an interruption."""


@dataclass(frozen=True, slots=True)
class Embeddable:
    """A picture file and the SHA-256 of its bytes, 64 hexadecimal digits."""

    hash: str
    path: Path


class Rows(Protocol):
    """What embeddings are put into: an array, or something that needs less memory."""

    def __setitem__(self, places: list[int], row: NDArray[np.float32], /) -> None: ...


class ViewsOnDisk:
    """Views of pictures in a cache's file, read when they are asked for; ``close`` it."""

    def __init__(self, stream: FileIO, starts: NDArray[np.int64], dim: int) -> None:
        self._stream, self._starts, self._dim = stream, starts, dim

    def take(self, rows: NDArray[np.integer], views: NDArray[np.integer]) -> NDArray[np.float32]:
        """One view of each of some pictures, shape (rows, dim)."""
        found = np.empty((len(rows), self._dim), "<f4")
        size = found.itemsize * self._dim
        for one, start, view in zip(found, self._starts[rows], views, strict=True):
            self._stream.seek(int(start) + int(view) * size)
            if self._stream.readinto(one.data) != size:
                raise DataError(f"{self._stream.name}: became shorter while it was read; train again")
        return found

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __del__(self) -> None:
        self.close()  # where an error came first


class EmbeddingCache:
    """One file per backbone in ``.whatsit/embeddings``.

    A row is the picture's SHA-256 (32 bytes), the CRC-32 of the embedding (4) and the embedding (dim x 4,
    float32), little-endian. Rows are only appended; a torn or damaged one is computed again.

    Args:
        folder: where the file is kept; made when first needed.
        embedder: computes what is missing.
    """

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self._embedder = embedder
        readable = re.sub(r"[^A-Za-z0-9.@-]+", "-", embedder.id)[:60]
        made = f"{embedder.id} {embedder.preprocess.reducing_gap:g}"  # pictures made small otherwise embed otherwise
        digest = hashlib.sha256(made.encode()).hexdigest()[:8]
        self._path = folder / f"{readable}-{digest}.embeddings"
        self._row = np.dtype([("hash", "V32"), ("crc", "<u4"), ("embedding", "<f4", (embedder.dim,))])

    def embed(self, pictures: Sequence[Embeddable], progress: Progress | None = None) -> NDArray[np.float32]:
        """Raw embeddings, shape (pictures, dim), in the order given; see ``embed_into``."""
        result = np.empty((len(pictures), self._embedder.dim), np.float32)
        self.embed_into(result, pictures, progress)
        return result

    def embed_into(self, result: Rows, pictures: Sequence[Embeddable], progress: Progress | None = None) -> None:
        """Put the raw embedding of every picture at its place, in no particular order.

        What is not in the cache is computed. What was computed before an interruption, such as Ctrl-C or a missing
        file, stays in the cache. On a disk that is full or read-only nothing is kept, and the next run takes as long.

        Args:
            result: takes each as ``result[places] = embedding``.
            progress: called with how many pictures are done and how many there are.

        Raises:
            ImageError: a picture cannot be read.
            DataError: the cache's file cannot be read.
        """
        places: dict[str, list[int]] = {}
        for at, picture in enumerate(pictures):
            places.setdefault(picture.hash, []).append(at)
        total = len(places)
        missing = {picture.hash: picture.path for picture in pictures}
        for hash_, embedding in self._read():
            if missing.pop(hash_, None) is not None:
                result[places[hash_]] = embedding
        if progress is not None:
            progress(total - len(missing), total)
        if missing:
            self._compute(missing, places, result, total, progress)

    def on_disk(self, pictures: Sequence[Embeddable], views: int) -> "ViewsOnDisk | None":
        """Where the embeddings of these pictures lie, each of several views; None where one is not in the file.

        Raises:
            DataError: the cache's file cannot be read.
        """
        places = {hash_: place for place, hash_, _ in self._rows()} if pictures else {}
        if not all(picture.hash in places for picture in pictures) or not places:
            return None
        starts = np.array([places[picture.hash] for picture in pictures], np.int64) * self._row.itemsize
        fields = self._row.fields
        assert fields is not None
        stream = os.fdopen(beneath.opened(self._path, os.O_RDONLY), "rb", buffering=0)
        return ViewsOnDisk(stream, starts + fields["embedding"][1], self._embedder.dim // views)

    def known(self, hashes: Container[str]) -> dict[str, NDArray[np.float32]]:
        """Those of these contents that are in the cache, by their SHA-256; nothing is computed.

        Raises:
            DataError: the cache's file cannot be read.
        """
        return {hash_: embedding.copy() for hash_, embedding in self._read() if hash_ in hashes}

    def keep(self, made: Sequence[tuple[str, NDArray[np.float32]]]) -> None:
        """Add embeddings that were made elsewhere, by their pictures' SHA-256; a full disk keeps nothing."""
        if made:
            self._append(made)

    def _compute(
        self,
        missing: dict[str, Path],
        places: dict[str, list[int]],
        result: Rows,
        total: int,
        progress: Progress | None,
    ) -> None:
        waiting: list[tuple[str, NDArray[np.float32]]] = []
        done = total - len(missing)
        hashes = iter(missing)
        try:
            for embedding in self._embedder.embed_many(missing.values()):
                hash_ = next(hashes)
                result[places[hash_]] = embedding
                waiting.append((hash_, embedding))
                if len(waiting) == _BATCH:
                    self._append(waiting)
                    waiting = []
                done += 1
                if progress is not None:
                    progress(done, total)
        finally:
            if waiting:
                self._append(waiting)

    def _read(self) -> Iterator[tuple[str, NDArray[np.float32]]]:
        return ((hash_, embedding) for _, hash_, embedding in self._rows())

    def _rows(self) -> Iterator[tuple[int, str, NDArray[np.float32]]]:
        """The row's place in the file, the picture's hash and its embedding; damaged rows are left out."""
        place = 0
        try:
            with os.fdopen(beneath.opened(self._path, os.O_RDONLY), "rb") as stream:
                while content := stream.read(_BATCH * self._row.itemsize):
                    rows = np.frombuffer(content, self._row, count=len(content) // self._row.itemsize)
                    for at, row in enumerate(rows, place):
                        if zlib.crc32(row["embedding"].tobytes()) == row["crc"]:
                            yield at, bytes(row["hash"]).hex(), row["embedding"]
                    place += len(rows)
        except FileNotFoundError:
            return
        except OSError as error:
            raise DataError(f"cannot read {self._path}: {error.strerror}; it can be deleted") from error

    def _append(self, made: Sequence[tuple[str, NDArray[np.float32]]]) -> None:
        rows = np.zeros(len(made), self._row)
        for row, (hash_, embedding) in zip(rows, made, strict=True):
            row["hash"] = bytes.fromhex(hash_)
            row["embedding"] = embedding
            row["crc"] = zlib.crc32(row["embedding"].tobytes())
        with contextlib.suppress(OSError, DataError):
            beneath.make_folder(self._path.parent)
            handle = beneath.opened(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            with os.fdopen(handle, "ab", buffering=0) as stream:
                torn = stream.seek(0, os.SEEK_END) % self._row.itemsize
                if torn:  # killed in the middle of a row: cut the torn row off
                    os.ftruncate(stream.fileno(), stream.tell() - torn)
                write_all(stream.fileno(), rows.tobytes())
                os.fsync(stream.fileno())
