"""What nobody expected: one line and a file with the details, never a traceback."""

from pathlib import Path

import pytest

from whatsit import WhatsitError
from whatsit.logs import log_file


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (RuntimeError("first\nsecond\x1b[31m"), "something went wrong inside whatsit: RuntimeError: first second"),
        (RecursionError(), "something went wrong inside whatsit: RecursionError; please report this"),
        (MemoryError(), "out of memory"),
        (WhatsitError("first\nsecond"), "first\\nsecond"),
    ],
)
def test_any_error_is_one_line(
    error: Exception, line: str, whatsit_line, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WHATSIT_CACHE", str(tmp_path))

    def fail() -> None:
        raise error

    monkeypatch.setattr("whatsit.cameras.list_cameras", fail)
    status, said = whatsit_line("cameras")
    assert status == 1
    assert said.startswith(f"whatsit: {line}")
    assert said.count("\n") == 1
    assert said.strip().isprintable()
    if "report" in said:
        assert str(log_file()) in said
        assert type(error).__name__ in log_file().read_text()


def test_an_error_of_several_lines_has_one() -> None:
    assert str(WhatsitError("a library\n  says much\n")) == r"a library\nsays much"
