"""What errors say: on a terminal the command that helps, on a page what helps there."""

import ast
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import whatsit
from whatsit.errors import DataError, MissingExtraError, SourceError

SOURCES = Path(whatsit.__file__).parent
COMMAND_LINE = re.compile(r"(^|\s)--[a-z]{3}|\bwhatsit [a-z]+ {2}|  whatsit [a-z]")
TERMINAL_ONLY = (
    "cli/", "studio/", "bulk/", "service/", "cameras/opening.py", "models/verify.py",
    "serving/correcting.py", "serving/model_files.py", "web/server.py", "demo.py",
)  # fmt: skip
"""What no page comes by, and what is said for pages alone."""


def raised(module: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            yield node.exc


def names_a_command_line(call: ast.Call) -> bool:
    texts = [node.value for part in call.args for node in ast.walk(part) if isinstance(node, ast.Constant)]
    return any(isinstance(text, str) and COMMAND_LINE.search(text) for text in texts)


def test_an_error_that_names_a_command_line_says_what_a_page_says_instead() -> None:
    naming = {
        f"{module.relative_to(SOURCES)}:{call.lineno}": any(word.arg == "on_page" for word in call.keywords)
        for module in SOURCES.rglob("*.py")
        if not str(module.relative_to(SOURCES)).startswith(TERMINAL_ONLY)
        for call in raised(module)
        if names_a_command_line(call)
    }
    assert [place for place, says in naming.items() if not says] == []
    assert len(naming) >= 5


def test_a_page_shows_its_own_way_out_or_the_text() -> None:
    error = SourceError("cat.csv: odd; --layout folder helps", on_page="cat.csv: odd; name the folders")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.on_page) == ("cat.csv: odd; --layout folder helps", "cat.csv: odd; name the folders")
    assert DataError("two\nlines").on_page == str(DataError("two\nlines"))
    assert "pip install" in MissingExtraError("torch", "train", "fine-tuning").on_page


@pytest.mark.parametrize("page", ["", "way out"])
def test_the_text_of_an_error_is_its_own_whatever_a_page_says(page: str) -> None:
    assert DataError("the text", on_page=page).args == ("the text",)
