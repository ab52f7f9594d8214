"""Tables that installed packages extend."""

import sys
from pathlib import Path

import pytest

from whatsit.errors import PluginError
from whatsit.plugins import Table


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts a package with entry points of the group ``demo.words`` on the path."""

    def installed(name: str, source: str, points: str) -> None:
        (tmp_path / f"{name}.py").write_text(source)
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[demo.words]\n{points}\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, name, raising=False)

    return installed


def words() -> Table[str]:
    return Table("demo.words", str, {"separator": "os:sep"})


def test_a_package_adds_a_row_after_the_built_in_ones(install):
    install("more_words", 'HELLO = "hello"', "hello = more_words:HELLO")
    assert dict(words()) == {"separator": "/", "hello": "hello"}
    assert words().broken == ()


def test_a_package_cannot_replace_a_built_in_row_and_is_named(install):
    install("thief", 'SEP = "#"', "separator = thief:SEP")
    assert words()["separator"] == "/"
    (broken,) = words().broken
    assert (broken.package, broken.name) == ("thief", "separator")


def test_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError):
        words()["nothing"]
    assert "nothing" not in words()


@pytest.mark.parametrize(
    ("source", "reason"), [("raise RuntimeError('no\\nway')", "RuntimeError"), ("HELLO = 3", "expected a str")]
)
def test_a_broken_package_is_left_out_and_named_in_one_line(install, source, reason):
    install("broken_words", source, "hello = broken_words:HELLO")
    assert list(words()) == ["separator"]
    with pytest.raises(PluginError, match=f"broken_words.*{reason}") as raised:
        words()["hello"]
    assert "\n" not in str(raised.value)
    assert [broken.package for broken in words().broken] == ["broken_words"]
