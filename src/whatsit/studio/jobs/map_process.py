"""The program that draws a map: ``python -m whatsit.studio.jobs.map_process FOLDER``.

The first line on standard input is a JSON object: ``hashes``, the SHA-256 of each picture, and ``dim``. The pictures'
embeddings follow as little-endian float32, ``dim`` per picture. The map is written to ``FOLDER``, where
``embedding_map`` finds it.
"""

import json
import sys
from pathlib import Path

import numpy as np

from whatsit.datasets.embedding_map import embedding_map
from whatsit.datasets.places import protect_project
from whatsit.errors import WhatsitError


def main() -> None:
    """Draw one map."""
    request = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read(4 * len(request["hashes"]) * request["dim"])
    embeddings = np.frombuffer(content, "<f4").reshape(len(request["hashes"]), request["dim"])
    try:
        folder = Path(sys.argv[1])
        protect_project(folder.parent.parent)
        embedding_map(embeddings, request["hashes"], folder)
    except WhatsitError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
