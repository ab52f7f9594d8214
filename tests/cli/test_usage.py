"""How wrong usage of the command line is told."""

import pytest


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("bogus", "no such command 'bogus'; see whatsit -h"),
        ("dataset bogus", "no such command 'bogus'; see whatsit dataset -h"),
        ("classify", "paths is missing: Pictures, and folders of pictures; see whatsit classify -h"),
        ("classify x.jpg --top-k 0", "--top-k '0': expected 1 or more; see whatsit classify -h"),
        (
            "classify x.jpg --fit foo",
            "--fit: 'foo' is not one of 'cover', 'contain', 'squash'; see whatsit classify -h",
        ),
        ("train --size abc", "--size 'abc': expected a whole number; see whatsit train -h"),
        ("train --dropout much", "--dropout 'much': expected a number; see whatsit train -h"),
        ("train --siz 96", "no such option: --siz (Possible options: --fit, --size); see whatsit train -h"),
        ("train a b", "got unexpected extra argument(s) (b); see whatsit train -h"),
        ("train --size", "option '--size' requires an argument"),
    ],
)
def test_wrong_usage_is_told_in_one_line(whatsit_line, line, told):
    assert whatsit_line(*line.split()) == (2, f"whatsit: {told}\n")


@pytest.mark.parametrize("line", ["", "dataset"])
def test_help_is_shown_where_nothing_was_asked_for(run_python, line):
    done = run_python("from whatsit.__main__ import main; main()", *line.split(), COLUMNS="80")
    assert done.returncode == 2
    assert "Usage: whatsit" in done.stdout + done.stderr and "Commands" in done.stdout + done.stderr


def test_nothing_is_written_over_what_it_is_made_from(taught, tmp_path, whatsit_line):
    mine, link = tmp_path / "mine.tflite", tmp_path / "again.tflite"
    mine.write_bytes(taught.to_tflite())
    link.symlink_to(mine)
    for command in (["export", mine, "-o"], ["teach", "pictures", "--backbone", mine, "-o"]):
        for output in (mine, link):
            told = f"whatsit: {output}: would replace what it is made from; give -o another name\n"
            assert whatsit_line(*command, output) == (1, told)
    assert mine.read_bytes() == taught.to_tflite()
