"""The TFLite schema's generated classes, which LiteRT ships. Their only importer."""

from typing import Any

from ai_edge_litert import schema_py_generated as _generated

schema: Any = _generated
"""``schema.ModelT``, ``schema.BuiltinOperator`` …: generated code without types, hence Any."""
