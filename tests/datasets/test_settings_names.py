"""A misspelt name at the top of whatsit.toml is said with what was meant; what a later version wrote is kept."""

from dataclasses import fields
from pathlib import Path

import pytest

from whatsit.datasets.project import Project, ProjectSettings
from whatsit.datasets.settings_file import NAMES
from whatsit.errors import DataError
from whatsit.live.sinks.configured import read_sinks
from whatsit.rules.reading import read_rules


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[[rule]]\nlabel = 'mug'\nthen = 'gpio:17'", "no table 'rule'; did you mean [[rules]]?"),
        ("[[sink]]\nto = 'text:'", "no table 'sink'; did you mean [[sinks]]?"),
        ("[camra]\nuri = 'usb:0'", "no table 'camra'; did you mean camera?"),
        ("Camera = 'usb:0'", "no key 'Camera'; did you mean camera?"),
        ("[desing]\nsize = 96", "no table 'desing'; did you mean [design]?"),
    ],
)
def test_a_misspelt_name_is_refused_wherever_the_file_is_read(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "whatsit.toml"
    file.write_text(text)
    for read in (Project, lambda path: read_rules(path, needed=False), read_sinks):
        with pytest.raises(DataError) as refused:
            read(tmp_path)
        assert str(refused.value) == f"{file}: {named}"
    assert file.read_text() == text


def test_names_of_a_later_version_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "whatsit.toml").write_text("lights = 3\n[weather]\nplace = 'here'\n")
    assert Project(tmp_path).settings.camera == ""
    assert read_rules(tmp_path, needed=False) == () == read_sinks(tmp_path)


def test_every_setting_is_a_known_name() -> None:
    assert {one.name for one in fields(ProjectSettings)} | {"rules", "sinks"} == set(NAMES)
