"""A studio as a running server."""

from pathlib import Path

from fastapi import FastAPI
from starlette.types import ASGIApp

from whatsit.datasets.places import STATE
from whatsit.studio.shelf import Shelf
from whatsit.studio.studio import Studio
from whatsit.studio.web.app import create_app
from whatsit.web.access import Access
from whatsit.web.connections import Connections
from whatsit.web.server import WebServer


class StudioServer(WebServer):
    """A studio that listens on a port; ``run`` serves until it is stopped.

    Args:
        studio: closed when ``run`` ends, or when the server cannot be made.
        host: the address to listen on. One other than loopback requires a token; one is made if none is given.
        port: None: ``web.server.DEFAULT_PORT`` or the next free one. 0: any. Another one is used or refused.
        token: what a browser must send on its first visit; after that its cookie is enough. 12 characters or more.
        tls: serve HTTPS with a self-signed certificate, kept in the project.
        shelf: the projects that pages can switch to: then ``run`` ends, and ``shelf.take`` says which one is wanted.
        certificate_folder: where the certificate is kept instead.

    Raises:
        DataError: the port is taken, the host is not this machine's, or the token is too short.
        MissingExtraError: ``tls`` without cryptography.
    """

    def __init__(
        self,
        studio: Studio,
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        token: str | None = None,
        tls: bool = False,
        shelf: Shelf | None = None,
        certificate_folder: Path | None = None,
    ) -> None:
        made: list[FastAPI] = []

        def make(access: Access, connections: Connections) -> ASGIApp:
            made.append(create_app(studio, access, connections=connections, shelf=shelf))
            return made[0]

        super().__init__(
            make,
            host=host,
            port=port,
            token=token,
            certificate_folder=(certificate_folder or STATE.below(studio.project.path)) if tls else None,
            ends=studio.outlets.end_readers,
            closes=studio.close,
        )
        made[0].state.address = self.address
        if shelf is not None:
            shelf.leave = self.stop
