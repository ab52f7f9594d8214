"""systemd's manager: units written, started, asked after and removed."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

from whatsit.errors import DataError
from whatsit.files import write_file
from whatsit.service.unit import MARK, Service, unit_text
from whatsit.text import one_line

_RUNNING = Path("/run/systemd/system")
"""There while systemd runs the machine (sd_booted(3))."""
_SYSTEM_UNITS = Path("/etc/systemd/system")
_SHOWN = ("ActiveState", "SubState", "NRestarts", "MainPID", "StatusText", "Result")


class Manager:
    """The system's systemd, or a user's.

    Args:
        system: the system's; needs root for everything but ``status``.
        units: where its unit files lie; None: where systemd looks.
        running: what is there while systemd runs.
    """

    def __init__(self, *, system: bool, units: Path | None = None, running: Path = _RUNNING) -> None:
        config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        self._units = units or (_SYSTEM_UNITS if system else config / "systemd/user")
        self._system = system
        self._running = running

    def path(self, name: str) -> Path:
        """The unit file of a service."""
        return self._units / f"whatsit-{name}.service"

    def install(self, service: Service) -> Path:
        """Write the unit, and start it now and at each boot.

        Raises:
            DataError: systemd does not run here, refuses, or the file is somebody else's.
        """
        path = self.path(service.name)
        self._check(path)
        self._units.mkdir(parents=True, exist_ok=True)
        write_file(path, unit_text(service).encode(), mode=0o644)
        self._call("daemon-reload")
        self._call("enable", path.name)
        with contextlib.suppress(DataError):  # systemd has not heard of it yet
            self._call("reset-failed", path.name)  # else one that was given up is not started within ten minutes
        self._call("restart", path.name)
        return path

    def uninstall(self, name: str) -> Path:
        """Stop the service and remove its unit.

        Raises:
            DataError: there is none, it is somebody else's, or systemd refuses.
        """
        path = self.path(name)
        self._check(path)
        self._installed(path)
        self._call("disable", "--now", path.name)
        path.unlink()
        self._call("daemon-reload")
        return path

    def status(self, name: str) -> dict[str, str]:
        """What systemd says of the service, by property.

        Raises:
            DataError: it is not installed, or systemd does not run here.
        """
        path = self.path(name)
        self._check(path)
        self._installed(path)
        said = self._call("show", path.name, f"--property={','.join(_SHOWN)}")
        return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)

    def _installed(self, path: Path) -> None:
        if not path.exists():
            raise DataError(f"{path}: not installed; expected a service that  whatsit service install  made")

    def _check(self, path: Path) -> None:
        if not self._running.is_dir() or shutil.which("systemctl") is None:
            raise DataError("systemd does not run this machine; whatsit service install --print  shows the unit")
        if path.is_symlink() or (path.exists() and not path.read_bytes().startswith(MARK.encode())):
            raise DataError(f"{path}: somebody else's unit; choose another --name")

    def _call(self, *arguments: str) -> str:
        command = ["systemctl", *([] if self._system else ["--user"]), "--no-pager", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - systemd's program
        if done.returncode:
            reason = one_line(done.stderr or f"exit status {done.returncode}", 300)
            hint = "; run it as root" if self._system and os.geteuid() else ""
            raise DataError(f"systemctl {arguments[0]}: {reason}{hint}")
        return done.stdout
