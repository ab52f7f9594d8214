"""The ``whatsit`` command: one file a command, errors in one line."""

import os
import sys
from typing import Annotated, Any

import typer
import typer.core

from whatsit.cli import (
    bench,
    cameras,
    capture,
    classify,
    dataset,
    deploy,
    doctor,
    export,
    live,
    studio,
    teach,
    test,
    train,
    verify,
)  # fmt: skip
from whatsit.errors import StoppedError, WhatsitError
from whatsit.version import VERSION

COMMANDS = (
    studio,
    classify,
    teach,
    live,
    cameras,
    capture,
    dataset,
    train,
    test,
    bench,
    export,
    deploy,
    verify,
    doctor,
)


class _Commands(typer.core.TyperGroup):
    """Typer makes Ctrl-C a silent exit status; here it is told."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise StoppedError("stopped") from None


app = typer.Typer(
    name="whatsit",
    cls=_Commands,
    help="Teach a camera what things are, on this device, in seconds.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


# Typer carries its own copy of click or uses the installed one: its public error leads to the right one.
_USAGE_ERROR: Any = typer.BadParameter.__mro__[2]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"whatsit {VERSION}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass


for _command in COMMANDS:
    _command.register(app)


def main() -> None:
    """Run the command line: exit status 0, 1 for an error told in one line, 2 for wrong usage, 130 after Ctrl-C."""
    import warnings

    from PIL import Image

    # load_image refuses oversized pictures itself, in one line.
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    try:
        status = app(standalone_mode=False)
    except StoppedError as error:
        _fail(str(error), 130)
    except WhatsitError as error:
        _fail(str(error), 1)
    except typer.Abort:
        _fail("stopped", 130)
    except KeyboardInterrupt:
        _fail("stopped", 130)
    except _USAGE_ERROR as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:  # as in  whatsit classify … | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str, status: int) -> None:
    one_line = " ".join(message.split())
    print(f"whatsit: {one_line}", file=sys.stderr)  # noqa: T201
    sys.exit(status)


if __name__ == "__main__":
    main()
