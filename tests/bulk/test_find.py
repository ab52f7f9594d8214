"""Pictures like one picture, and what is made of them."""

import numpy as np
import pytest
from bulk_oracle import pa, pq, rows_of

from whatsit import DataError, ImageError, ModelError, Project, bulk, load_image
from whatsit.bulk.engines.here import HereEngine
from whatsit.bulk.manifest import known_manifest
from whatsit.bulk.part import part_path


@pytest.fixture(scope="module")
def crops(photographs, tmp_path_factory):
    """Forty crops of each photograph."""
    folder = tmp_path_factory.mktemp("crops")
    for name, path in photographs.items():
        whole, chance = load_image(path), np.random.default_rng(1)
        for number in range(40):
            left, top = int(chance.integers(0, 440)), int(chance.integers(0, 220))
            whole.crop((left, top, left + 200, top + 200)).save(folder / f"{name}{number:02d}.jpg")
    (folder / "broken.jpg").write_bytes(b"broken")
    return folder


@pytest.fixture(scope="module")
def answers(crops, taught_file, tmp_path_factory):
    """A finished run over them."""
    out = tmp_path_factory.mktemp("answers") / "out"
    bulk.run(crops, out, taught_file, embeddings=True, engine=HereEngine())
    return out


def brute_force(rows, query, k):
    """Every embedding compared."""
    similar = [(-round(float(np.float32(row["embedding"]) @ query), 6), at) for at, row in enumerate(rows)]
    return [(rows[at]["path"], -similarity) for similarity, at in sorted(similar)[:k]]


def test_the_same_picture_comes_first_and_the_rest_is_as_brute_force_says(answers, crops):
    search = bulk.Search(answers)
    rows = [row for row in rows_of(answers) if row["embedding"]]
    assert len(search) == len(rows) == 80
    for name in ("china03", "flower17"):
        found = search.find(crops / f"{name}.jpg", 7)
        assert found[0].path.endswith(f"{name}.jpg") and found[0].similarity == pytest.approx(1, abs=1e-3)
        expected = brute_force(rows, search.embed(crops / f"{name}.jpg"), 7)
        assert [match.path for match in found] == [path for path, _ in expected]
        assert [match.similarity for match in found] == pytest.approx([one for _, one in expected], abs=1e-5)
        assert {match.path.rpartition("/")[2][:5] for match in found} == {name[:5]}


def test_thousands_of_embeddings_give_what_brute_force_gives(answers, tmp_path):
    chance = np.random.default_rng(3)
    dim, count = 600, 3000  # without any structure, so that sketches rule little out
    vectors = chance.standard_normal((count, dim))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    vectors[500:520] = vectors[100]  # equals come in their order
    out = made_run(answers, tmp_path, vectors, [f"c{number % 3}" for number in range(count)])
    search, rows = bulk.Search(out), rows_of(out)
    for query in (*vectors[:4].astype(np.float32), vectors[100].astype(np.float32)):
        agrees(search.nearest(query, 25), rows, query, 25)
        agrees(search.nearest(query, 2000, label="c1"), [row for row in rows if row["label"] == "c1"], query, 2000)
    equals = [match.path for match in search.nearest(vectors[100].astype(np.float32), 21)]
    assert equals == ["/p/00100", *(f"/p/{number:05d}" for number in range(500, 520))]


def agrees(found, rows, query, k):
    """Whether these are the best; of two that differ by rounding alone, either may come first."""
    every = dict(brute_force(rows, query, len(rows)))
    assert [match.similarity for match in found] == pytest.approx(sorted(every.values(), reverse=True)[:k], abs=3e-6)
    assert [match.similarity for match in found] == pytest.approx([every[match.path] for match in found], abs=3e-6)
    assert len({match.path for match in found}) == len(found)


def made_run(answers, folder, vectors, labels):
    """A finished run of vectors that no picture gave: the search looks at the rows alone."""
    from dataclasses import replace

    from whatsit.bulk.manifest import PART

    manifest = replace(known_manifest(answers), pictures=len(vectors))
    out = folder / "made"
    (out / "manifest").mkdir(parents=True)
    manifest.write(out)
    kind = pq.read_schema(part_path(answers, 0))
    for part in range(manifest.parts):
        at = range(part * PART, min((part + 1) * PART, len(vectors)))
        columns = {
            "path": [f"/p/{n:05d}" for n in at], "label": [labels[n] for n in at], "embedding": list(vectors[at]),
            "score": [0.5] * len(at), "unknown": [False] * len(at),
        }  # fmt: skip
        arrays = [pa.array(columns.get(field.name, [None] * len(at)), field.type) for field in kind]
        facts = {b"whatsit.run": manifest.run.encode(), b"whatsit.part": str(part).encode()}
        pq.write_table(pa.table(arrays, schema=kind.with_metadata(facts)), part_path(out, part))
    return out


def test_the_label_filter_takes_only_that_label(answers, crops):
    search = bulk.Search(answers)
    found = search.find(crops / "china03.jpg", 100, label="flower")
    assert {match.label for match in found} == {"flower"}
    assert len(found) == sum(row["label"] == "flower" for row in rows_of(answers))
    with pytest.raises(DataError, match="label 'cat': no picture of the run has it; expected one of 'china', 'flower'"):
        search.find(crops / "china03.jpg", label="cat")


def test_the_index_is_made_again_where_it_is_of_another_run_or_damaged(answers, crops, taught_file, tmp_path):
    import shutil

    out = shutil.copytree(answers, tmp_path / "copy")
    before = bulk.Search(out).find(crops / "china03.jpg", 5)
    (out / "search" / "index.json").write_text("{}")
    assert bulk.Search(out).find(crops / "china03.jpg", 5) == before
    (out / "search" / "labels.npy").write_bytes((out / "search" / "basis.npy").read_bytes())
    with pytest.raises(DataError, match="damaged .*; remove that folder, it is made again"):
        bulk.Search(out)


def test_what_cannot_be_searched_is_one_line(answers, crops, taught_file, tmp_path):
    bulk.run(crops, tmp_path / "plain", taught_file, engine=HereEngine())
    cases = {
        tmp_path / "plain": "made without embeddings",
        tmp_path / "nowhere": "no run in it",
        tmp_path: "no run in it",
    }
    for out, expected in cases.items():
        with pytest.raises(DataError, match=expected):
            bulk.Search(out)
    with pytest.raises(ImageError):
        bulk.Search(answers).find(crops / "broken.jpg")
    with pytest.raises(ModelError, match="not the model that"):
        bulk.Search(answers, model=other_model(tmp_path)).find(crops / "china03.jpg")
    with pytest.raises(ModelError, match="no such file.*--model says where"):
        bulk.Search(answers, model=tmp_path / "gone.tflite").find(crops / "china03.jpg")


def other_model(folder):
    """The file of a model that no run of these tests was made with."""
    from small_models import small_classifier
    from whatsit.tflite.flatbuffer import write_model

    (folder / "other.tflite").write_bytes(write_model(small_classifier(seed=9).model))
    return folder / "other.tflite"


def test_an_unfinished_run_is_not_searched(answers, crops, tmp_path):
    import shutil

    out = shutil.copytree(answers, tmp_path / "copy", ignore=shutil.ignore_patterns("search", "part-*"))
    with pytest.raises(DataError, match="1 of 1 parts are missing; --resume makes them"):
        bulk.Search(out)


def test_a_selection_becomes_a_dataset(answers, crops, tmp_path, whatsit_line):
    pile = tmp_path / "pile.csv"
    assert whatsit_line("find", crops / "china03.jpg", answers, "-k", 6, "--output", pile)[0] == 0
    found = bulk.Search(answers).find(crops / "china03.jpg", 6)
    assert pile.read_text().splitlines() == ["path,label", *(f"{match.path},{match.label}" for match in found)]
    assert whatsit_line("dataset", "import", pile, "--selection", "-p", tmp_path / "project")[0] == 0
    with Project(tmp_path / "project") as project:
        pictures = project.dataset.pictures()
        assert sorted(picture.path.name for picture in pictures) == sorted(m.path.rpartition("/")[2] for m in found)
        assert {picture.label for picture in pictures} == {match.label for match in found}


def test_a_part_is_a_selection_and_what_is_no_picture_in_it_is_told(answers, tmp_path):
    from whatsit import import_selection

    with Project(tmp_path / "project") as project:
        report = import_selection(project.dataset, part_path(answers, 0))
        assert (report.added, len(report.skips)) == (80, 1)
        assert import_selection(project.dataset, part_path(answers, 0)).added == 0
        listed = tmp_path / "list.csv"
        listed.write_text("path,label\ns3://bucket/a.jpg,cat\n,cat\n/nowhere.jpg,cat\n")
        assert [skip.reason.split(";")[0] for skip in import_selection(project.dataset, listed).skips] == [
            "is an address", "nothing in column path", "no such file",
        ]  # fmt: skip
        for name in ("letter.doc", "gone.csv"):
            with pytest.raises(DataError, match="not a selection; expected a list that ends in .txt"):
                import_selection(project.dataset, tmp_path / name)
