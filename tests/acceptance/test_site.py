"""``make docs``: the documentation as a site that needs nothing from elsewhere."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import whatsit

ROOT = Path(__file__).parents[2]
LOADED = {"link": "href", "script": "src", "img": "src", "source": "srcset", "iframe": "src", "object": "data"}
"""Element -> the attribute whose address a browser loads by itself."""


@dataclass
class Page(HTMLParser):
    """One built page: what it loads, where it leads, what can be led to."""

    path: Path
    loads: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.anchors |= {found["id"]} if found.get("id") else set()
        address = found.get(LOADED.get(tag, ""))
        if address and found.get("rel") != "canonical":
            self.loads.append(address)
        if tag == "a" and found.get("href"):
            self.links.append(str(found["href"]))


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> dict[Path, Page]:
    """The site, built strictly; its pages by path."""
    pytest.importorskip("mkdocs", reason="MkDocs is not installed: make docs installs it")
    pytest.importorskip("mkdocstrings", reason="mkdocstrings is not installed: make docs installs it")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = {path: Page(path) for path in folder.rglob("*.html")}
    assert len(pages) > 20
    return pages


def test_every_public_name_is_in_the_reference(site):
    found = {name for path, page in site.items() if path.parent.name == "reference" for name in page.anchors}
    assert {f"whatsit.{name}" for name in whatsit.__all__} <= found


def test_every_page_of_the_documentation_is_built(site):
    built = {path.name for path in site}
    written = {page.with_suffix(".html").name for page in (ROOT / "docs").rglob("*.md")}
    assert written <= built and {"contributing.html", "changelog.html", "commands.html"} <= built


def test_no_page_loads_anything_from_elsewhere(site):
    loads = [(path.name, address) for path, page in site.items() for address in page.loads]
    assert len(loads) > len(site)
    assert [one for one in loads if urlsplit(one[1]).netloc] == []
    assert not any("mermaid" in path.read_text() for path in site)  # the theme would fetch the library for it


def test_no_style_sheet_loads_anything_from_elsewhere(site):
    folder = min(site, key=lambda path: len(path.parts)).parent
    sheets = list(folder.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        text = sheet.read_text()
        assert not re.search(r"""url\(\s*["']?(https?:)?//|@import\s+["'](https?:)?//""", text), sheet.name


def test_every_link_of_the_site_leads_to_a_page_and_a_place_on_it(site):
    def broken() -> Iterator[tuple[str, str]]:
        for path, page in site.items():
            for link in page.links:
                parts = urlsplit(link)
                if parts.scheme or parts.netloc or path.name == "404.html":
                    continue
                target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
                target = target / "index.html" if target.is_dir() else target
                known = site[target].anchors if target in site else set()
                if not target.exists() or (parts.fragment and unquote(parts.fragment) not in known):
                    yield path.name, link

    assert sum(len(page.links) for page in site.values()) > 1000
    assert list(broken()) == []
