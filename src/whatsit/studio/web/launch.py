"""What ``whatsit studio`` does: choose the camera and the backbone, say where the studio is, serve it."""

import sys
from pathlib import Path

from whatsit.backbones.embedder import Embedder
from whatsit.bulk.manifest import known_manifest
from whatsit.datasets.places import STATE
from whatsit.errors import DataError, ModelArgumentError, WhatsitError
from whatsit.logs import log_to_terminal
from whatsit.parallel import lasting_threads
from whatsit.studio.shelf import Shelf
from whatsit.studio.studio import Studio
from whatsit.studio.web.server import StudioServer
from whatsit.tflite.normalisation import NormaliseLike
from whatsit.validation import short
from whatsit.web.access import check_token
from whatsit.web.browser import open_soon
from whatsit.web.qr_code import terminal_code
from whatsit.web.server import DEFAULT_PORT, Address

DEFAULT_PROJECT = "whatsit-project"


def launch(
    project: Path | None,
    *,
    camera: str | None = None,
    model: Path | None = None,
    normalise: NormaliseLike | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    token: str | None = None,
    tls: bool = False,
    open_page: bool | None = None,
    answers: Path | None = None,
    projects: Path | None = None,
) -> None:
    """Serve a project until interrupted, saying on the terminal where.

    Args:
        project: its folder, or its name in ``projects``; None: the one used last of those, else ``DEFAULT_PROJECT``.
        camera: an address; None for this machine's first camera, or the demonstration scene.
        model: the ``.tflite`` backbone that teaching uses; None: the built-in one.
        normalise: what that sees of pixel values; None: as ``Backbone.from_file``.
        open_page: None opens the page where there is a desktop to open it on and the server is local.
        answers: the folder of a bulk run that the Find page searches, too.
        projects: the folder whose projects the page lists, makes and switches to; None: ``project`` alone.

    Raises:
        WhatsitError: the project, the camera, the model or the port cannot be used.
    """

    log_to_terminal()
    if token is not None:
        check_token(token)  # before the camera and the backbone take their time
    if answers is not None:
        known_manifest(answers)
    shelf = Shelf(projects) if projects is not None else None
    first = project or (shelf.latest() if shelf is not None else Path(DEFAULT_PROJECT))
    if shelf is not None and len(first.parts) == 1:
        first = shelf.folder / first
    if shelf is not None and first.absolute().parent != shelf.folder:
        raise DataError(f"project {first}: does not lie in {shelf.folder}; with --projects, name one that does")
    embedder = _embedder(model, normalise)
    certificate = STATE.below(first.absolute())
    server = StudioServer(
        Studio(first, embedder, camera or "", answers), host=host, port=port, token=token, tls=tls, shelf=shelf
    )
    print(_announcement(first, server.address), file=sys.stderr)  # noqa: T201 - the command's output
    open_soon(server.address, open_page)
    server.run()
    while shelf is not None and (wanted := shelf.take()) is not None:
        try:
            studio = Studio(wanted, embedder, camera or "", answers)
            first = wanted
        except WhatsitError as error:  # another program has it, or its files are broken: the page says so
            shelf.problem = error.on_page
            studio = Studio(first, embedder, camera or "", answers)
        address = server.address
        server = StudioServer(
            studio, host=host, port=address.port, token=address.token, tls=tls, shelf=shelf,
            certificate_folder=certificate,
        )  # fmt: skip
        print(f"The studio is on {first} now", file=sys.stderr)  # noqa: T201 - the command's output
        server.run()


def _embedder(model: Path | None, normalise: NormaliseLike | None) -> Embedder:
    from whatsit.backbones.backbone import Backbone
    from whatsit.models.admission import admit
    from whatsit.models.assumption import normalisation_assumptions

    if model is None:
        if normalise is not None:
            raise ModelArgumentError(f"--normalise {short(normalise)}: goes with a --model; leave it out")
        return Backbone.builtin(threads=lasting_threads())
    admit(model)
    backbone = Backbone.from_file(model, threads=lasting_threads(), normalise=normalise)
    for assumption in normalisation_assumptions(backbone.normalisation):
        print(f"whatsit: {model}: {assumption}; otherwise {assumption.otherwise}", file=sys.stderr)  # noqa: T201
    return backbone


def _announcement(project: Path, address: Address) -> str:
    lines = [f"The studio for {project} is at", f"  {address.url}"]
    if address.moved:
        lines.append(f"(port {DEFAULT_PORT} is taken by another program)")
    if not address.loopback:
        lines += ["Anyone with this address can use it. To open it on a phone, scan:", terminal_code(address.url)]
        if not address.secure:
            lines.append("A phone's own camera works only on a secure page: add --tls to use it.")
        else:
            lines.append("The certificate is this studio's own: browsers warn once, then accept it.")
    lines.append("Ctrl-C ends it.")
    return "\n".join(line for line in lines if line)
