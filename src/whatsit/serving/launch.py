"""What ``whatsit serve`` does: find the models, say where they are served, serve them."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from whatsit.datasets.places import STATE
from whatsit.files import cache_folder
from whatsit.logs import log_to_terminal
from whatsit.serving.app import create_app
from whatsit.serving.correcting import Corrector, corrector_of
from whatsit.serving.model_files import all_files, unnameable
from whatsit.serving.service import Service
from whatsit.serving.shelf import MEMORY
from whatsit.web.access import check_token
from whatsit.web.server import Address, WebServer

DEFAULT_PORT = 8080


class ModelServer(WebServer):
    """Models that are served on a port; ``run`` serves until it is stopped.

    Args:
        service: closed when ``run`` ends, or when the server cannot be made.
        host: the address to listen on. One other than loopback requires a token; one is made if none is given.
        port: None: ``DEFAULT_PORT`` or the next free one. 0: any. Another one is used or refused.
        token: what programs must send, 12 characters or more.
        certificate_folder: where the self-signed certificate for HTTPS is kept; None: HTTP.
        corrector: keeps corrections; None where there is no project for them.

    Raises:
        DataError: the port is taken, the host is not this machine's, or the token is too short.
        MissingExtraError: a certificate without cryptography.
    """

    def __init__(
        self,
        service: Service,
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        token: str | None = None,
        certificate_folder: Path | None = None,
        corrector: Corrector | None = None,
    ) -> None:
        super().__init__(
            lambda access, connections: create_app(service, access, connections, corrector),
            host=host,
            port=port,
            token=token,
            certificate_folder=certificate_folder,
            default_port=DEFAULT_PORT,
            closes=service.close,
        )


def launch(
    models: Sequence[str],
    *,
    project: Path | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    token: str | None = None,
    tls: bool = False,
    memory: int = MEMORY,
) -> None:
    """Serve models until interrupted, saying on the terminal where.

    Args:
        models: files, each ``FILE`` or ``NAME=FILE``.
        project: whose models are served too, and where corrections are kept.
        memory: bytes that loaded models may take, about.

    Raises:
        WhatsitError: a model, the project or the port cannot be used.
    """
    log_to_terminal()
    if token is not None:
        check_token(token)
    files = all_files(models, project)
    for left_out in unnameable(project) if project is not None else []:
        _say(f"whatsit: {left_out}: left out, its name cannot stand in an address; rename it")
    folder = None
    if tls:
        folder = STATE.below(project) if project is not None else cache_folder()
    server = ModelServer(
        Service(files, memory=memory), host=host, port=port, token=token, certificate_folder=folder,
        corrector=None if project is None else corrector_of(project),
    )  # fmt: skip
    _say(announcement(list(files()), server.address))
    server.run()


def announcement(names: Sequence[str], address: Address) -> str:
    """Where the models are, and a line to try it with."""
    base = address.url.partition("?")[0].rstrip("/")
    curl = ["curl", *(["-k"] if address.secure else [])]
    if address.token is not None:
        curl += ["-H", f"Authorization: Bearer {address.token}"]
    curl += ["-F", "image=@picture.jpg"]
    if len(names) > 1:
        curl += ["-F", f"model={names[0]}"]
    lines = [
        f"{', '.join(names) or 'No model yet: those of the project'} at {base}",
        f"  {shlex.join([*curl, f'{base}/api/v1/classify'])}",
    ]
    if address.moved:
        lines.append(f"(port {DEFAULT_PORT} is taken by another program)")
    if not address.loopback:
        readable = "" if address.secure else " Without --tls it crosses the network readable."
        lines.append(f"Anyone with this token can use it.{readable}")
    lines.append("Ctrl-C ends it.")
    return "\n".join(lines)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - the command's output
