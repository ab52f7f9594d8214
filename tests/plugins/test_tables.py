"""Every table of the house is known to ``doctor``, which names the packages that extend it."""

import re
from pathlib import Path

import whatsit
from whatsit.plugins import tables

SOURCE = Path(whatsit.__file__).parent


def test_every_table_that_the_code_declares_is_listed() -> None:
    declared = {
        group
        for path in SOURCE.rglob("*.py")
        for group in re.findall(r"Table\(\s*\"(whatsit\.[a-z]+)\"", path.read_text("utf-8"))
    }
    listed = [table.group for table in tables()]
    assert set(listed) == declared and len(listed) == len(declared) >= 2


def test_every_built_in_row_can_be_loaded() -> None:
    for table in tables():
        assert len(dict(table)) >= 1
        assert all(table.package(name) is None for name in table)
