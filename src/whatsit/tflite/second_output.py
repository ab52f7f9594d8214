"""Where a file names its output, so that a program can make an inner tensor a second one without parsing the file."""

from whatsit.errors import ModelError
from whatsit.tflite.flatbuffer import check_identifier
from whatsit.tflite.schema import schema

_OUTPUTS = 8
"""The place of ``outputs`` in a subgraph's table of fields."""


def second_output(content: bytes, name: str) -> tuple[int, int, int]:
    """The byte at which the offset of the list of outputs stands, the first output, and the tensor called ``name``.

    An offset of FlatBuffers is relative and points forwards, so a new list can stand behind the whole file.

    Args:
        content: a ``.tflite`` that ``read_model`` has checked.
        name: of an inner tensor.

    Raises:
        ModelError: there is no such tensor.
    """
    check_identifier(content, "the model")
    subgraph = schema.Model.GetRootAs(content, 0).Subgraphs(0)
    place = subgraph._tab.Pos + subgraph._tab.Offset(_OUTPUTS)
    for index in range(subgraph.TensorsLength()):
        if subgraph.Tensors(index).Name() == name.encode():
            return int(place), int(subgraph.Outputs(0)), index
    raise ModelError(f"the embedding {name!r} is not in the model; export it again")
