"""What the programs log: lines that stay few, details in a file."""

import io
import logging
from pathlib import Path

import pytest

from whatsit.logs import COUNTED_SECONDS, LogLines, keep_details, log_file


def test_a_line_that_repeats_is_counted() -> None:
    now = 0.0
    shown = io.StringIO()
    lines = LogLines(shown, clock=lambda: now)
    log = logging.Logger("test")
    log.addHandler(lines)
    for _ in range(1000):
        log.warning("no request from %s", "10.0.0.1")
    for _ in range(2):
        log.warning("something else")
    now = COUNTED_SECONDS
    log.warning("no request from %s", "10.0.0.1")
    assert shown.getvalue().splitlines() == [
        "whatsit: no request from 10.0.0.1",
        "whatsit: something else",
        "whatsit: 999 times more: no request from 10.0.0.1",
        "whatsit: once more: something else",
        "whatsit: no request from 10.0.0.1",
    ]


def test_different_errors_are_each_said_and_not_counted_as_one() -> None:
    shown = io.StringIO()
    lines = LogLines(shown)
    log = logging.Logger("test")
    log.addHandler(lines)
    for reason in ("not a TFLite model", "no such file", "cut off", "no such file"):
        log.warning("%s", f"m.tflite: {reason}")
    lines.flush()
    assert shown.getvalue().splitlines() == [
        "whatsit: m.tflite: not a TFLite model",
        "whatsit: m.tflite: no such file",
        "whatsit: m.tflite: cut off",
        "whatsit: once more: m.tflite: no such file",
    ]


def test_a_flood_of_different_lines_is_cut_and_what_was_left_out_is_counted() -> None:
    shown = io.StringIO()
    lines = LogLines(shown)
    log = logging.Logger("test")
    log.addHandler(lines)
    for number in range(1000):
        log.warning("no request from %s", f"10.0.0.{number}")
    log.warning("something else")
    lines.flush()
    first, *_ = found = shown.getvalue().splitlines()
    assert first == "whatsit: no request from 10.0.0.0" and len(found) == 12
    assert found[10:] == [
        "whatsit: something else",
        "whatsit: 990 more like this left out: no request from 10.0.0.0",
    ]


def test_an_error_is_one_line_whatever_its_text_is() -> None:
    shown = io.StringIO()
    log = logging.Logger("test")
    log.addHandler(LogLines(shown))
    try:
        raise ValueError("first\nsecond\x1b[31m")
    except ValueError:
        log.exception("it failed")
    assert shown.getvalue() == "whatsit: it failed: ValueError: first second\\x1b[31m\n"


def test_the_details_of_an_error_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSIT_CACHE", str(tmp_path / "cache"))
    try:
        raise KeyError("missing")
    except KeyError as error:
        assert keep_details(error) == log_file()
    assert "Traceback" in log_file().read_text()
    assert "KeyError: 'missing'" in log_file().read_text()


def test_where_no_file_can_be_kept_nothing_else_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("WHATSIT_CACHE", str(tmp_path / "file"))
    assert keep_details(ValueError("x")) is None


def test_a_folder_that_may_not_be_looked_into_keeps_no_details(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    assert keep_details(ValueError("x")) is None
