"""``whatsit maix``"""

import re
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(no_args_is_help=True, help="Programs written for MaixPy, on this computer.")
    commands.command()(run)
    app.add_typer(commands, name="maix")

    @commands.callback()
    def _group() -> None:
        """Programs written for MaixPy, on this computer."""


def run(
    program: Annotated[Path, typer.Argument(help="The program, such as main.py; it runs unchanged.")],
    camera: Annotated[
        str | None, typer.Option(help="A camera's address; `whatsit cameras` lists them. Default: the first one.")
    ] = None,
    size: Annotated[str, typer.Option(metavar="WxH", help="Of the display, in pixels.")] = "552x368",
    files: Annotated[
        Path | None,
        typer.Option(help="The folder in which the device's /root lies. Default: `device` beside the program."),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Where the display's page listens; 0.0.0.0 for the whole network, with a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port. Default: 8100, or the next free one.")
    ] = None,
    token: Annotated[str | None, typer.Option(help="The secret in the page's address.")] = None,
    open_page: Annotated[
        bool | None, typer.Option("--open/--no-open", help="Open the page in this machine's browser.")
    ] = None,
) -> None:
    """Run a program of a MaixCAM: its camera is this computer's, its display and touch a page in the browser.

    Example:  whatsit maix run main.py --camera usb:0
    """
    from whatsit.errors import DataError
    from whatsit.plugins import EXTRAS

    EXTRAS["studio"].check("the page of the display")
    from whatsit.maix.run import run as run_program

    found = re.fullmatch(r"([1-9]\d{1,3})x([1-9]\d{1,3})", size)
    if found is None:
        raise DataError(f"--size {size}: expected WIDTHxHEIGHT in pixels, such as 552x368")
    width, height = int(found[1]), int(found[2])
    run_program(
        program, camera=camera, size=(width, height), files=files, host=host, port=port, token=token,
        open_page=open_page,
    )  # fmt: skip
