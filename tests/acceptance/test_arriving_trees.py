"""Random trees with known truth: what people bring is understood or refused by name, never silently wrong.

``WHATSIT_TREES=200 pytest -s tests/acceptance/test_arriving_trees.py`` tries more of them and prints the table;
``WHATSIT_TREES_FROM=1000`` grows others.
"""

import os
from collections import Counter

import pytest

from arriving_trees import BROKEN, Grower, written, zipped
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.project import Project
from whatsit.errors import WhatsitError
from whatsit.teaching.teach import labelled_examples

FIRST = int(os.environ.get("WHATSIT_TREES_FROM", "0"))
TREES = int(os.environ.get("WHATSIT_TREES", "60"))
BATCH = 20


def judged(seed, folder):
    """``right``, ``refused`` or ``WRONG``, the kind of tree, and what happened."""
    grower = Grower(seed)
    arrival = grower.grow()
    as_zip = grower.random.random() < 0.35
    if as_zip:
        names = "".join(arrival.files)
        encodings = [""]
        for encoding in ("utf-8", "gbk", "cp437", "cp866"):
            try:
                names.encode(encoding)
                encodings.append(encoding)
            except UnicodeEncodeError:
                pass
        # A name that is UTF-8 by chance, or text in an earlier code page, cannot be told: see test_zip_names.
        chosen = grower.random.choice(encodings[:2] if names.isascii() or "é" in names else encodings)
        source = zipped(arrival, folder / "in.zip", chosen)
    else:
        source = written(arrival, folder / "in")
    with Project(folder / "project") as project:
        try:
            report = import_path(project.dataset, source)
        except WhatsitError as error:
            assert "\n" not in str(error)
            return "refused", arrival, str(error)
        got = {path.read_bytes(): (label, split.value) for path, label, split in project.dataset}
        unlabelled = {path.path.read_bytes() for path in project.dataset.pictures("_unlabelled")}
    got = {content: said for content, said in got.items() if content not in unlabelled}
    wrong = problems(arrival, got)
    if not as_zip and not wrong:
        taught = {path.read_bytes(): (label, "") for path, label in labelled_examples(source).pictures}
        taught = {content: said for content, said in taught.items() if content != BROKEN}
        wrong = [f"teach: {one}" for one in problems(arrival, taught, with_splits=False)]
    if wrong:
        missing = all(one.startswith("missing") for one in wrong) and report.skips
        return "refused" if missing else "WRONG", arrival, f"{wrong[:3]} {report.read_as}"
    return "right", arrival, ""


def problems(arrival, got, *, with_splits=True):
    found = []
    for content, (label, split) in got.items():
        truth, wanted = arrival.truth.get(content, ("no class at all", ""))
        if label != truth:
            found.append(f"label {label!r} for {truth!r}")
        elif with_splits and wanted and split != wanted:
            found.append(f"split {split} for {wanted} of {label}")
    found += [f"missing {label!r}" for content, (label, _) in arrival.truth.items() if content not in got]
    return found


RESULTS = {}


@pytest.mark.parametrize("start", range(FIRST, FIRST + TREES, BATCH))
def test_no_tree_is_silently_wrong(start, tmp_path):
    for seed in range(start, min(FIRST + TREES, start + BATCH)):
        (tmp_path / str(seed)).mkdir()
        RESULTS[seed] = judged(seed, tmp_path / str(seed))
    assert [
        (seed, RESULTS[seed][1].kind, RESULTS[seed][2])
        for seed in range(start, min(FIRST + TREES, start + BATCH))
        if RESULTS[seed][0] == "WRONG" or (RESULTS[seed][0] == "right" and not RESULTS[seed][1].is_clear)
    ] == []


def test_nearly_all_clear_trees_are_understood_and_the_rest_is_refused_by_name():
    if len(RESULTS) < TREES:
        pytest.skip("counts the trees of the tests before it")
    counts = Counter((arrival.kind, result) for result, arrival, _ in RESULTS.values())
    kinds = sorted({kind for kind, _ in counts})
    print(f"\n{'kind':28}{'right':>7}{'refused':>9}{'wrong':>7}")
    for kind in kinds:
        print(f"{kind:28}{counts[kind, 'right']:>7}{counts[kind, 'refused']:>9}{counts[kind, 'WRONG']:>7}")
    clear = [(seed, result, said) for seed, (result, arrival, said) in RESULTS.items() if arrival.is_clear]
    right = sum(result == "right" for _, result, _ in clear)
    print(f"{len(RESULTS)} trees; of {len(clear)} that can be known, {right} understood")
    for seed, result, said in clear:
        if result != "right":
            print(seed, RESULTS[seed][1].kind, result, said)
    assert right >= 0.95 * len(clear)
