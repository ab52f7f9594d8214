"""The TFLite schema's generated classes, which LiteRT ships. Their only importer."""

from typing import Any

from ai_edge_litert import schema_py_generated as _generated

schema: Any = _generated
"""``schema.ModelT``, ``schema.BuiltinOperator`` …: generated code without types, hence Any."""


def names_by_value(enum: type) -> dict[int, str]:
    """The names of one of the schema's enumerations, such as ``schema.TensorType``, by their numbers."""
    return {value: name for name, value in vars(enum).items() if not name.startswith("_")}
