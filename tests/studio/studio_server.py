"""A studio on PixelEmbedder as a process of its own: ``python studio_server.py PROJECT PORT [CAMERA]``."""

import sys
from pathlib import Path

from whatsit.backbones.embedder import PixelEmbedder
from whatsit.errors import WhatsitError
from whatsit.studio.studio import Studio
from whatsit.studio.web.server import StudioServer

if __name__ == "__main__":
    folder, port, camera = (*sys.argv[1:], "synthetic:?object=mug")[:3]
    try:
        server = StudioServer(Studio(Path(folder), PixelEmbedder(), camera), port=int(port) or 0)
    except WhatsitError as error:
        raise SystemExit(str(error)) from error
    sys.stdout.write(f"{server.address.url}\n")
    sys.stdout.flush()
    server.run()
    sys.stdout.write("released\n")
