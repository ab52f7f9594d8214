"""Which model files a process that must not end may open: our own, whole, and those that ran in one that may."""

import os

from whatsit.models.verify import is_untouched
from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.network import model_content
from whatsit.tflite.probe import check_runs


def admit(model: str | os.PathLike[str] | bytes) -> bytes:
    """The bytes of a model that is safe to open in the studio, live, or whatever else runs for long.

    A file of ours whose hashes agree is safe. Any other is first run in a separate process, once for each content.

    Args:
        model: the path of a ``.tflite``, or its bytes.

    Raises:
        ModelError: it is missing or broken, LiteRT cannot run it, or it ends or wedges the process that tries.
    """
    name, content = model_content(model)
    read_model(content, name)
    if not is_untouched(content, name):
        check_runs(content, name)
    return content
