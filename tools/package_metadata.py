"""The README and the addresses in the package's metadata, for pages that show a package without its repository.

A metadata hook of Hatchling. ``repository`` in ``[tool.whatsit]`` of ``pyproject.toml`` is where the source can be read
on the web, ``https://host/owner/whatsit/blob/main``. With it, links into the repository become absolute; without it
they become text, since they would lead nowhere.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_IMAGE = re.compile(r"^!\[[^\]]*\]\((?!https?://)[^)]+\)\n+", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?://)([^)]+)\)")


class PackageMetadata(MetadataHookInterface):
    """Fills ``readme`` and ``urls``."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called by Hatchling with the ``[project]`` table."""
        root = Path(self.root)
        own = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"].get("whatsit", {})
        repository = own.get("repository", "").rstrip("/")
        text = standalone((root / "README.md").read_text("utf-8"), repository)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
        if repository:
            places = {"Documentation": "docs/index.md", "Changelog": "CHANGELOG.md", "Source": ""}
            metadata["urls"] = {name: f"{repository}/{path}".rstrip("/") for name, path in places.items()}


def standalone(text: str, repository: str) -> str:
    """Markdown without links that need the repository beside it."""
    if repository:
        return _LINK.sub(rf"[\1]({repository}/\2)", text)
    return _LINK.sub(r"\1", _IMAGE.sub("", text))
