"""The commands of the guide to serving, and of the README, run in their order against the servers that they start."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from example_folder import make_example_folder

ROOT = Path(__file__).parents[2]
USUAL = "127.0.0.1:8080"


class Shell:
    """Runs lines of a document in a folder; what serves goes on until the next one serves, on any free port."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
        self._server: subprocess.Popen[str] | None = None
        self._port = ""

    def whatsit(self, line: str) -> None:
        words = shlex.split(line)
        at = words.index("whatsit")
        environment = self._environment | dict(word.split("=", 1) for word in words[:at])
        command = [sys.executable, "-m", *words[at:]]
        if words[at + 1] != "serve":
            if not (self._place / words[-1]).exists():  # both documents teach the same
                subprocess.run(command, cwd=self._place, env=environment, check=True, capture_output=True)
            return
        self.end()
        self._server = subprocess.Popen(
            [*command, "--port", "0"], cwd=self._place, env=environment, stderr=subprocess.PIPE, text=True
        )
        assert self._server.stderr is not None
        said = ""
        while "Ctrl-C" not in said:
            line = self._server.stderr.readline()
            assert line, said
            said += line
        self._port = re.findall(r":(\d+)", said)[0]

    def run(self, line: str) -> str:
        done = subprocess.run(
            ["bash", "-c", self.placed(line)], cwd=self._place, capture_output=True, text=True, check=True
        )
        return done.stdout

    def python(self, source: str) -> str:
        command = [sys.executable, "-W", "error", "-c", self.placed(source)]
        done = subprocess.run(command, cwd=self._place, env=self._environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def placed(self, text: str) -> str:
        return text.replace(USUAL, f"127.0.0.1:{self._port}")

    def end(self) -> None:
        if self._server is not None and self._server.stderr is not None:
            self._server.send_signal(signal.SIGINT)
            assert self._server.wait(30) == 0
            self._server.stderr.close()
            self._server = None


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """A folder with the pictures that the documents speak of."""
    place = make_example_folder(tmp_path_factory.mktemp("guide"))
    (place / "things").mkdir()
    opened = Shell(place)
    yield opened
    opened.end()


def lines(page: str) -> list[str]:
    """The lines of a page that make a model, serve it, or ask; in their order."""
    blocks = re.findall(r"```(sh|python)\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    found = []
    for language, block in blocks:
        if language == "python":
            found.append(f"python {block}")
            continue
        found += [re.sub(r"\s+#.*", "", line) for line in block.splitlines()]
    wanted = re.compile(r"(\w+=\S+ )?whatsit serve|whatsit teach.* -o bottles.tflite|curl |echo |python ")
    return [line for line in found if wanted.match(line)]


@pytest.mark.parametrize(("page", "asked"), [("README.md", 1), ("docs/serve.md", 17)])
def test_every_line_of_the_guide_is_answered(shell: Shell, page: str, asked: int) -> None:
    answers = []
    for line in lines(page):
        if line.startswith("python "):
            if page == "docs/serve.md":
                assert shell.python(line.removeprefix("python ")).startswith("green ")
        elif "whatsit " in line:
            shell.whatsit(line)
        else:
            answers.append((line, shell.run(line)))
    assert len(answers) >= asked
    for line, answer in answers:
        assert answer and not answer.startswith('{"error"'), (line, answer)
        if "classify" in line:
            (*_, last) = json.loads(answer)["answers"]
            assert last["predictions"][0]["label"] in ("green", "brown")
