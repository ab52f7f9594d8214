"""whatsit.toml changed by programs: what a person wrote beside it stays."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsit.datasets.project import Project
from whatsit.datasets.settings_file import with_tables, with_values
from whatsit.errors import DataError

TEXT = """# Of the belt in hall 3.
name = "belt"  # not the old one
colour = "red"

[design]
size = 96  # small

[[rules]]
# the lamp
name = "lamp"
label = "mug"
then = "gpio:17"
"""


def test_comments_and_unknown_keys_stay_when_settings_are_saved(tmp_path: Path) -> None:
    file = tmp_path / "whatsit.toml"
    file.write_text(TEXT)
    with Project(tmp_path) as project:
        project.save_settings(replace(project.settings, model="bottles", design={"size": 128}))
        project.save_tables("rules", [{"name": "lamp", "label": "cup", "then": "gpio:17"}], "name")
    text = file.read_text()
    for kept in ("# Of the belt in hall 3.", "# not the old one", 'colour = "red"', "# small", "# the lamp"):
        assert kept in text
    document = tomllib.loads(text)
    assert (document["model"], document["design"]) == ("bottles", {"size": 128})
    assert document["rules"] == [{"name": "lamp", "label": "cup", "then": "gpio:17"}]


def test_tables_are_made_changed_and_taken_away() -> None:
    one = {"name": "one", "label": "a", "then": "gpio:1"}
    two = {"name": "two", "state": "stale", "then": "gpio:2", "for": 1.5}
    text = with_tables(TEXT, "rules", [two, one], "name")
    assert tomllib.loads(text)["rules"] == [two, one]
    assert "rules" not in tomllib.loads(with_tables(text, "rules", [], "name"))
    inline = 'rules = [{name = "one", then = "gpio:9"}]\n[design]\nsize = 1\n'
    assert tomllib.loads(with_tables(inline, "rules", [one], "name")) == {"rules": [one], "design": {"size": 1}}


def test_a_broken_file_is_not_written_over(tmp_path: Path) -> None:
    with Project(tmp_path) as project:
        (tmp_path / "whatsit.toml").write_text("name = \n")
        with pytest.raises(DataError, match="correct or delete it"):
            project.save_tables("rules", [], "name")
    assert (tmp_path / "whatsit.toml").read_text() == "name = \n"


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=8)
PLAIN = NAMES | st.integers(-(2**40), 2**40) | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)


@given(st.dictionaries(NAMES, PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(NAMES, PLAIN, max_size=3)))
def test_what_is_written_is_read_back(values: dict[str, object]) -> None:
    assert tomllib.loads(with_values("", values)) == values
    assert tomllib.loads(with_values(with_values(TEXT, values), values)) == tomllib.loads(TEXT) | values


@given(st.lists(st.dictionaries(NAMES, PLAIN, min_size=1, max_size=3), max_size=4))
def test_tables_are_read_back(tables: list[dict[str, object]]) -> None:
    assert tomllib.loads(with_tables(TEXT, "rules", tables, "name")).get("rules", []) == tables
