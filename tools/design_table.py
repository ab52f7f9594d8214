"""Write the table of a design's settings in docs/training.md, from ``Design``.

Usage: python tools/design_table.py
"""

from pathlib import Path

from whatsit.backbones import BACKBONES
from whatsit.training.design import Design, TrainingMode
from whatsit.training.setting import NARROW, Kind, Setting

PAGE = Path(__file__).parents[1] / "docs/training.md"
_MODES = (TrainingMode.FROZEN, TrainingMode.FINE_TUNE, NARROW, TrainingMode.SCRATCH)
BEGIN, END = "<!-- settings -->", "<!-- end of settings -->"


def main() -> None:
    PAGE.write_text(with_table(PAGE.read_text()))


def with_table(page: str) -> str:
    """The page with the table as ``Design`` gives it."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + "\n\n" + "\n".join(table()) + "\n\n" + END + rest.split(END)[1]


def table() -> list[str]:
    """A line per setting."""
    head = ["| setting | what it does | values | default | modes |", "| --- | --- | --- | --- | --- |"]
    return head + [
        f"| `{one.name}` | {one.about.text} | {values(one)} | {default(one)} | {', '.join(one.about.modes) or 'all'} |"
        for one in Design.schema()
    ]


def values(setting: Setting) -> str:
    """What can be chosen."""
    if setting.kind is Kind.NAME:
        return f"{', '.join(BACKBONES)}, or the path of a .tflite"
    return ", ".join(setting.choices) or setting.limits


def default(setting: Setting) -> str:
    """What it is where nothing is chosen."""
    if setting.about.by_mode:
        shown = (
            setting.value_in(mode, None)
            for mode in (TrainingMode.FROZEN, TrainingMode.FINE_TUNE, NARROW, TrainingMode.SCRATCH)
        )
        return ", ".join("none" if value is None else f"{value:g}" for value in shown)
    value = setting.default
    if value is None and setting.kind is Kind.CHOICE:
        return "chosen"
    if isinstance(value, list):
        return ", ".join(value)
    return {True: "on", False: "off", None: "all"}[value] if isinstance(value, bool | None) else str(value)


if __name__ == "__main__":
    main()
