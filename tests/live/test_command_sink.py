"""A program run for each change: no shell, a time limit, and nothing left running."""

import json
import os
import sys
import threading
from pathlib import Path

import pytest

from said import said
from whatsit.errors import DataError
from whatsit.live.answer import Answer
from whatsit.live.answer_state import AnswerState
from whatsit.live.sink_thread import SinkThread
from whatsit.live.sinks import open_sink
from whatsit.live.sinks.command import Command

LONG = 30.0


def python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", program, *arguments]


def test_a_program_gets_the_answer_on_standard_input_and_in_its_environment(tmp_path: Path) -> None:
    out = tmp_path / "out"
    sink = Command(
        python("import os, sys; open(sys.argv[1], 'a').write(sys.stdin.read() + os.environ['WHATSIT_LABEL'])", str(out))
    )
    for answer in (said("mug $(date); rm -rf *", time=5.0), said("mug $(date); rm -rf *")):
        sink.send(answer)
    line, label = out.read_text().splitlines()
    assert json.loads(line)["time"] == 5.0 and label == "mug $(date); rm -rf *"


def test_the_arguments_of_an_address_are_read_as_a_shell_would_quote_them_but_by_no_shell(tmp_path: Path) -> None:
    sink = open_sink(f"command:cp /dev/stdin '{tmp_path}/two words; $HOME'")
    sink.send(said("mug", AnswerState.UNKNOWN))
    assert json.loads((tmp_path / "two words; $HOME").read_text())["state"] == "unknown"


@pytest.mark.parametrize(
    ("program", "timeout", "named"),
    [
        ("import sys; sys.exit('first\\nthe lamp is gone')", LONG, "exit status 1: the lamp is gone"),
        ("import os; os.abort()", LONG, "exit status -6"),
        ("import signal; signal.pause()", 0.1, "killed after 0.1 seconds"),
    ],
)
def test_a_program_that_fails_is_named_with_its_last_words(program: str, timeout: float, named: str) -> None:
    with pytest.raises(DataError, match=named):
        Command(python(program), timeout=timeout).send(said("mug"))


def test_a_program_that_always_fails_never_works_again_by_an_answer_it_is_not_run_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Watched(Command):
        taken = threading.Semaphore(0)

        def send(self, answer: Answer) -> bool:
            try:
                return super().send(answer)
            finally:
                self.taken.release()

    thread = SinkThread(Watched(python("raise SystemExit(3)")), lambda: None)
    for label in ("mug", "mug", "duck", "duck"):
        thread.put(said(label))
        assert Watched.taken.acquire(timeout=LONG)
    thread.close(LONG)
    assert (thread.state.error, thread.state.last_sent) == ("exit status 3", None)
    assert [one.getMessage().partition(" ")[2] for one in caplog.records] == ["failed: exit status 3"]


def test_a_program_that_is_killed_takes_with_it_what_it_started(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    program = f"import subprocess; subprocess.run(['sh', '-c', 'exec 3>{pipe}; echo up >&3; sleep 1000'])"
    thread = SinkThread(Command(python(program), timeout=1000), lambda: None)
    thread.put(said("mug"))
    with pipe.open() as held:
        assert held.readline() == "up\n"
        thread.close(0.0)
        assert held.read() == "", "the end of the pipe: nobody holds it any more"
    thread.close(LONG)
    assert thread.state.error == "exit status -9"


@pytest.mark.parametrize(
    ("uri", "named"),
    [
        ("command:", "no program is named"),
        ("command:'open", "No closing quotation; expected a program"),
        ("command:no-such-program x", "command:no-such-program: no such program"),
        ("command:cat?timeout=0", "timeout=0 is not a number from 0.1"),
    ],
)
def test_a_program_that_cannot_be_run_is_refused_in_one_line(uri: str, named: str) -> None:
    with pytest.raises(DataError, match=named):
        open_sink(uri)
