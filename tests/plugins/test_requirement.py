"""Optional dependencies: one list of extras, in the code and in the package's metadata."""

import importlib
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from whatsit.errors import MissingExtraError
from whatsit.plugins import EXTRAS, Requirement

ROOT = Path(__file__).parents[2]


def test_the_extras_are_those_of_the_package_and_each_brings_what_it_says() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    together = set(re.findall(r"\w+", declared.pop("all")[0].removeprefix("whatsit")))
    assert set(declared) == set(EXTRAS)
    assert set(EXTRAS) - together == {"ray", "torch"}, "the two that bring gigabytes"
    for name, extra in EXTRAS.items():
        assert name == extra.extra
        assert extra.package in {re.split(r"[^\w.-]", line)[0] for line in declared[name]}


def test_the_tests_run_with_extras_that_exist() -> None:
    (line,) = re.findall(r"^EXTRAS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(line.split(",")) <= {"all", *EXTRAS}


def test_a_missing_extra_names_what_needs_it_and_the_command() -> None:
    error = EXTRAS["tls"].missing("a certificate")
    assert isinstance(error, MissingExtraError)
    assert str(error) == ("a certificate needs cryptography, which is not installed: run  " + EXTRAS["tls"].command)


def test_a_requirement_knows_whether_it_is_there_without_importing_it() -> None:
    def needed(module: str, package: str) -> Requirement:
        return Requirement(name="X", module=module, package=package, purpose="tests", command="none")

    there, missing = needed("antigravity", "pytest"), needed("no_such_module", "no-such-package")
    assert there.installed and there.version
    assert not missing.installed and missing.version is None


def test_a_module_inside_a_package_that_is_missing_is_missing_too() -> None:
    needed = Requirement(name="X", module="no_such.module", package="no-such", purpose="tests", command="none")
    assert not needed.installed


def test_an_extra_is_missing_while_one_of_its_modules_is() -> None:
    half = replace(EXTRAS["teach"], module="json", also=("no_such_module",))
    assert not half.installed
    with pytest.raises(MissingExtraError, match=r"^learning needs no_such_module, .* 'whatsit\[teach\]'$"):
        half.check("learning")
    with pytest.raises(MissingExtraError, match="no_such_module"), half.imports("learning"):
        importlib.import_module("no_such_module")


def test_a_package_that_is_there_and_broken_keeps_its_own_error() -> None:
    whole = replace(EXTRAS["teach"], module="json", also=())
    with pytest.raises(ModuleNotFoundError, match="elsewhere"), whole.imports("learning"):
        raise ModuleNotFoundError("elsewhere")
