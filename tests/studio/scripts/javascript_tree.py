"""A page's scripts as syntax trees."""

import ast
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import tree_sitter_javascript
from tree_sitter import Language, Parser
from tree_sitter import Node as ParsedNode

from whatsit.studio.pages.shared.page import STATIC, Page

_PARSER = Parser(Language(tree_sitter_javascript.language()))


@dataclass(eq=False, slots=True)
class Node:
    """One node: its type in tree-sitter's grammar, its named children, and those of them that have a role."""

    type: str
    text: str
    file: Path
    line: int
    children: list["Node"] = field(default_factory=list)
    roles: dict[str, "Node"] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Such as ``check.js:12``."""
        return f"{self.file.name}:{self.line}"


@cache
def parse(file: Path) -> Node:
    """The tree of one script; a syntax error is an ``AssertionError``."""
    source = file.read_bytes()
    root = _PARSER.parse(source).root_node
    assert not root.has_error, f"{file}: cannot be parsed"
    return _node(root, source, file)


def imports(tree: Node) -> dict[str, Path]:
    """What a script imports: the address as written -> the file."""
    found = {}
    for statement in tree.children:
        if statement.type == "import_statement":
            address = string(statement.roles["source"])
            found[address] = resolve(tree.file, address)
    return found


def resolve(file: Path, address: str) -> Path:
    """The file of an address in an import. Shared scripts are served from the folder above the pages' own."""
    assert address.startswith(("./", "../")), f"{file.name}: imports {address!r}"
    shared = file.parent == STATIC or address.startswith("../")
    return (STATIC if shared else file.parent) / Path(address).name


def scripts_of(page: Page) -> list[Path]:
    """A page's script and everything it imports, what is imported first."""
    found: dict[Path, None] = {}
    visited = set()

    def visit(file: Path) -> None:
        if file not in visited:
            visited.add(file)
            for imported in imports(parse(file)).values():
                visit(imported)
            found[file] = None

    visit(page.folder / f"{page.name}.js")
    return list(found)


def string(node: Node) -> str:
    """The value of a string literal."""
    return str(ast.literal_eval(node.text))


def walk(node: Node) -> list[Node]:
    """A node and everything below it."""
    found, waiting = [], [node]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting.extend(one.children)
    return found


def _node(parsed: ParsedNode, source: bytes, file: Path) -> Node:
    text = source[parsed.start_byte : parsed.end_byte].decode()
    node = Node(parsed.type, text, file, parsed.start_point[0] + 1)
    for at, child in enumerate(parsed.children):
        role = parsed.field_name_for_child(at)
        if not child.is_named and role is None:
            continue
        if child.type == "comment":
            continue
        made = _node(child, source, file)
        if child.is_named:
            node.children.append(made)
        if role is not None:
            node.roles[role] = made
    return node
