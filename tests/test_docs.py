"""What the documents show is true: their examples run as they stand."""

import os
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from tools import docs_tables
from tools.house_map import written

from example_folder import make_example_folder
from recipes import groups, recipes
from whatsit.cli.app import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
WRITTEN = ["README.md", "README.zh.md", *sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs").glob("*.md"))]
PAGES = [page for page in WRITTEN if not page.endswith(".zh.md")]
"""Those whose examples run; a translation has the same ones: tests/test_translations.py."""
DOCUMENTS = [
    *WRITTEN, "CONTRIBUTING.md", "CHANGELOG.md",
    *sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs/decisions").glob("*.md")),
]  # fmt: skip


ENDLESS = ("whatsit studio", "whatsit serve", "whatsit maix run")
"""They run until Ctrl-C: tests/studio, tests/serving, tests/maix."""


def examples(page, language):
    """The code blocks of a page."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


def commands(page):
    """The commands of a page, in their order."""
    lines = "\n".join(examples(page, "sh")).splitlines()
    found = [line.split("#")[0].strip() for line in lines]
    return [line for line in found if line.startswith("whatsit ") and not line.startswith(ENDLESS)]


SERVED = "docs/serve.md"
"""Its Python needs the server: tests/serving/test_serve_guide.py."""
PYTHON = [(page, example) for page in PAGES if page != SERVED for example in examples(page, "python")]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the pictures that the documents speak of."""
    return make_example_folder(tmp_path_factory.mktemp("readme"))


def run(command, place, given=""):
    pins = {"GPIOZERO_PIN_FACTORY": "mock", "GPIOZERO_MOCK_PIN_CLASS": "mockpwmpin"}
    paths = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"PYTHONPATH": paths, "TMPDIR": str(place)} | pins
    done = subprocess.run(command, cwd=place, env=environment, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def fresh(place, tmp_path):
    """A copy of it for one page."""
    return shutil.copytree(place, tmp_path / "place")


@pytest.mark.parametrize(("page", "example"), PYTHON, ids=[f"{page}-{at}" for at, (page, _) in enumerate(PYTHON)])
def test_every_python_example_runs(page, example, fresh):
    assert run([sys.executable, "-W", "error", "-c", example], fresh), page


# The commands of docs/extending.md need the packages that it describes: tests/acceptance/test_extending.py.
@pytest.mark.parametrize("page", [page for page in PAGES if commands(page) and page != "docs/extending.md"])
def test_every_command_of_a_page_runs_in_its_order(page, fresh):
    for name, content in re.findall(r'```toml title="([\w.]+)"\n(.*?)```', (ROOT / page).read_text(), re.DOTALL):
        (fresh / name).write_text(content)
    for command in commands(page):
        if command.startswith("whatsit dataset check"):
            continue  # its status says that so few pictures are not ready: tests/test_dataset_commands.py
        said = run([sys.executable, "-m", "whatsit", *shlex.split(command)[1:]], fresh)
        if command.startswith("whatsit rules dry-run"):
            names = re.findall(r'^name = "(\w+)"', (ROOT / page).read_text(), re.MULTILINE)
            assert names and all(f"  {name}  on " in said for name in names), said


def test_the_readme_shows_the_commands_that_matter():
    shown = {shlex.split(command)[1] for command in commands("README.md")}
    assert shown >= {"teach", "classify", "export", "verify", "doctor", "train", "test", "sweep", "deploy"}


def typed_commands(page):
    """The commands in a page's text that say more than their name: (as written, the command, its options)."""
    root = typer.main.get_command(app)
    for line in re.findall(r"`whatsit ([^`\n]+)`", (ROOT / page).read_text()):
        command, words = root, shlex.split(line)
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        if words:
            assert command is not root or words[0].startswith("-"), f"{page}: whatsit {line}"
            yield line, command, {name for word in words for name in re.findall(r"^\[?(--?[a-z][a-z-]*)", word)}


def test_every_command_in_the_text_has_the_options_that_it_is_shown_with():
    checked = 0
    for page in WRITTEN:
        for line, command, options in typed_commands(page):
            known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
            assert options <= known, f"{page}: whatsit {line}"
            needed = [one for one in command.params if one.required and one.param_type_name == "option"]
            if options and not set("…[") & set(line):
                assert all(options & set(one.opts) for one in needed), f"{page}: whatsit {line}"
            checked += 1
    assert checked > 40


def test_every_make_target_of_the_readme_exists():
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE)
    assert {"demo", "studio", "test", "bench"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("page", DOCUMENTS)
def test_every_link_leads_somewhere(page):
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert "://" in target or ((ROOT / page).parent / target).exists(), f"{page}: {target}"


NAMED = re.compile(r"(?:src|tests|benchmarks|tools|examples|docs)/[\w/.-]*\w(?![\w/.-]*[<*])")
"""The path of a file or folder of the repository."""


def test_every_file_and_program_that_a_document_names_is_there():
    added = {place for recipe in recipes().values() for place in (*recipe.moved.values(), *recipe.new)}
    named = [
        (page, name) for page in DOCUMENTS for name in NAMED.findall((ROOT / page).read_text()) if name not in added
    ]
    assert len(named) > 10
    assert [(page, name) for page, name in named if not (ROOT / name).exists()] == []
    modules = [
        (page, name) for page in DOCUMENTS for name in re.findall(r"benchmarks(?:\.\w+)+", (ROOT / page).read_text())
    ]
    assert len(modules) > 3
    assert [one for one in modules if not (ROOT / (one[1].replace(".", "/") + ".py")).exists()] == []


OURS = re.compile(r"`(whatsit(?:\.\w+)+)`")
"""A module or name of ours; files and entry-point groups look alike."""


def test_every_module_and_name_of_ours_in_a_document_can_be_imported():
    others = {"whatsit.toml", "whatsit.json", *groups()}
    names = {
        (page, name) for page in DOCUMENTS for name in OURS.findall((ROOT / page).read_text()) if name not in others
    }
    assert len(names) > 3
    for page, name in names:
        try:
            pkgutil.resolve_name(name)
        except (ImportError, AttributeError) as error:
            pytest.fail(f"{page}: {error}")


def test_the_map_of_the_code_is_what_the_tool_writes():
    page = (ROOT / "CONTRIBUTING.md").read_text()
    assert written(page) == page, "run: python tools/house_map.py"


def test_the_map_of_the_code_names_every_module_in_its_folder():
    page = (ROOT / "CONTRIBUTING.md").read_text().split("<!-- map -->")[1]
    folders = re.split(r"^\*\*whatsit/(.*)\*\*.*$", page, flags=re.MULTILINE)
    mapped = {
        folder.strip("/"): set(re.findall(r"^- `(\w+\.py)`: \S", listed, re.MULTILINE))
        for folder, listed in zip(folders[1::2], folders[2::2], strict=True)
    }
    there: dict[str, set[str]] = {}
    package = ROOT / "src/whatsit"
    for path in package.rglob("*.py"):
        if path.name != "__init__.py":
            there.setdefault(path.parent.relative_to(package).as_posix().removeprefix("."), set()).add(path.name)
    assert mapped == there


def test_the_tables_of_cameras_and_sinks_are_those_of_the_code():
    texts = [page.read_text() for page in docs_tables.pages()]
    assert len(texts) > 1 and all(docs_tables.filled(text) == text for text in texts), (
        "run: python tools/docs_tables.py"
    )
    assert all(sum(f"<!-- {name} -->" in text for text in texts) == 1 for name in docs_tables.TABLES)
