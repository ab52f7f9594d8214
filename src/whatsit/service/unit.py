"""The unit file (systemd.service(5), systemd.exec(5)): pure text from what a person chose."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from whatsit.errors import DataError
from whatsit.validation import short

MARK = "# Written by  whatsit service install"
"""The first line of every unit of ours; a file without it is somebody else's."""
COMMANDS = ("live", "studio")
"""What can run as a service."""
_WATCHDOG = 60
_TRIES = 10
_MEMORY = re.compile(r"[1-9][0-9]{0,6}[MG]")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What runs as a service, and how.

    Raises:
        DataError: a value that cannot be in a unit.
    """

    name: str
    python: str
    """The interpreter that has whatsit."""
    arguments: tuple[str, ...]
    """Of the command: ``live --camera usb:0``."""
    folder: Path
    """Where it runs; the one place where it can write, state and cache apart."""
    user: str | None
    """The user of a system's unit; None for a user's own unit."""
    memory: str = "1G"

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise DataError(f"name {short(self.name)}: expected small letters, digits and -")
        if not self.arguments or self.arguments[0] not in COMMANDS:
            said = short(self.arguments[0]) if self.arguments else "nothing"
            raise DataError(f"{said} cannot run as a service; expected  -- live …  or  -- studio …")
        if not _MEMORY.fullmatch(self.memory):
            raise DataError(f"memory {short(self.memory)}: expected a number with M or G, such as 800M")
        for text in (*self.arguments, self.python, str(self.folder), self.user or "x"):
            if not text.isprintable():
                raise DataError(f"{short(text)}: a unit cannot carry this; expected printable text")


def unit_text(service: Service) -> str:
    """The unit file."""
    live = service.arguments[0] == "live"
    command = " ".join(quoted(part) for part in (service.python, "-m", "whatsit", *service.arguments))
    lines = [
        MARK,
        "[Unit]",
        f"Description=whatsit {service.arguments[0]} ({service.name})",
        *(["Wants=network-online.target", "After=network-online.target"] if service.user is not None else []),
        # What fails at once is given up after ten tries; a hang takes a minute each, and is tried for ever.
        f"StartLimitIntervalSec={_TRIES * _WATCHDOG}",
        f"StartLimitBurst={_TRIES}",
        "",
        "[Service]",
        *(["Type=notify", "NotifyAccess=main", f"WatchdogSec={_WATCHDOG}"] if live else ["Type=exec"]),
        f"ExecStart={command}",
        f"WorkingDirectory={escaped(str(service.folder))}",
        "Restart=always",
        "RestartSec=3",
        "RestartPreventExitStatus=2",  # a command line that this version does not understand
        "TimeoutStopSec=20",
        "SuccessExitStatus=130",  # ended as by Ctrl-C
        f"MemoryMax={service.memory}",
        "Environment=PYTHONUNBUFFERED=1",
        "NoNewPrivileges=yes",
        "RestrictSUIDSGID=yes",
        "LockPersonality=yes",
        "RestrictRealtime=yes",
        "SystemCallArchitectures=native",
        *(_system_lines(service) if service.user is not None else []),
        "",
        "[Install]",
        f"WantedBy={'default' if service.user is None else 'multi-user'}.target",
    ]
    return "\n".join(lines) + "\n"


def _system_lines(service: Service) -> Sequence[str]:
    # What needs a mount namespace is for the system's manager: a user's can make none on many machines.
    name = f"whatsit-{service.name}"
    return [
        f"User={service.user}",
        "PrivateTmp=yes",
        "ProtectSystem=strict",
        "ProtectHome=read-only",
        f"ReadWritePaths={quoted(str(service.folder))}",
        f"StateDirectory={name}",
        f"CacheDirectory={name}",
        f"Environment=WHATSIT_STATE=%S/{name} WHATSIT_CACHE=%C/{name}",
        "ProtectKernelTunables=yes",
        "ProtectKernelModules=yes",
        "ProtectControlGroups=yes",
        "RestrictNamespaces=yes",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    ]


def quoted(text: str) -> str:
    """A word of a command line as systemd reads it (systemd.service(5), "Command lines")."""
    return '"' + escaped(text).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$") + '"'


def escaped(text: str) -> str:
    """Text without specifiers (systemd.unit(5))."""
    return text.replace("%", "%%")
