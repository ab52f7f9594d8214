"""Write the layers and the map of the code into CONTRIBUTING.md: each module and the first sentence of its docstring.

Usage: python tools/house_map.py
"""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/whatsit"
PAGE = ROOT / "CONTRIBUTING.md"


def main() -> None:
    PAGE.write_text(written(PAGE.read_text()))


def written(page: str) -> str:
    """The page with both parts as they are now."""
    page = replaced(page, "layers", "```\n" + "\n".join(layers()) + "\n```")
    return replaced(page, "map", "\n".join(line for folder in folders() for line in entries(folder)).strip())


def replaced(page: str, part: str, text: str) -> str:
    """The page with ``text`` between the comments that begin and end a part."""
    before, rest = page.split(f"<!-- {part} -->\n")
    after = rest.split(f"<!-- end of {part} -->")[1]
    return f"{before}<!-- {part} -->\n\n{text}\n\n<!-- end of {part} -->{after}"


def layers() -> list[str]:
    """The layers of the package, highest first, as import-linter checks them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (contract,) = (one for one in settings["contracts"] if one.get("containers") == ["whatsit"])
    return [" · ".join(name.strip() for name in layer.replace("|", ":").split(":")) for layer in contract["layers"]]


def folders() -> list[Path]:
    """The package's own folder, then every folder below it that holds modules."""
    return [PACKAGE, *sorted({path.parent for path in PACKAGE.rglob("*.py")} - {PACKAGE})]


def entries(folder: Path) -> Iterator[str]:
    """The lines of one folder; a package that consists of an empty ``__init__`` has none."""
    nouns = {path.name: noun(path) for path in sorted(folder.glob("*.py"))}
    about = nouns.pop("__init__.py", "")
    if nouns:
        yield from ("", f"**{folder.relative_to(PACKAGE.parent).as_posix()}/** {about}".rstrip(), "")
        yield from (f"- `{name}`: {text}" for name, text in nouns.items())


def noun(path: Path) -> str:
    """The first sentence of a module's docstring."""
    paragraph = " ".join((ast.get_docstring(ast.parse(path.read_text())) or "").split("\n\n")[0].split())
    end = paragraph.find(". ")
    return paragraph if end < 0 else paragraph[: end + 1]


if __name__ == "__main__":
    main()
