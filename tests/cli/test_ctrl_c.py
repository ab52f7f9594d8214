"""Ctrl-C in the first moments of a command, while its libraries are still being loaded."""

import fcntl
import os
import re
import signal
import subprocess
import sys

import pytest


@pytest.mark.parametrize("loaded", ["whatsit.cli", "typer", "numpy", "whatsit.cli.train"])
def test_ctrl_c_while_the_command_is_being_loaded_ends_it_quietly(loaded: str) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "whatsit", "--version"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as process:
        assert process.stderr is not None
        fcntl.fcntl(process.stderr, fcntl.F_SETPIPE_SZ, 4096)  # so that it cannot run far ahead of what is read here
        shown = b""
        while not re.search(rf"\| +{re.escape(loaded)}\n".encode(), shown):
            part = os.read(process.stderr.fileno(), 256)
            assert part, shown.decode()
            shown += part
        process.send_signal(signal.SIGINT)
        shown += process.stderr.read()
        assert process.wait(timeout=30) == 130
    assert b"Traceback" not in shown and b"KeyboardInterrupt" not in shown
