"""What a run found, in figures and as a page."""

import json
import shutil

import pytest
from bulk_oracle import rows_of

from drawn_pictures import fill, jpeg
from whatsit import DataError, bulk
from whatsit.bulk.engines.here import HereEngine
from whatsit.bulk.summary_page import summary_page


@pytest.fixture(scope="module")
def answers(photographs, taught_file, tmp_path_factory):
    """Two photographs, drawings that are neither, and a broken file."""
    room = tmp_path_factory.mktemp("summary")
    fill(room / "pictures", each=5)
    for name, path in photographs.items():
        shutil.copy(path, room / "pictures" / f"{name}<b>.jpg")
    (room / "pictures" / "broken.jpg").write_bytes(jpeg(3)[:100])
    bulk.run(room / "pictures", room / "out", taught_file, engine=HereEngine())
    return room / "out"


def test_the_figures_are_those_of_the_rows(answers):
    found, rows = bulk.summarise(answers), rows_of(answers)
    good = [row for row in rows if row["error"] is None]
    assert (found.pictures, found.expected, found.errors) == (13, 13, 1)
    assert found.unknown == sum(row["unknown"] for row in good) > 5
    assert {label: (one.pictures, one.unknown) for label, one in found.labels.items()} == {
        label: tuple(
            sum(row["label"] == label and row["unknown"] is unknown for row in good) for unknown in (False, True)
        )
        for label in ("china", "flower")
    }
    assert sum(found.histogram) == 12 and found.histogram[-1] == sum(row["score"] >= 0.95 for row in good)
    [(text, count, path)] = found.problems
    assert count == 1 and path.endswith("broken.jpg") and "picture" in text


def test_the_most_doubtful_come_first(answers):
    found, rows = bulk.summarise(answers, doubtful=3), rows_of(answers)
    unknown = sorted((row for row in rows if row["unknown"]), key=lambda row: -row["distance"])
    assert [one.path for one in found.strangers] == [row["path"] for row in unknown[:3]]
    known = [row for row in rows if row["unknown"] is False]
    assert len(found.undecided) == min(3, len(known)) > 0
    margins = [one.score - one.second_score for one in found.undecided]
    assert margins == sorted(margins)
    assert margins[0] == min(row["top_k"][0]["score"] - row["top_k"][1]["score"] for row in known)


def test_the_page_has_its_pictures_inside_and_escapes_every_name(answers):
    page = summary_page(bulk.summarise(answers)).decode()
    found = bulk.summarise(answers)
    assert page.count('src="data:image/jpeg;base64,') == len(found.undecided) + len(found.strangers)
    assert "<b>.jpg" not in page and "&lt;b&gt;.jpg" in page and "<script" not in page
    assert "http://" not in page and "https://" not in page


def test_a_picture_that_has_gone_is_said_on_the_page(answers, tmp_path):
    pictures = answers.parent / "pictures"
    pictures.rename(answers.parent / "elsewhere")
    try:
        assert "not there now" in summary_page(bulk.summarise(answers)).decode()
    finally:
        (answers.parent / "elsewhere").rename(pictures)


def test_an_unfinished_run_says_so(answers, tmp_path, whatsit_line, capsys):
    out = shutil.copytree(answers, tmp_path / "out", ignore=shutil.ignore_patterns("part-*"))
    status, said = whatsit_line("summary", out)
    assert (status, said) == (0, "whatsit: the run is not finished: 0 of 13 pictures\n")
    assert "The run is not finished: 0 of 13" in (out / "summary.html").read_text()
    with pytest.raises(DataError, match="no run in it"):
        bulk.summarise(tmp_path)


def test_the_command_gives_json_for_a_program(answers, run_python):
    done = run_python("from whatsit.cli.app import main\nmain()", "summary", answers, "--json")
    found = json.loads(done.stdout)
    assert (found["pictures"], found["errors"], sum(found["histogram"])) == (13, 1, 12)
