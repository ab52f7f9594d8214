"""whatsit as a service: the unit that systemd reads, its installation, and the signs of life."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsit.cli.app import main
from whatsit.errors import DataError
from whatsit.live.sinks import SINKS
from whatsit.plugins import EXTRAS
from whatsit.service.manager import Manager
from whatsit.service.notify import Notifier, Watchdog
from whatsit.service.unit import MARK, Service, quoted, unit_text

LONG = 60.0
ROOT = Path(__file__).parents[2]
LIVE = ("live", "--camera", "synthetic:?fps=5", "--sink", "jsonl:a b $HOME %h \"'\\.jsonl")


def service(folder: Path, *, user: str | None = None, arguments: tuple[str, ...] = LIVE) -> Service:
    return Service(name="belt", python=sys.executable, arguments=arguments, folder=folder, user=user)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("user", [None, "root"])
@pytest.mark.parametrize("arguments", [LIVE, ("studio", "--no-open")])
def test_systemd_finds_nothing_wrong_with_the_unit(
    tmp_path: Path, user: str | None, arguments: tuple[str, ...]
) -> None:
    folder = tmp_path / "a project %i"
    folder.mkdir()
    unit = tmp_path / "whatsit-belt.service"
    unit.write_text(unit_text(service(folder, user=user, arguments=arguments)))
    verify = ["systemd-analyze", "--recursive-errors=no", *([] if user else ["--user"]), "verify", str(unit)]
    environment = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(verify, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_system_s_unit_can_write_nowhere_but_in_its_folder(tmp_path: Path) -> None:
    lines = unit_text(service(tmp_path, user="pi")).splitlines()
    assert {"ProtectSystem=strict", f'ReadWritePaths="{tmp_path}"', "User=pi", "NoNewPrivileges=yes"} <= set(lines)
    assert {"Type=notify", "WatchdogSec=60", "Restart=always", "MemoryMax=1G", "PrivateTmp=yes"} <= set(lines)


@given(st.text(st.characters(codec="ascii", exclude_categories=["C"])))
def test_a_word_of_the_command_reaches_the_program_as_it_was(word: str) -> None:
    inner = quoted(word)[1:-1]
    assert quoted(word)[0] == quoted(word)[-1] == '"'
    for written, read in (("%%", "\0p"), ("$$", "\0d"), ("\\\\", "\0b"), ('\\"', "\0q")):
        inner = inner.replace(written, read)
    assert not set(inner) & set('%$\\"'), "nothing is left that systemd would replace"
    for read, meant in (("\0p", "%"), ("\0d", "$"), ("\0b", "\\"), ("\0q", '"')):
        inner = inner.replace(read, meant)
    assert inner == word


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"arguments": ("rm", "-rf")}, "'rm' cannot run as a service"),
        ({"arguments": ()}, "nothing cannot run as a service"),
        ({"arguments": ("live", "a\nExecStart=evil")}, "a unit cannot carry this"),
        ({"name": "../evil"}, "name '../evil': expected small letters"),
        ({"memory": "lots"}, "memory 'lots': expected a number with M or G"),
        ({"user": "pi\nUser=root"}, "a unit cannot carry this"),
    ],
)
def test_what_cannot_be_in_a_unit_is_refused(tmp_path: Path, changes: dict[str, object], named: str) -> None:
    values = {"name": "belt", "python": sys.executable, "arguments": LIVE, "folder": tmp_path, "user": None, **changes}
    with pytest.raises(DataError, match=named):
        Service(**values)  # type: ignore[arg-type]


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A systemctl that writes down what it is asked, and fails where there is a file called ``fails``."""
    programs = tmp_path / "bin"
    programs.mkdir()
    asked = programs / "asked"
    program = programs / "systemctl"
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {asked}\n[ ! -e {programs}/fails ] || {{ echo "no way" >&2; exit 1; }}\n'
        "case $* in *show*) printf 'ActiveState=active\\nNRestarts=2\\nStatusText=mug 0.93\\n';; esac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return programs


def test_a_service_is_installed_asked_after_and_removed(tmp_path: Path, systemctl: Path) -> None:
    manager = Manager(system=False, units=tmp_path / "units", running=tmp_path)
    path = manager.install(service(tmp_path))
    assert path.read_text().startswith(MARK)
    assert manager.install(service(tmp_path)) == path, "again, with other options"
    assert manager.status("belt")["StatusText"] == "mug 0.93"
    manager.uninstall("belt")
    assert not path.exists()
    asked = (systemctl / "asked").read_text().splitlines()
    assert asked[:4] == [
        "--user --no-pager daemon-reload",
        f"--user --no-pager enable {path.name}",
        f"--user --no-pager reset-failed {path.name}",
        f"--user --no-pager restart {path.name}",
    ]
    assert asked[-2:] == [f"--user --no-pager disable --now {path.name}", "--user --no-pager daemon-reload"]


def test_what_is_not_ours_or_not_there_is_refused(tmp_path: Path, systemctl: Path) -> None:
    manager = Manager(system=False, units=tmp_path / "units", running=tmp_path)
    for call in (manager.uninstall, manager.status):
        with pytest.raises(DataError, match="not installed"):
            call("belt")
    (tmp_path / "units").mkdir()
    manager.path("belt").write_text("[Service]\n")
    for change in (lambda: manager.install(service(tmp_path)), lambda: manager.uninstall("belt")):
        with pytest.raises(DataError, match="somebody else's unit"):
            change()
    assert manager.path("belt").read_text() == "[Service]\n"
    with pytest.raises(DataError, match="systemd does not run this machine"):
        Manager(system=False, running=tmp_path / "none").status("belt")


def test_what_systemd_refuses_is_said_in_one_line(tmp_path: Path, systemctl: Path) -> None:
    (systemctl / "fails").touch()
    with pytest.raises(DataError, match="systemctl daemon-reload: no way"):
        Manager(system=False, units=tmp_path / "units", running=tmp_path).install(service(tmp_path))


def test_the_unit_can_be_read_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--print", "--system", "--run-as", "pi", "--folder", str(tmp_path)]
    monkeypatch.setattr("sys.argv", ["whatsit", "service", "install", *options, "--", "live", "--camera", "usb:0"])
    with pytest.raises(SystemExit, match="0"):
        main()
    assert '"-m" "whatsit" "live" "--camera" "usb:0"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("live --camera usb:0 --modle x.tflite", "no such option: --modle"),
        ("live --camera usb:0 --fps fast", "--fps 'fast': expected a number; see whatsit live -h"),
        ("live --camera usb:0 --model belt/bottles.tflite", "where the service runs; write bottles.tflite"),
        ("live --camera usb:0 --rules none.toml", "--rules none.toml: not there from "),
        ("live", "--camera is missing: expected"),
        ("live --camera kettle:0", "no camera of kind 'kettle'"),
        ("live --camera usb:0 --sink kettle:", "no sink of kind 'kettle'"),
        ("studio --model none.tflite", "--model none.tflite: not there from "),
        ("rm -rf", "'rm' cannot run as a service"),
    ],
)
def test_a_command_that_cannot_start_is_refused_in_one_line(
    tmp_path: Path, command: str, named: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "belt").mkdir()
    (tmp_path / "belt/bottles.tflite").touch()
    monkeypatch.chdir(tmp_path)
    words = ["whatsit", "service", "install", "--print", "--folder", "belt", "--", *command.split()]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit, match="[12]"):
        main()
    out, err = capsys.readouterr()
    assert named in err and err.count("\n") == 1 and not out


def test_the_command_of_the_guide_can_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = re.findall(
        r"^whatsit (service install --folder .*)$", (ROOT / "docs/service.md").read_text(), re.MULTILINE
    )
    (tmp_path / "belt").mkdir()
    for name in ("bottles.tflite", "sorter.toml"):
        (tmp_path / "belt" / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["whatsit", *line.replace("install", "install --print").split()])
    with pytest.raises(SystemExit, match="0"):
        main()
    assert f"WorkingDirectory={tmp_path}/belt" in capsys.readouterr().out


def test_what_fails_at_once_is_given_up_and_what_hangs_is_not(tmp_path: Path) -> None:
    lines = unit_text(service(tmp_path)).splitlines()
    number = {key: int(value) for key, _, value in (line.partition("=") for line in lines) if value.isdigit()}
    assert number["RestartPreventExitStatus"] == 2
    assert number["StartLimitBurst"] * number["RestartSec"] < number["StartLimitIntervalSec"]
    a_hang = number["WatchdogSec"] + number["RestartSec"]
    assert number["StartLimitBurst"] * a_hang > number["StartLimitIntervalSec"]


@pytest.fixture
def heard(tmp_path: Path) -> socket.socket:
    """The socket that systemd would listen to."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.bind(str(tmp_path / "notify"))
    made.settimeout(LONG)
    return made


def test_signs_of_life_come_while_the_work_goes_on_and_only_then(tmp_path: Path, heard: socket.socket) -> None:
    alive = [True]
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000"})
    asked: list[float] = []
    with Watchdog(notifier, lambda within: bool(asked.append(within)) or alive[0], lambda: "two\nlines"):
        assert heard.recv(999) == b"READY=1\nSTATUS=started"
        assert heard.recv(999) == b"WATCHDOG=1\nSTATUS=two lines"
        alive[0] = False
        count = len(asked)
        while len(asked) < count + 5:
            pass
    said = b""
    while said != b"STOPPING=1":
        said = heard.recv(999)
    heard.setblocking(False)
    with pytest.raises(BlockingIOError):
        heard.recv(999)
    heard.close()


def test_a_container_s_health_is_the_age_of_a_file(tmp_path: Path) -> None:
    alive, file = [False], tmp_path / "alive"
    looked = threading.Event()

    def is_alive(within: float) -> bool:
        looked.set()
        return alive[0]

    notifier = Notifier({"WHATSIT_ALIVE": str(file)}, look_every=0.01)
    with Watchdog(notifier, is_alive, lambda: ""):
        assert looked.wait(LONG) and not file.exists()
        alive[0] = True
        while not file.exists():
            looked.clear()
            assert looked.wait(LONG)


def test_the_container_runs_a_command_that_exists_without_rights() -> None:
    lines = (ROOT / "Containerfile").read_text().splitlines()
    words = [line.split(maxsplit=1) for line in lines if line and line[0].isalpha()]
    known = {"FROM", "COPY", "RUN", "USER", "WORKDIR", "VOLUME", "ENV", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert {word for word, _ in words} <= known
    last = dict(words)
    assert last["USER"] == "whatsit" and last["VOLUME"] == "/project" and "alive" in last["HEALTHCHECK"]
    (command,) = (json.loads(arguments) for word, arguments in words if word == "CMD")
    assert json.loads(last["ENTRYPOINT"]) == ["whatsit"] and command[0] == "live"
    extras = re.findall(r"\[([\w,]+)\]", " ".join(lines))[0]
    assert set(extras.split(",")) <= set(EXTRAS)


def test_the_compose_example_is_whole() -> None:
    yaml = pytest.importorskip("yaml", reason="comes with mkdocs")
    folder = ROOT / "examples/home-assistant"
    services = yaml.safe_load((folder / "compose.yaml").read_text())["services"]
    assert set(services) == {"mosquitto", "whatsit", "homeassistant"}
    assert "ports" not in services["mosquitto"], "the broker takes anybody: it must be reached from inside only"
    for one in services.values():
        for volume in one.get("volumes", ()):
            place = volume.split(":")[0]
            assert not place.startswith("./") or (folder / place).exists() or place in ("./project", "./config")
    address = next(word for word in services["whatsit"]["command"] if word.startswith("mqtt:"))
    assert SINKS.parse(address)[0].scheme == "mqtt"


def test_without_systemd_nothing_is_said() -> None:
    for environment in ({}, {"NOTIFY_SOCKET": "/no/such/socket"}, {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}):
        notifier = Notifier(environment)
        notifier.send("READY=1")
        assert notifier.watchdog_seconds is None


def test_live_reports_to_systemd_and_ends_cleanly_when_it_is_stopped(tmp_path: Path, heard: socket.socket) -> None:
    environment = os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "600000"}
    command = [sys.executable, "-m", "whatsit", "live", "--camera", "synthetic:?fps=5", "--sink", f"jsonl:{tmp_path}/x"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert heard.recv(999).startswith(b"READY=1")
        while not heard.recv(999).startswith(b"WATCHDOG=1\nSTATUS="):
            pass
        process.send_signal(signal.SIGTERM)
        said = b""
        while said != b"STOPPING=1":
            said = heard.recv(999)
        _, errors = process.communicate(timeout=LONG)
    assert process.returncode == 130 and "frames" in errors and "Traceback" not in errors
    heard.close()
