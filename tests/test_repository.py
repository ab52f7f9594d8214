"""What holds for every file of the repository."""

import ast
import importlib
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "the number of an issue": r"\bissue (#|no\.? ?|number )?\d+\b|\b(closes|fixes|resolves) #\d",
    "a path of one machine": r"(?<![\w.])/((work|home|Users)/|root/(?!models\b|my_classes|answer|test|sample|\.\.))\w",
    "the folder beside the repository": r"\.\./shared(/(data|cases|house|DESIGN)|\b(?!/))",
    "the host of a package registry": r"\b(pypi\.org|pythonhosted|npmjs\.(org|com)|deb\.debian\.org|crates\.io)",
    "a network for fonts and scripts": r"\b((fonts|ajax)\.googleapis|gstatic|jsdelivr|unpkg|cdnjs)\b",
}
"""What no file may mention, in words. A MaixCAM's programs keep their files in ``/root``."""


def files() -> list[Path]:
    """Every file that belongs to the repository and is text."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip(f"the files of the repository cannot be listed: {listed.stderr.strip() or 'git failed'}")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_mentions(what: str) -> None:
    texts = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in files() if path != Path(__file__)}
    assert len(texts) > 200
    found = [
        f"{name}: {match[0]}"
        for name, text in texts.items()
        for match in re.finditer(FORBIDDEN[what], text, re.IGNORECASE)
    ]
    assert found == []


def test_the_top_of_the_package_stays_small_and_no_module_long() -> None:
    top = ROOT / "src" / "whatsit"
    assert len(list(top.glob("*.py"))) <= 10
    modules = list(top.rglob("*.py"))
    assert len(modules) > 300
    assert [path.name for path in modules if len(path.read_text("utf-8").splitlines()) > 400] == []


def test_every_skipped_test_says_why() -> None:
    silent, checked = [], 0
    for path in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if name in (
                "pytest.skip",
                "pytest.mark.skip",
                "pytest.mark.skipif",
                "pytest.importorskip",
                "pytest.mark.xfail",
            ):
                assert isinstance(node, ast.Call)
                checked += 1
                says = any(keyword.arg == "reason" for keyword in node.keywords)
                if not says and not (name == "pytest.skip" and node.args):
                    silent.append(f"{path.relative_to(ROOT)}:{node.lineno}: {name}")
    assert checked > 5
    assert silent == []


def test_the_readme_of_the_package_has_no_link_that_needs_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("hatchling", reason="builds the wheel; it is in the development dependencies")
    monkeypatch.syspath_prepend(ROOT / "tools")
    standalone = importlib.import_module("package_metadata").standalone
    text = (ROOT / "README.md").read_text()
    relative = re.compile(r"\]\((?!https?://)")
    assert relative.search(text)
    for repository in ("", "https://example.org/whatsit/blob/main"):
        assert not relative.search(standalone(text, repository))
    assert "(https://example.org/whatsit/blob/main/docs/studio.md)" in standalone(text, repository)
    assert "[NOTICE]" not in standalone(text, "") and "NOTICE" in standalone(text, "")


def test_the_package_carries_its_licences() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license-files"] == ["LICENSE", "NOTICE"]
    assert all((ROOT / name).is_file() for name in project["license-files"])
