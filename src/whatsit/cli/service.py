"""``whatsit service …``: live or the studio as a service of systemd."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from whatsit.cli.service_command import check_command
from whatsit.cli.terminal import note, say, say_json

_commands = typer.Typer(
    help="Run live or the studio as a service of systemd, also after a power cut.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Name = Annotated[str, typer.Option(help="Tells several services apart.")]
System = Annotated[bool, typer.Option("--system/--user", help="The system's service, which needs root, or your own.")]


def register(app: typer.Typer) -> None:
    """Add ``service`` to the program."""
    app.add_typer(_commands, name="service")


@_commands.command("install", epilog="Example: whatsit service install --folder belt -- live --camera usb:0")
def install(
    context: typer.Context,
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND…", help="live or studio, with its options.")],
    *,
    name: Name = "main",
    system: System = False,
    folder: Annotated[Path, typer.Option(help="Where it runs and may write: a project, for instance.")] = Path(),
    run_as: Annotated[
        str | None, typer.Option(help="The user of a system's service. Default: who called sudo.")
    ] = None,
    memory: Annotated[str, typer.Option(help="What it may use at most, such as 800M or 2G.")] = "1G",
    print_only: Annotated[bool, typer.Option("--print", help="Print the unit; change nothing.")] = False,
) -> None:
    """Write a unit and start it, now and at each boot."""
    from whatsit.errors import DataError
    from whatsit.service.manager import Manager
    from whatsit.service.unit import Service, unit_text

    user = (run_as or os.environ.get("SUDO_USER")) if system else None
    if system and not user:
        raise DataError("no user for the service; expected --run-as USER")
    if not folder.is_dir():
        raise DataError(f"{folder}: not a folder; expected the one where the service may write")
    service = Service(
        name=name, python=sys.executable, arguments=tuple(command), folder=folder.resolve(), user=user, memory=memory
    )
    check_command(context.find_root(), command, service.folder)
    if print_only:
        typer.echo(unit_text(service), nl=False)
        return
    path = Manager(system=system).install(service)
    say(f"installed and started: {path}")
    if not system:
        note("It ends when you log out. To have it from boot on:  loginctl enable-linger")


@_commands.command("status", epilog="Example: whatsit service status")
def status(
    *, name: Name = "main", system: System = False, as_json: Annotated[bool, typer.Option("--json")] = False
) -> None:
    """Say how the service is doing; exit status 1 where it does not run."""
    from whatsit.service.manager import Manager

    found = Manager(system=system).status(name)
    if as_json:
        say_json(found)
    else:
        said = f": {found['StatusText']}" if found.get("StatusText") else ""
        say(f"{found.get('ActiveState')} ({found.get('SubState')}), restarted {found.get('NRestarts')} times{said}")
    if found.get("ActiveState") != "active":
        raise typer.Exit(1)


@_commands.command("uninstall", epilog="Example: whatsit service uninstall")
def uninstall(*, name: Name = "main", system: System = False) -> None:
    """Stop the service and remove its unit. Projects and models stay."""
    from whatsit.service.manager import Manager

    say(f"removed: {Manager(system=system).uninstall(name)}")
