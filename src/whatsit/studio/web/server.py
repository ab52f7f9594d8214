"""A studio as a running server."""

from pathlib import Path

from whatsit.datasets.places import STATE
from whatsit.studio.studio import Studio
from whatsit.studio.web.app import create_app
from whatsit.web.server import Address, WebServer, reachable_name
from whatsit.web.tls import self_signed


class StudioServer:
    """A studio that listens on a port; ``run`` serves until it is stopped.

    Args:
        studio: closed when ``run`` ends, or when the server cannot be made.
        host: the address to listen on. One other than loopback requires a token; one is made if none is given.
        port: None: ``web.server.DEFAULT_PORT`` or the next free one. 0: any. Another one is used or refused.
        token: what a browser must send on its first visit; after that its cookie is enough. 12 characters or more.
        tls: serve HTTPS with a self-signed certificate.

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
    ) -> None:
        self._studio = studio

        def certificate() -> tuple[Path, Path]:
            return self_signed(STATE.below(studio.project.path), [host, reachable_name(host)])

        try:
            self._server = WebServer(
                lambda access, connections: create_app(studio, access, connections=connections),
                host=host,
                port=port,
                token=token,
                certificate=certificate if tls else None,
            )
        except BaseException:
            studio.close()
            raise

    @property
    def address(self) -> Address:
        """Where it can be opened."""
        return self._server.address

    def run(self) -> None:
        """Serve until SIGTERM, SIGINT, Ctrl-C or ``stop``; then close the studio, whatever happened."""
        try:
            self._server.run()
        finally:
            self._studio.close()

    def close(self) -> None:
        """Release the port and close the studio, if ``run`` was never called."""
        self._server.close()
        self._studio.close()

    def stop(self) -> None:
        """Make ``run`` end; from any thread."""
        self._server.stop()
