"""Labels and normalisation inside the ``.tflite``, as MediaPipe, ML Kit and Android read them.

Format: TensorFlow Lite Metadata (``metadata_schema.fbs``, file identifier ``M001``) in a model buffer named
``TFLITE_METADATA``; the files it names are an uncompressed zip appended to the flatbuffer.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
from flatbuffers import number_types
from flatbuffers.table import Table

from whatsit.errors import ModelError
from whatsit.tflite.flatbuffer import read_model, write_model
from whatsit.tflite.schema import schema

LABELS_FILE = "labels.txt"
CARD_FILE = "whatsit.json"
MAX_FILES = 64
MAX_FILE_BYTES = 2**26
_KEY = "TFLITE_METADATA"
_TENSOR_AXIS_LABELS = 2
_IMAGE_PROPERTIES = 2
_NORMALIZATION_OPTIONS = 1
_COLOUR_RGB, _COLOUR_GREY = 1, 2


@dataclass(frozen=True, slots=True)
class ModelMetadata:
    """What a model says about itself; None where it says nothing."""

    mean: tuple[float, ...] | None = None
    """In pixel units (0..255), one number or one per channel."""
    std: tuple[float, ...] | None = None
    """In pixel units, one number or one per channel."""
    labels: tuple[str, ...] | None = None
    """In the order of the scores."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """The files appended to the model, by name."""
    name: str = ""
    description: str = ""


def read_metadata(content: bytes, model: Any | None = None, name: str = "model") -> ModelMetadata:
    """The metadata and associated files of a model; an empty value where it has none.

    Args:
        content: the ``.tflite`` file.
        model: the same as ``read_model`` parsed it; None: parsed here.
        name: what to call the model in errors.

    Raises:
        ModelError: the metadata or the appended zip is broken, lacks the labels, or holds too much.
    """
    model = read_model(content, name) if model is None else model
    files = read_files(content, name)
    mean = std = None
    title = description = ""
    label_files: list[tuple[str, str]] = []
    for entry in model.metadata or []:
        if _text(entry.name) != _KEY:
            continue
        try:
            data = bytes(model.buffers[entry.buffer].data)
            root = Table(data, struct.unpack_from("<I", data)[0])
            title, description = _string(root, 0), _string(root, 1)
            graph = _first(root, 3)
            if graph is not None:
                mean, std = _normalisation(_first(graph, 2))
                label_files = _axis_labels(_first(graph, 3))
        except (struct.error, IndexError, ValueError, TypeError, UnicodeDecodeError) as error:
            raise ModelError(f"{name}: broken TFLite metadata ({error})") from error
    labels = _labels(files, label_files, name)
    return ModelMetadata(mean, std, labels, files, title, description)


def read_files(content: bytes, name: str = "model") -> dict[str, bytes]:
    """The files in the zip behind the flatbuffer, by name; empty where there is no zip.

    Raises:
        ModelError: more than ``MAX_FILES`` files or ``MAX_FILE_BYTES`` bytes, or a damaged zip.
    """
    if b"PK\x05\x06" not in content[-65_557:]:
        return {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            total = sum(entry.file_size for entry in entries)
            if len(entries) > MAX_FILES or total > MAX_FILE_BYTES:
                raise ModelError(f"{name}: {len(entries)} files of {total:,} bytes inside; too much to open")
            return {entry.filename: archive.read(entry) for entry in entries if not entry.is_dir()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, struct.error, OSError, EOFError,
            ValueError, zlib.error) as error:  # fmt: skip
        damaged = f"{name}: the files inside the model are damaged ({error}); copy it again or make it again"
        raise ModelError(damaged) from error


def flatbuffer_part(content: bytes) -> bytes:
    """The model without the zip behind it."""
    if b"PK\x05\x06" not in content[-65_557:]:
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return content[: min((entry.header_offset for entry in archive.infolist()), default=len(content))]
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, struct.error):
        return content


def with_metadata(content: bytes, metadata: ModelMetadata, *, grey: bool = False) -> bytes:
    """``content`` with ``metadata`` in place of what it had; equal input, equal bytes.

    The zip is not written here: what is in it can contain hashes of these bytes, so ``with_files`` appends it later.

    Args:
        metadata: its ``files`` are named in the metadata; their content is not written.
        grey: the input has one channel.
    """
    model = read_model(flatbuffer_part(content))
    kept = [entry for entry in model.metadata or [] if _text(entry.name) != _KEY]
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(_flatbuffer(metadata, grey), np.uint8)
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = _KEY, len(model.buffers) - 1
    model.metadata = [*kept, entry]
    return write_model(model)


def with_files(content: bytes, files: Mapping[str, bytes]) -> bytes:
    """``content`` with an uncompressed zip of ``files`` appended; equal input, equal bytes."""
    stream = io.BytesIO(flatbuffer_part(content))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix: the same bytes on every system
            archive.writestr(entry, data)
    return stream.getvalue()


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")


# Reading: field numbers as in metadata_schema.fbs; a field's slot is 4 + 2 * number.
def _slot(table: Table, number: int) -> int:
    return int(table.Offset(4 + 2 * number))


def _string(table: Table, number: int) -> str:
    offset = _slot(table, number)
    return table.String(table.Pos + offset).decode() if offset else ""


def _children(table: Table | None, number: int) -> list[Table]:
    if table is None or not (offset := _slot(table, number)):
        return []
    start, count = table.Vector(offset), table.VectorLen(offset)
    if count > 10_000:
        raise ValueError(f"{count} entries")
    return [Table(table.Bytes, table.Indirect(start + 4 * index)) for index in range(count)]


def _first(table: Table, number: int) -> Table | None:
    return next(iter(_children(table, number)), None)


def _floats(table: Table, number: int) -> tuple[float, ...] | None:
    offset = _slot(table, number)
    if not offset:
        return None
    start, count = table.Vector(offset), table.VectorLen(offset)
    if not 0 < count <= 16:
        return None
    return tuple(float(value) for value in np.frombuffer(table.Bytes, "<f4", count, start))


def _union(table: Table, type_number: int) -> tuple[int, Table | None]:
    kind, value = _slot(table, type_number), _slot(table, type_number + 1)
    if not kind or not value:
        return 0, None
    target = Table(table.Bytes, 0)
    table.Union(target, value)
    return int(table.Get(number_types.Uint8Flags, table.Pos + kind)), target


def _normalisation(tensor: Table | None) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    for unit in _children(tensor, 4):
        kind, options = _union(unit, 0)
        if kind == _NORMALIZATION_OPTIONS and options is not None:
            return _floats(options, 0), _floats(options, 1)
    return None, None


def _axis_labels(tensor: Table | None) -> list[tuple[str, str]]:
    """The label files of a tensor as (name, locale); a model may have one for programs and one per language."""
    found = []
    for file in _children(tensor, 6):
        offset = _slot(file, 2)
        if offset and table_byte(file, offset) == _TENSOR_AXIS_LABELS:
            found.append((_string(file, 0), _string(file, 3)))
    return found


def table_byte(table: Table, offset: int) -> int:
    """An enumeration value of one byte."""
    return int(table.Get(number_types.Int8Flags, table.Pos + offset))


def _labels(files: Mapping[str, bytes], named: list[tuple[str, str]], name: str) -> tuple[str, ...] | None:
    from whatsit.tflite.label_file import are_machine_ids, parse_labels, parse_plain_labels

    if not named:
        candidates = sorted(file for file in files if _is_label_file(file) or _is_of_ultralytics(file, files[file]))
        named = [(candidates[0], "")] if len(candidates) == 1 else []
    if not named:
        return None
    for file, _ in named:
        if file not in files:
            raise ModelError(f"{name}: its metadata names {file}, but the file ends without it; copy the model again")
    # Ours hold labels as they were taught, "0 zero" included; in others, "0 zero" can be a number and a label.
    parse = parse_plain_labels if CARD_FILE in files else parse_labels
    lists = [(parse(files[file], f"{file} in {name}"), locale.lower()) for file, locale in named]
    # Words before identifiers, no language before English before others, as a reader without a locale would choose.
    return min(lists, key=lambda found: (are_machine_ids(found[0]), bool(found[1]), not found[1].startswith("en")))[0]


def _is_label_file(file: str) -> bool:
    stem, _, ending = file.lower().rpartition(".")
    return ending in ("txt", "json", "pbtxt") and ("label" in stem or stem in ("dict", "classes", "class_names"))


def _is_of_ultralytics(file: str, content: bytes) -> bool:
    """True for the description of a model that Ultralytics appends to it, where that has the names of classes."""
    return file in ("metadata.json", "temp_meta.txt") and re.search(rb"""["']names["']\s*:""", content) is not None


# Writing: children before parents, as FlatBuffers requires.
def _flatbuffer(metadata: ModelMetadata, grey: bool) -> bytes:
    builder = flatbuffers.Builder(1024)
    inputs = _vector(builder, [_input_tensor(builder, metadata, grey)])
    outputs = _vector(builder, [_output_tensor(builder)])
    graph = _table(builder, 10, {2: inputs, 3: outputs})
    graphs = _vector(builder, [graph])
    files = [_file(builder, file, 0) for file in metadata.files if file != LABELS_FILE]
    fields = {
        0: builder.CreateString(metadata.name),
        1: builder.CreateString(metadata.description),
        3: graphs,
        7: builder.CreateString("1.0.0"),
    }
    if files:
        fields[6] = _vector(builder, files)
    builder.Finish(_table(builder, 8, fields), b"M001")
    return bytes(builder.Output())


def _input_tensor(builder: Any, metadata: ModelMetadata, grey: bool) -> int:
    name = builder.CreateString("image")
    units = []
    if metadata.mean is not None and metadata.std is not None:
        fields = {0: _float_vector(builder, metadata.mean), 1: _float_vector(builder, metadata.std)}
        options = _table(builder, 2, fields)
        units.append(_table(builder, 2, {1: options}, {0: _NORMALIZATION_OPTIONS}))
    properties = _table(builder, 2, {}, {0: _COLOUR_GREY if grey else _COLOUR_RGB})
    image = _table(builder, 3, {1: properties}, {0: _IMAGE_PROPERTIES})
    fields = {0: name, 3: image}
    if units:
        fields[4] = _vector(builder, units)
    return _table(builder, 7, fields)


def _output_tensor(builder: Any) -> int:
    labels = _vector(builder, [_file(builder, LABELS_FILE, _TENSOR_AXIS_LABELS)])
    name = builder.CreateString("score")
    content = _table(builder, 3, {1: _table(builder, 0, {})}, {0: 1})  # FeatureProperties, an empty table
    return _table(builder, 7, {0: name, 3: content, 6: labels})


def _file(builder: Any, name: str, kind: int) -> int:
    return _table(builder, 5, {0: builder.CreateString(name)}, {2: kind})


def _table(builder: Any, size: int, offsets: Mapping[int, int], octets: Mapping[int, int] | None = None) -> int:
    builder.StartObject(size)
    for number, offset in offsets.items():
        builder.PrependUOffsetTRelativeSlot(number, offset, 0)
    for number, value in (octets or {}).items():
        builder.PrependUint8Slot(number, value, 0)
    return int(builder.EndObject())


def _vector(builder: Any, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _float_vector(builder: Any, values: tuple[float, ...]) -> int:
    builder.StartVector(4, len(values), 4)
    for value in reversed(values):
        builder.PrependFloat32(value)
    return int(builder.EndVector())
