"""Parquet files: the only importer of pyarrow, which the extra ``bulk`` brings."""

from pathlib import Path
from typing import Any

from whatsit.errors import DataError, MissingExtraError

EXPECTED = "a Parquet file"


def arrow(purpose: str) -> Any:
    """The module ``pyarrow``, with ``parquet`` loaded.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", "bulk", purpose) from error
    return pyarrow


def opened(path: Path, purpose: str = "reading Parquet") -> Any:
    """A ``pyarrow.parquet.ParquetFile``; a context manager.

    Raises:
        DataError: it cannot be read, or is no Parquet file.
        MissingExtraError: pyarrow is not installed.
    """
    pa = arrow(purpose)
    if not path.is_file():
        raise DataError(f"{path}: no such file; expected {EXPECTED}")
    try:
        return pa.parquet.ParquetFile(path, memory_map=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise broken(path, error) from error


def broken(path: Path, error: BaseException) -> DataError:
    """The error for a file that pyarrow refuses."""
    if isinstance(error, OSError) and error.strerror:
        return DataError(f"{path}: cannot be read: {error.strerror}")
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return DataError(f"{path}: not {EXPECTED}, or a damaged one: {reason[:200]}")
