"""``whatsit dataset``: pictures in, counts, splits, checks and pictures out from a terminal."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from drawn_pictures import COLOURS, fill, jpeg, tree
from whatsit.cli import app as program


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "60")

    def call(*arguments):
        return CliRunner().invoke(program.app, ["dataset", *map(str, arguments)])

    return call


@pytest.fixture
def pets(run, tmp_path):
    for place, label in enumerate(("red", "blue")):
        for number in range(12):
            (tmp_path / "in" / label).mkdir(parents=True, exist_ok=True)
            (tmp_path / "in" / label / f"{number}.jpg").write_bytes(jpeg(100 * place + number, COLOURS[label]))
    (tmp_path / "in" / "notes.txt").write_text("?")
    return run("import", "in", "-p", "pets")


def test_import_counts_and_names_what_stayed_away(pets, run):
    assert pets.exit_code == 0
    assert "24 pictures added, 1 skipped." in pets.stdout
    assert "notes.txt: not a picture file" in pets.stdout
    again = json.loads(run("import", "in", "-p", "pets", "--json").stdout)
    assert (again["added"], again["present"], len(again["skipped"])) == (0, 24, 1)


def test_an_import_says_first_that_most_was_not_read_then_how_it_was_read_and_what_stayed_away_by_reason(run, tmp_path):
    fill(tmp_path / "in" / "seg_train", each=1)
    fill(tmp_path / "in" / "seg_test", each=1, start=50)
    for number in range(6):
        (tmp_path / "in" / f"{number}.docx").write_bytes(b"x")
    said = " ".join(run("import", "in", "-p", "pets").stdout.split())
    assert said == (
        "most files were not read: 6 of 10. 4 pictures added, 6 skipped. Read as: split folders: seg_test is test, "
        "seg_train is training. Classes: cat, dog. not a picture file (6): 0.docx, 1.docx, 2.docx and 3 more "
        "--json names them all"
    )


def test_of_several_paths_a_bad_one_stops_nothing_and_makes_the_status_1(run, tmp_path):
    fill(tmp_path / "in", labels=("cat", "dog"), each=2)
    (tmp_path / "one.jpg").write_bytes(jpeg(77))
    (tmp_path / "bad.zip").write_bytes(b"PK")
    mixed = run("import", "in", "nothing", "bad.zip", "one.jpg", "-p", "pets")
    assert "in: 4 pictures added." in mixed.stdout and "one.jpg: 1 picture added." in mixed.stdout
    assert mixed.stdout.splitlines()[-1] == "In all: 5 pictures added."
    assert mixed.exit_code == 1
    assert mixed.stderr.splitlines() == ["whatsit: nothing: no such file or folder"]
    assert str(mixed.exception).startswith("bad.zip: not a zip archive")
    document = json.loads(run("import", "in", "nothing", "one.jpg", "-p", "pets", "--json").stdout)
    assert (document["added"], document["present"], document["skipped"]) == (0, 5, [])
    assert [(row["source"], row["present"]) for row in document["sources"]] == [("in", 4), ("one.jpg", 1)]
    assert document["errors"] == [{"source": "nothing", "error": "nothing: no such file or folder"}]


def test_an_import_of_nothing_but_refusals_is_an_error_and_a_repetition_is_none(run, tmp_path):
    (tmp_path / "in" / "cat").mkdir(parents=True)
    (tmp_path / "in" / "cat" / "torn.jpg").write_bytes(jpeg(1)[:300])
    refused = run("import", "in", "-p", "pets")
    assert refused.exit_code == 1
    assert str(refused.exception).startswith("nothing was imported: 1 refused")
    (tmp_path / "in" / "cat" / "whole.jpg").write_bytes(jpeg(1))
    assert [run("import", "in", "-p", "pets").exit_code for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("columns", ["30", "80"])
def test_stats_fit_the_terminal(pets, run, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    out = run("stats", "-p", "pets").stdout
    assert max(map(len, out.splitlines())) <= int(columns)
    classes = json.loads(run("stats", "-p", "pets", "--json").stdout)["classes"]
    sums = [sum(counts[split] for counts in classes.values()) for split in ("training", "validation", "test")]
    assert sum(sums) == 24 and min(sums) > 0 and classes["red"]["training"] >= 7
    assert out.splitlines()[-1].split() == ["all", *map(str, sums), "24"]


def test_stats_name_a_line_of_the_splits_that_says_nothing(pets, run):
    with Path("pets/dataset/splits.csv").open("a") as stream:
        stream.write("a slip\n")
    told = run("stats", "-p", "pets", "--json")
    assert "line 26 cannot be read" in " ".join(told.stderr.split())
    assert json.loads(told.stdout)


def test_split_shows_changes_and_takes_back(pets, run):
    before = run("split", "-p", "pets", "--json").stdout
    changed = json.loads(run("split", "-p", "pets", "--ratios", "100/0/0", "--again", "--json").stdout)
    assert changed["ratios"] == "100/0/0"
    assert changed["classes"]["red"] == {"training": 12, "validation": 0, "test": 0}
    held = json.loads(run("split", "-p", "pets", "--hold-out", "--json").stdout)
    assert held["classes"]["red"]["test"] > 0 and held["lacking"] == []
    run("split", "-p", "pets", "--undo")
    undone = json.loads(run("split", "-p", "pets", "--undo", "--json").stdout)
    assert undone["classes"] == json.loads(before)["classes"]


def test_check_says_by_its_status_whether_the_data_are_ready(pets, run, tmp_path):
    good = run("check", "-p", "pets", "--quick")
    assert (good.exit_code, "ready to train" in good.stdout) == (0, True)
    (tmp_path / "pets" / "dataset" / "red" / "broken.jpg").write_bytes(b"x")
    bad = run("check", "-p", "pets", "--quick", "--json")
    assert bad.exit_code == 1
    assert json.loads(bad.stdout)["findings"][0]["pictures"] == ["red/broken.jpg"]


def test_export_and_rebuild(pets, run, tmp_path):
    assert "24 pictures written" in run("export", "out", "-p", "pets", "--layout", "folder").stdout
    (tmp_path / "in" / "notes.txt").unlink()
    assert tree(tmp_path / "out") == tree(tmp_path / "in")
    assert "24 pictures indexed" in run("rebuild", "-p", "pets").stdout


def test_every_dataset_command_has_help_with_an_example(run):
    listed = run("--help").stdout
    for name in ("import", "export", "stats", "split", "check", "rebuild"):
        assert name in listed
        assert f"Example: whatsit dataset {name}" in " ".join(run(name, "--help").stdout.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("stats",),
        ("stats", "-p", "nowhere"),
        ("export", "out", "-p", "nowhere"),
        ("import", "nothing.zip", "-p", "x"),
        ("import", "nothing.zip", "x.zip", "--label", "a:" + "b" * 80),
    ],
)
def test_a_mistake_is_one_line_and_a_status(tmp_path, arguments):
    done = subprocess.run(
        [sys.executable, "-c", "from whatsit.cli.app import main; main()", "dataset", *arguments],
        capture_output=True, text=True, cwd=tmp_path, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(program.__file__).parents[2])},
    )  # fmt: skip
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1 and "Traceback" not in done.stderr
    assert not (tmp_path / "nowhere").exists()


def test_importing_a_class_by_label(run, tmp_path):
    fill(tmp_path / "in", labels=("x",), each=2)
    run("import", "in", "--label", "cat", "-p", "p")
    assert list(json.loads(run("stats", "-p", "p", "--json").stdout)["classes"]) == ["cat"]


def test_a_label_is_shown_as_it_is_called_even_where_it_looks_like_markup(run, tmp_path):
    for label in ("[red]mug", ":smile:"):
        (tmp_path / "in" / label).mkdir(parents=True)
        for name in ("one.jpg", "copy.jpg"):
            (tmp_path / "in" / label / name).write_bytes(jpeg(len(label), COLOURS["red"]))
    run("import", "in", "-p", "odd")
    found = run("check", "-p", "odd", "--quick").stdout
    assert "[red]mug" in found and ":smile:" in found


def test_ctrl_c_in_the_middle_of_an_import_is_one_line_and_the_same_command_goes_on(run, tmp_path):
    for number in range(600):
        (tmp_path / "many" / str(number % 3)).mkdir(parents=True, exist_ok=True)
        (tmp_path / "many" / str(number % 3) / f"{number}.jpg").write_bytes(jpeg(number, COLOURS["red"]))
    command = [sys.executable, "-m", "whatsit", "dataset", "import", "many", "-p", "things"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as importing:
        # The part that is under way is put back: one must have come before it.
        while importing.poll() is None and len(list((tmp_path / "things/dataset").glob("*/*.jpg"))) <= 64:
            pass
        importing.send_signal(signal.SIGINT)
        _, said = importing.communicate()
    kept = "whatsit: stopped: the dataset is whole; run the command again to go on\n"
    assert (importing.returncode, said) == (130, kept)
    arrived = len(list((tmp_path / "things/dataset").glob("*/*.jpg")))
    assert 0 < arrived < 600
    again = run("import", "many", "-p", "things")
    assert f"{600 - arrived:,} pictures added, {arrived:,} there already." in again.stdout
    assert len(list((tmp_path / "things/dataset").glob("*/*.jpg"))) == 600
