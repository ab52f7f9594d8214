"""Packages that extend whatsit, put on the path as an installer would."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from whatsit.plugins import Table


def write_package(folder: Path, name: str, source: str, points: Mapping[str, Mapping[str, str]]) -> Path:
    """A module and its metadata in ``folder``, which goes on the path.

    Args:
        points: entry-point group -> name -> ``module:attribute``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(source)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    groups = (f"[{group}]\n" + "".join(f"{key} = {at}\n" for key, at in rows.items()) for group, rows in points.items())
    (info / "entry_points.txt").write_text("\n".join(groups))
    return folder


def installed_here(monkeypatch: pytest.MonkeyPatch, folder: Path, *tables: Table) -> None:
    """Make the package in ``folder`` known to this process's ``tables``, until the test ends."""
    monkeypatch.syspath_prepend(folder)
    for module in folder.glob("*.py"):
        monkeypatch.delitem(sys.modules, module.stem, raising=False)
    for table in tables:
        known = vars(table)
        for remembered in ("_announced", "broken"):
            monkeypatch.setitem(known, remembered, known.get(remembered))
            del known[remembered]
        monkeypatch.setitem(known, "_loaded", {})
