"""Write the map of the house in CONTRIBUTING.md: each file of the package and the first line of its docstring.

Usage: python tools/house_map.py
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/whatsit"
BEGIN, END = "<!-- map -->", "<!-- end of map -->"


def main() -> None:
    page = ROOT / "CONTRIBUTING.md"
    before, rest = page.read_text().split(BEGIN)
    after = rest.split(END)[1]
    lines = [line for folder in folders() for line in entries(folder)]
    page.write_text(before + BEGIN + "\n\n" + "\n".join(lines) + "\n\n" + END + after)


def folders() -> list[Path]:
    return [PACKAGE, *sorted({path.parent for path in PACKAGE.rglob("*.py")} - {PACKAGE})]


def entries(folder: Path) -> list[str]:
    title = folder.relative_to(PACKAGE.parent).as_posix()
    told = [(path.name, noun(path)) for path in sorted(folder.glob("*.py"))]
    listed = [f"- `{name}`: {text}" for name, text in told if name != "__init__.py" and text]
    about = dict(told).get("__init__.py", "")
    return ["", f"**{title}/** {about}".rstrip(), "", *listed] if listed else []


def noun(path: Path) -> str:
    doc = ast.get_docstring(ast.parse(path.read_text())) or ""
    return doc.splitlines()[0] if doc else ""


if __name__ == "__main__":
    main()
