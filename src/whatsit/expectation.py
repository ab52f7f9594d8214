"""What was expected where pydantic, which reads the command line and the studio's requests, refuses a value."""

from collections.abc import Mapping
from typing import Any

_WORDS = {
    "int_parsing": "a whole number", "int_type": "a whole number", "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "float_parsing": "a number", "float_type": "a number", "finite_number": "a finite number",
    "bool_parsing": "true or false", "bool_type": "true or false", "string_type": "text", "list_type": "a list",
    "dict_type": "an object", "model_attributes_type": "an object", "enum": "{expected}",
    "greater_than_equal": "{ge:.15g} or more", "greater_than": "more than {gt:.15g}",
    "less_than_equal": "{le:.15g} or less", "less_than": "less than {lt:.15g}",
    "string_too_long": "at most {max_length} characters", "string_too_short": "at least {min_length} characters",
    "too_long": "at most {max_length} entries", "too_short": "at least {min_length}",
}  # fmt: skip


def expectation(found: Mapping[str, Any]) -> str:
    """For one of ``ValidationError.errors()``; empty for what has no words here."""
    return _WORDS.get(found["type"], "").format(**found.get("ctx", {}))
