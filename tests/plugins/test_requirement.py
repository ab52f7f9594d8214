"""Optional dependencies: one list of extras, in the code and in the package's metadata."""

import re
import tomllib
from pathlib import Path

from whatsit.errors import MissingExtraError
from whatsit.plugins import EXTRAS, Requirement

ROOT = Path(__file__).parents[2]


def test_the_extras_are_those_of_the_package_and_each_brings_what_it_says() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(declared) == set(EXTRAS)
    for name, extra in EXTRAS.items():
        assert name == extra.extra
        assert extra.package in {re.split(r"[^\w.-]", line)[0] for line in declared[name]}


def test_the_tests_run_with_extras_that_exist() -> None:
    (line,) = re.findall(r"^EXTRAS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(line.split(",")) <= set(EXTRAS)


def test_a_missing_extra_names_what_needs_it_and_the_command() -> None:
    error = EXTRAS["tls"].missing("a certificate")
    assert isinstance(error, MissingExtraError)
    assert str(error) == ("a certificate needs cryptography, which is not installed: run  " + EXTRAS["tls"].command)


def test_a_requirement_knows_whether_it_is_there_without_importing_it() -> None:
    def needed(module: str, package: str) -> Requirement:
        return Requirement(name="X", module=module, package=package, purpose="tests", command="none")

    there, missing = needed("antigravity", "pip"), needed("no_such_module", "no-such-package")
    assert there.installed and there.version
    assert not missing.installed and missing.version is None
