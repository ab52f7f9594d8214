"""Write the tables of the documents that come from the code: cameras and sinks, with their options.

Usage: python tools/docs_tables.py

A table lies between ``<!-- NAME -->`` and ``<!-- end of NAME -->`` in any page below ``docs``.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from whatsit.cameras.sources import CAMERAS
from whatsit.live.sinks import SINKS
from whatsit.plugins import AddressedRow

ROOT = Path(__file__).parents[1]


def kinds(rows: Iterable[AddressedRow]) -> list[str]:
    """One line per row: address, what it is, what it needs."""
    lines = ["| address | what it is | needs |", "| --- | --- | --- |"]
    for row in rows:
        needs = row.requirement.command if row.requirement is not None else ""
        lines.append(f"| `{row.example}` | {row.description} | {f'`{needs}`' if needs else 'nothing'} |")
    return lines


def options(rows: Iterable[AddressedRow]) -> list[str]:
    """One line per option: address, name, default, meaning."""
    lines = ["| address | option | default | meaning |", "| --- | --- | --- | --- |"]
    for row in rows:
        scheme = f"`{row.example.partition(':')[0]}:`"
        lines += [f"| {scheme} | `{one.name}` | {one.default_text} | {one.help} |" for one in row.options]
    return lines


TABLES: dict[str, Callable[[], list[str]]] = {
    "cameras": lambda: kinds(CAMERAS.rows()),
    "camera options": lambda: options(CAMERAS.rows()),
    "sinks": lambda: kinds(SINKS.rows()),
    "sink options": lambda: options(SINKS.rows()),
}


def filled(text: str) -> str:
    """A page with its tables as the code has them."""
    for name, table in TABLES.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)"
        body = "\n" + "\n".join(table()) + "\n\n"
        text = re.sub(pattern, lambda found, body=body: found[1] + body + found[2], text, flags=re.DOTALL)
    return text


def pages() -> list[Path]:
    """Every page of the documents."""
    return sorted((ROOT / "docs").rglob("*.md"))


def main() -> None:
    for page in pages():
        page.write_text(filled(page.read_text()))


if __name__ == "__main__":
    main()
