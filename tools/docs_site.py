"""What ``make docs`` adds to the pages of ``docs/``: the reference pages, and the root's own documents.

A MkDocs hook (https://www.mkdocs.org/user-guide/configuration/#hooks). The reference is written from the code: a page
for each group of public names, rendered from their docstrings by mkdocstrings, and one for the command line.
"""

import ast
import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import griffe
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
ICON = "src/whatsit/studio/pages/shared/static/icon.svg"
PAGES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Documents of the root that are pages of the site too."""

GROUPS = {
    "models": ("recognising", "Recognising"),
    "teaching": ("teaching", "Teaching"),
    "datasets": ("datasets", "Projects and datasets"),
    "training": ("training", "Training"),
    "evaluation": ("evaluation", "Evaluating"),
    "deployment": ("deployment", "Deploying"),
    "live": ("live", "Live"),
    "serving": ("serving", "Serving"),
    "cameras": ("cameras", "Cameras"),
    "backbones": ("backbones", "Backbones"),
    "imaging": ("pictures", "Pictures"),
    "errors": ("errors", "Errors"),
}
"""Package or module -> file name and title of the reference page for the public names it defines."""

LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """End the navigation with the reference, the changes, and the decisions in the order of their list."""
    reference, decisions = "reference/index.md", "decisions/index.md"
    listed = LINK.finditer((ROOT / "docs" / decisions).read_text())
    config.nav = [
        *(config.nav or []),
        {"Reference": [reference, *(path for path in reference_pages() if path != reference)]},
        "changelog.md",
        {"Decisions": [decisions, *(f"decisions/{link['target']}" for link in listed)]},
    ]
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the generated pages and the icon."""
    pages = {name: (ROOT / source).read_text() for source, name in PAGES.items()} | reference_pages()
    for path, content in pages.items():
        if (written := files.get_file_from_path(path)) is not None:
            files.remove(written)
        files.append(File.generated(config, path, content=content))
    files.append(File.generated(config, "images/icon.svg", abs_src_path=str(ROOT / ICON)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Make links to files outside ``docs/`` lead to their page of the site, or show the file's name."""
    sources = {name: source for source, name in PAGES.items()}
    own = sources.get(page.file.src_uri, f"docs/{page.file.src_uri}")

    def rewritten(match: re.Match[str]) -> str:
        text, target, anchor = match["text"], match["target"], match["anchor"] or ""
        if "://" in target or target.startswith("mailto:"):
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(own), target))
        inside = PAGES.get(path, path.removeprefix("docs/") if path.startswith("docs/") else None)
        if inside == "decisions":
            inside = "decisions/index.md"
        if path == "README.md":
            inside = "index.md"
        if inside is not None:
            return f"[{text}]({posixpath.relpath(inside, posixpath.dirname(page.file.src_uri) or '.')}{anchor})"
        if not (ROOT / path).exists():
            return match[0]  # the build reports it
        return f"`{path}`" if text.strip("`") == target.strip("/") else f"{text} (`{path}`)"

    return outside_code(markdown, lambda text: LINK.sub(rewritten, text))


def on_page_content(html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Docstrings announce a block of code by two colons, as reStructuredText has it; one is enough to read."""
    return html.replace("::</p>", ":</p>")


def outside_code(markdown: str, change: Callable[[str], str]) -> str:
    """``change`` applied to what is not in a fenced code block."""
    parts = re.split(r"(^```.*?^```$)", markdown, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if number % 2 else change(part) for number, part in enumerate(parts))


@cache
def public_names() -> Mapping[str, Sequence[Any]]:
    """The objects that ``import whatsit`` promises, by the package that defines them; nothing is imported."""
    package = griffe.load("whatsit", search_paths=[ROOT / "src"], resolve_aliases=True)
    found: dict[str, list[Any]] = defaultdict(list)
    for name, member in package.members.items():
        if member.is_alias and not name.startswith("_"):
            found[member.canonical_path.split(".")[1]].append(member)
    if unknown := found.keys() - GROUPS.keys():
        raise SystemExit(f"tools/docs_site.py: GROUPS has no page for names of {', '.join(sorted(unknown))}")
    if not found:
        raise SystemExit("tools/docs_site.py: import whatsit promises no names")
    return {package: sorted(found[package], key=lambda one: one.name) for package in GROUPS if package in found}


def entry(found: Any) -> str:
    """The directive that renders one public object; the members of an enumeration with their values."""
    values = any("Enum" in str(base) for base in getattr(found, "bases", ()))
    return f"::: whatsit.{found.name}" + ("\n    options:\n      show_attribute_values: true" if values else "")


@cache
def reference_pages() -> Mapping[str, str]:
    """Path -> Markdown of the reference: an index, the command line, a page per group of names, extension points."""
    pages = {"reference/index.md": "", "reference/commands.md": commands_page()}
    listed = ["- [Command line](commands.md)"]
    for package, names in public_names().items():
        page, title = GROUPS[package]
        pages[f"reference/{page}.md"] = "\n\n".join([f"# {title}", *map(entry, names)])
        links = ", ".join(f"[`{found.name}`]({page}.md#whatsit.{found.name})" for found in names)
        listed.append(f"- [{title}]({page}.md): {links}")
    pages["reference/extension-points.md"] = extension_page((ROOT / "docs/extending.md").read_text())
    listed.append("- [Extension points](extension-points.md)")
    pages["reference/index.md"] = "\n".join([(ROOT / "docs/reference/index.md").read_text(), *listed, ""])
    return pages


def extension_page(extending: str) -> str:
    """The reference of what the recipes of ``docs/extending.md`` import, beside the public names."""
    public = {found.canonical_path for group in public_names().values() for found in group}
    names = set()
    for source in re.findall(r"^```python.*?\n(.*?)^```$", extending, re.MULTILINE | re.DOTALL):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("whatsit."):
                names |= {f"{node.module}.{name.name}" for name in node.names}
    about = "What the recipes of [Extending](../extending.md) are made of."
    return "\n\n".join(["# Extension points", about, *(f"::: {name}" for name in sorted(names - public))])


def commands_page() -> str:
    """The command line, as its own ``--help`` says it."""
    import typer.main

    from whatsit.cli.app import app

    return "\n".join(["# Command line", "", *command_lines(typer.main.get_command(app), "whatsit", 1)])


def command_lines(command: Any, name: str, level: int) -> Iterable[str]:
    """The Markdown of one command and those below it."""
    if level > 1:
        yield from (f"{'#' * level} {name}", "")
    for line in (command.help or "").splitlines():
        example = re.match(r"\s*Example:\s+(.*)", line)
        yield f"```console\n$ {example[1]}\n```" if example else line.strip()
    yield ""
    rows = [parameter_row(parameter) for parameter in command.params if not parameter.hidden]
    if rows and level > 1:
        yield from ("| argument or option | |", "| --- | --- |", *rows, "")
    for name_below, below in getattr(command, "commands", {}).items():
        if not below.hidden:
            yield from command_lines(below, f"{name} {name_below}", min(level + 1, 3))


def parameter_row(parameter: Any) -> str:
    """One row of a command's table: how it is written, and what it does."""
    argument = parameter.param_type_name == "argument"
    written = ", ".join([parameter.name.upper()] if argument else [*parameter.opts, *parameter.secondary_opts])
    kind = "" if argument or getattr(parameter, "is_flag", False) else value_kind(parameter)
    notes = [parameter.help or ""]
    if parameter.required and not argument:
        notes.append("Required.")
    elif parameter.default not in (None, False, True, (), []) and not callable(parameter.default):
        notes.append(f"Default: `{getattr(parameter.default, 'value', parameter.default)}`.")
    cells = (f"`{written}{kind and ' ' + kind}`", " ".join(notes))
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def value_kind(parameter: Any) -> str:
    """What an option takes: its choices, or NUMBER, PATH, TEXT."""
    kind = parameter.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(str(choice.value) for choice in kind)
    return {int: "NUMBER", float: "NUMBER", Path: "PATH"}.get(kind, "TEXT")
