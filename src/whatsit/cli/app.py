"""The ``whatsit`` command: one file per command, errors in one line."""

import contextlib
import os
import re
import sys
from typing import Annotated, Any

import typer
import typer.core

from whatsit.cli import (
    bulk,
    cameras,
    capture,
    classify,
    coach,
    correct,
    dataset,
    deploy,
    doctor,
    estimate,
    export,
    find,
    inspect,
    live,
    maix,
    rules,
    serve,
    service,
    studio,
    summary,
    sweep,
    teach,
    test,
    train,
    verify,
    why,
)  # fmt: skip
from whatsit.cli.terminal import Stopped, prepare, shown
from whatsit.cli.usage import usage_line
from whatsit.errors import StoppedError, WhatsitError
from whatsit.version import VERSION

COMMANDS = (
    studio,
    classify,
    why,
    bulk,
    find,
    summary,
    teach,
    live,
    rules,
    service,
    serve,
    cameras,
    capture,
    correct,
    dataset,
    coach,
    train,
    test,
    sweep,
    export,
    deploy,
    verify,
    inspect,
    estimate,
    maix,
    doctor,
)

_KEPT = {
    "teach": "nothing was written",
    "export": "nothing was written",
    "deploy": "nothing was written",
    "dataset": "the dataset is whole; run the command again to go on",
}
"""What Ctrl-C leaves behind, for the commands that do not say it themselves."""


class _Commands(typer.core.TyperGroup):
    # Typer turns Ctrl-C into an exit status, and then we could not tell which command it was.
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Stopped(_KEPT.get(str(ctx.invoked_subcommand), "")) from None


app = typer.Typer(
    name="whatsit",
    cls=_Commands,
    help="Teach a camera what things are, on this device, in seconds.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


# Typer contains a copy of click or uses the installed one; its public error is derived from the right class.
_USAGE_ERROR: Any = typer.BadParameter.__mro__[2]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"whatsit {VERSION}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


for _command in COMMANDS:
    _command.register(app)


def main() -> None:
    """Run the command line.

    Exit status 0; 1 after an error, in one line; 2 after wrong usage; 130 after Ctrl-C.
    """
    import warnings

    from PIL import Image

    # load_image refuses oversized pictures itself, in one line.
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    prepare()
    try:
        status = app(standalone_mode=False, prog_name="whatsit")
        sys.stdout.flush()
    except StoppedError as error:
        _fail(str(error), 130)
    except WhatsitError as error:
        _fail(str(error), 1)
    except (Stopped, typer.Abort, KeyboardInterrupt) as error:
        _fail(f"stopped: {error}" if str(error) else "stopped", 130)
    except _USAGE_ERROR as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # this prints the help; its class is in Typer's copy of click
            error.show()
            sys.exit(error.exit_code)
        _fail(usage_line(error), error.exit_code)
    except BrokenPipeError:  # as in  whatsit classify … | head
        _drop_output()
        sys.exit(1)
    except OSError as error:
        if error.filename is None:  # a full disk behind standard output
            _drop_output()
            _fail(f"standard output: {error.strerror or error}; nothing more was written", 1)
        _fail(f"{error.filename}: {error.strerror or error}", 1)
    except MemoryError:
        _fail("out of memory; close other programs, or take fewer or smaller pictures", 1)
    except Exception as error:
        _fail(_unexpected(error), 1)
    sys.exit(status if isinstance(status, int) else 0)


def _unexpected(error: Exception) -> str:
    from whatsit.logs import described, keep_details

    kept = keep_details(error)
    details = f", with the end of {kept}" if kept else ""
    return f"something went wrong inside whatsit: {described(error)}; please report this{details}"


def _fail(message: str, status: int) -> None:
    with contextlib.suppress(OSError):
        print(f"whatsit: {re.sub(' +', ' ', shown(message))}", file=sys.stderr)  # noqa: T201
    sys.exit(status)


def _drop_output() -> None:
    # Python flushes again when it exits, and would report the same error again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
