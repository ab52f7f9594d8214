"""The recipes of ``docs/extending.md`` as data, and how they are carried out."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/extending.md"
SOURCE = "src/"
MAKES = "make_network.py"
"""A program of a recipe that makes a file of its package; it is run before the package is installed."""


@dataclass(frozen=True)
class Recipe:
    """One section of the page.

    ``files`` are those of a package from outside, ``moved`` says where each lies inside the repository, ``new`` and
    ``changes`` are files of the repository: whole, and as lines of a diff.
    """

    title: str
    files: dict[str, str] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    new: dict[str, str] = field(default_factory=dict)
    changes: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)


def recipes() -> dict[str, Recipe]:
    """The recipes by title: every section that has a block with a file's name."""
    found = [parsed(section) for section in re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:]]
    return {recipe.title: recipe for recipe in found if recipe.files or recipe.new}


def parsed(section: str) -> Recipe:
    """One section as a recipe."""
    recipe = Recipe(section.split("\n", 1)[0])
    for language, title, text in re.findall(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', section, re.M | re.S):
        if language == "sh":
            recipe.commands.extend(line for line in text.splitlines() if line)
        elif language == "diff":
            recipe.changes[title] = text
        elif title:
            (recipe.new if title.startswith(SOURCE) else recipe.files)[title] = text
    recipe.moved.update(re.findall(rf"`([\w/.]+)`\s+becomes\s+`({SOURCE}[\w/.]+)`", section))
    return recipe


def promised() -> dict[str, int]:
    """Title -> how many files of the repository the page's own table says a recipe touches; a folder counts as one."""
    rows = re.findall(r"^\| \[(.+?)\]\(#.*?\) \|.*\| ([^|]*) \|$", PAGE.read_text(), re.MULTILINE)
    return {title[0].upper() + title[1:]: sum(map(int, re.findall(r"\d+", counts))) for title, counts in rows}


def groups() -> list[str]:
    """The entry-point groups that the page's table names."""
    return re.findall(r"\| group `(whatsit\.\w+)` \|", PAGE.read_text())


@dataclass(frozen=True)
class Installation:
    """A Python that has whatsit and the recipes' additions."""

    paths: Sequence[Path]
    """In front of the import path."""

    @property
    def environment(self) -> dict[str, str]:
        """For a process that uses it."""
        return os.environ | {"PYTHONPATH": os.pathsep.join(map(str, self.paths))}

    def run(self, command: str, folder: Path) -> str:
        """What one ``whatsit …`` command prints, in a folder."""
        program, *arguments = shlex.split(command)
        assert program == "whatsit", command
        done = subprocess.run(
            [sys.executable, "-m", "whatsit", *arguments],
            cwd=folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def write(recipe: Recipe, folder: Path) -> Path:
    """The files of a recipe's package, in a folder; those that a program of its makes too."""
    for name, text in recipe.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    if MAKES in recipe.files:
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
        subprocess.run([sys.executable, MAKES], cwd=folder, env=environment, check=True)
        (folder / MAKES).unlink()
    return folder


def install(packages: Sequence[Path], target: Path) -> None:
    """Build and install packages, given as folders, without a network."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    command = [*pip, "--no-deps", "--no-build-isolation", "--target", target, *packages]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def apply(recipe: Recipe, folder: Path, repository: Path) -> None:
    """Carry a recipe out inside a copy of the repository; ``folder`` is for its files."""
    if recipe.files:
        write(recipe, folder)
    for name, place in recipe.moved.items():
        assert not (repository / place).exists()
        shutil.copyfile(folder / name, repository / place)
    for place, text in recipe.new.items():
        (repository / place).parent.mkdir(exist_ok=True)
        (repository / place).write_text(text)
        if place.endswith(".py"):
            (repository / place).with_name("__init__.py").touch()
    for place, difference in recipe.changes.items():
        lines = difference.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] in " -")
        after = "".join(line[1:] for line in lines if line[0] in " +")
        text = (repository / place).read_text()
        assert text.count(before) == 1, f"{place} has no such lines, or has them twice:\n{before}"
        (repository / place).write_text(text.replace(before, after))


def git(repository: Path, *arguments: str) -> str:
    """What a git command prints."""
    identity = ["-c", "user.name=recipe", "-c", "user.email=recipe@localhost", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=repository, check=True, capture_output=True, text=True).stdout


def touched(repository: Path) -> set[str]:
    """The files that were added or changed since the last commit, which are committed; a new folder counts as one."""
    tracked = {str(Path(name).parent) for name in git(repository, "ls-files").splitlines()}
    git(repository, "add", "--all")
    names = git(repository, "diff", "--cached", "--name-only").splitlines()
    git(repository, "commit", "--quiet", "--message", "recipe")
    return {name if str(Path(name).parent) in tracked else str(Path(name).parent) for name in names}
