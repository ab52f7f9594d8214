"""Killed, starved and hindered runs end with the rows that they must have."""

import resource
import signal

import pytest
from bulk_oracle import compare, go, make_pile, rows_of

from whatsit import DataError, bulk


@pytest.fixture(scope="module")
def pile(bulk_model, tmp_path_factory):
    """3,300 paths, one in a hundred of them rubbish."""
    return make_pile(tmp_path_factory.mktemp("pile"), bulk_model.read_bytes(), 3300)


def test_killed_with_its_processes_or_without_a_run_ends_with_every_row_once(pile, bulk_model, tmp_path):
    out = tmp_path / "out"
    assert [go(pile, out, bulk_model, "run", at).returncode for at in (1, 4)] == [-signal.SIGKILL] * 2
    done = go(pile, out, bulk_model, "worker", 3)
    assert (done.returncode, compare(out, pile)) == (0, []), done.stderr
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.parquet")}
    assert go(pile, out, bulk_model).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in out.glob("*.parquet")} == before


def test_a_picture_at_which_processes_die_is_a_row_with_that_error(pile, bulk_model, tmp_path, monkeypatch):
    deadly = tmp_path / "sitecustomize.py"
    deadly.write_text(
        "import os, signal, sys\n"
        "def hook(event, args):\n"
        "    if event == 'open' and str(args[0]).endswith('0000042.jpg'): os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.addaudithook(hook)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    out = tmp_path / "out"
    result = bulk.run(pile.listed, out, bulk_model, workers=1)
    assert result.tally.pictures == 3300  # what was done twice counts once
    wrong = [row["error"] for row in rows_of(out) if row["path"].endswith("0000042.jpg")]
    assert wrong == ["left out: the process reading it ended 2 times, perhaps for lack of memory"]
    assert len(compare(out, pile)) == 1


def test_a_picture_at_which_a_process_hangs_is_a_row_with_that_error(pile, bulk_model, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(
        "import signal, sys\n"
        "def hook(event, args):\n"
        "    if event == 'open' and str(args[0]).endswith('0001042.jpg'):\n"
        "        while True: signal.pause()\n"
        "sys.addaudithook(hook)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    out = tmp_path / "out"
    result = bulk.run(pile.listed, out, bulk_model, workers=2, timeout=3)
    assert result.tally.pictures == 3300
    wrong = [row["error"] for row in rows_of(out) if row["path"].endswith("0001042.jpg")]
    assert wrong == ["left out: it took more than 3 s; --timeout allows more"]
    assert len(compare(out, pile)) == 1


def test_a_full_disk_is_one_line_and_the_run_goes_on_where_there_is_space_again(pile, bulk_model, tmp_path):
    out, before = tmp_path / "out", resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, before[1]))  # the list of paths has space, a part has none
    try:
        with pytest.raises(DataError, match=r"cannot write .*part-000000\d.parquet: File too large; free some space"):
            bulk.run(pile.listed, out, bulk_model, workers=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(rows_of(out)) < 1000
    bulk.run(pile.listed, out, bulk_model, workers=2, resume=True)
    assert compare(out, pile) == []


def test_processes_that_cannot_start_are_one_line(pile, bulk_model, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import os\nos._exit(3)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    with pytest.raises(DataError, match=r"end at once \(exit status 3\)"):
        bulk.run(pile.listed, tmp_path / "out", bulk_model, workers=1)
