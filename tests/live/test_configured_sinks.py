"""Sinks in whatsit.toml: an address, its options as keys beside it, secrets by name only."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from said import said
from whatsit.cli.app import app
from whatsit.datasets.project import Project
from whatsit.errors import DataError
from whatsit.live.sinks.configured import open_choices, read_sinks


def written(folder: Path, text: str) -> Path:
    """A TOML file."""
    file = folder / "whatsit.toml"
    file.write_text(text)
    return file


def test_options_stand_beside_the_address_with_their_own_types(tmp_path: Path) -> None:
    file = written(
        tmp_path, f'[[sinks]]\nto = "jsonl:{tmp_path}/seen.jsonl"\nmax_mb = 0.001\nfiles = 2\nevery = true\n'
    )
    (sink,) = open_choices(read_sinks(file))
    for _ in range(20):
        sink.send(said("mug"))
    sink.close()
    assert sorted(path.name for path in tmp_path.glob("seen*")) == ["seen.jsonl", "seen.jsonl.1"]


def test_a_file_without_sinks_has_none_and_a_folder_is_a_project(tmp_path: Path) -> None:
    with Project(tmp_path / "shop") as project:
        assert read_sinks(project.path) == ()


def test_a_project_is_known_by_the_same_id_wherever_it_is_moved(tmp_path: Path) -> None:
    with Project(tmp_path / "shop") as project:
        written(project.path, '[[sinks]]\nto = "mqtt://127.0.0.1"\n[[sinks]]\nto = "mqtt://127.0.0.1?id=shelf"\n')
    first, named = read_sinks(tmp_path / "shop")
    assert first.options["id"].startswith("whatsit_") and "id" not in named.options
    (tmp_path / "shop").rename(tmp_path / "store")
    assert read_sinks(tmp_path / "store")[0].options == first.options
    with Project(tmp_path / "other") as project:
        written(project.path, '[[sinks]]\nto = "mqtt://127.0.0.1"\n')
    assert read_sinks(tmp_path / "other")[0].options != first.options
    (tmp_path / "store/.whatsit/project-id").write_text("nonsense")
    assert read_sinks(tmp_path / "store")[0].options["id"] != "nonsense"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('sinks = "text:"', r"sinks: expected tables called \[\[sinks\]\]"),
        ("[[sinks]]", "sink 1: to None: expected an address"),
        ('[[sinks]]\nto = "text:"\n[[sinks]]\nto = "kettle:"', "sink 2: 'kettle:': no sink of kind 'kettle'"),
        ('[[sinks]]\nto = "text:"\ncolour = "red"', "sink 1: no key 'colour'; expected to, every"),
        ('[[sinks]]\nto = "text:"\nevery = [1]', "sink 1: every: expected text in quotes, a number, true or false"),
        ('[[sinks]]\nto = "text:?every=1"\nevery = true', "every stands in the address and beside it"),
    ],
)
def test_what_is_wrong_is_named_with_its_file_and_its_sink(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(DataError, match=named) as raised:
        read_sinks(written(tmp_path, text))
    assert str(raised.value).startswith(str(tmp_path)) and "\n" not in str(raised.value)


def test_a_secret_is_named_never_written_and_never_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", "s3cr3t")
    where = 'to = "webhook:http://127.0.0.1:9/hook/pr1vate"\noutbox = "{}"\nsecret = "{}"\n'
    (plain,) = read_sinks(written(tmp_path, "[[sinks]]\n" + where.format(tmp_path / "a.db", "s3cr3t")))
    with pytest.raises(DataError, match="not the secret in plain sight") as raised:
        plain.open()
    (named,) = read_sinks(written(tmp_path, "[[sinks]]\n" + where.format(tmp_path / "a.db", "env:HOOK")))
    named.open().close()
    said_of_them = f"{raised.value} {plain!r} {named!r} {named.name}"
    assert "s3cr3t" not in said_of_them and "pr1vate" not in said_of_them


def test_of_several_sinks_all_or_none_are_opened(tmp_path: Path) -> None:
    file = f"{tmp_path}/seen.jsonl"
    choices = read_sinks(written(tmp_path, f'[[sinks]]\nto = "jsonl:{file}"\n[[sinks]]\nto = "jsonl:"'))
    with pytest.raises(DataError, match="no file is named"):
        open_choices(choices)
    open_choices(choices[:1])[0].close()


def test_live_of_a_project_has_its_camera_model_sinks_and_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taught
) -> None:
    monkeypatch.chdir(tmp_path)
    with Project(tmp_path / "shop") as project:
        taught.save(project.models / "places.tflite")
        head = 'camera = "synthetic:?fps=0"\nmodel = "places"\n'
        sinks = '[[sinks]]\nto = "jsonl:seen.jsonl"\nevery = true\n'
        rule = '[[rules]]\nlabel = "mug"\nthen = "command:cat"\n'
        written(project.path, head + sinks + rule)
    run = CliRunner().invoke
    done = run(app, ["live", "--project", "shop", "-n", "2"])
    assert (done.exit_code, done.stdout) == (0, ""), done.output
    lines = [json.loads(line) for line in (tmp_path / "seen.jsonl").read_text().splitlines()]
    assert 0 < len(lines) <= 2 and {one["label"] for one in lines[0]["predictions"]} == {"china", "flower"}
    assert run(app, ["live", "--project", "shop", "-n", "1", "--sink", "text:"]).stdout
    assert len((tmp_path / "seen.jsonl").read_text().splitlines()) == len(lines)
    assert "--camera is missing" in str(run(app, ["live", "-n", "1"]).exception)
