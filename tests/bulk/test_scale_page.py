"""The SQL of the page on scale runs, and says what the run's rows say."""

import re
from pathlib import Path

import pytest
from bulk_oracle import rows_of

from drawn_pictures import jpeg
from whatsit import Project, bulk, import_selection
from whatsit.bulk.engines.here import HereEngine

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"


def test_every_query_of_the_page_runs_and_its_selection_becomes_a_dataset(taught_file, crops, tmp_path, monkeypatch):
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed: pip install duckdb")
    (block,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    queries = [query.strip() for query in block.split(";") if query.strip()]
    monkeypatch.chdir(tmp_path)
    bulk.run(crops, "answers", taught_file, embeddings=True, engine=HereEngine())
    rows = rows_of(tmp_path / "answers")
    counts, errors, copies, alike, _ = [duckdb.sql(query).fetchall() if at < 4 else duckdb.sql(query)
                                        for at, query in enumerate(queries)]  # fmt: skip
    assert {label: number for label, number, *_ in counts} == {
        label: sum(row["label"] == label for row in rows) for label in ("china", "flower")
    }
    assert [(count, path) for _, count, path in errors] == [(1, str(crops / "broken.jpg"))]
    assert [sorted(Path(path).name for path in paths) for _, paths in copies] == [["copy.jpg", "one.jpg"]]
    found = bulk.Search("answers").find(crops / "one.jpg", 20)
    assert [similar for _, similar in alike] == pytest.approx([match.similarity for match in found], abs=2e-3)
    with Project(tmp_path / "project") as project:
        report = import_selection(project.dataset, "doubtful.parquet")
    doubtful = [row for row in rows if row["error"] is None and (
        row["unknown"] or row["top_k"][0]["score"] - row["top_k"][1]["score"] < 0.2)]  # fmt: skip
    assert report.added == len(doubtful) > 0


@pytest.fixture
def crops(photographs, tmp_path):
    """Crops of both photographs, one of them twice, two strangers and a broken file."""
    from whatsit import load_image

    folder = tmp_path / "crops"
    folder.mkdir()
    for name, path in photographs.items():
        whole = load_image(path)
        for number in range(12):
            whole.crop((number * 30, number * 15, number * 30 + 200, number * 15 + 200)).save(
                folder / f"{name}{number}.jpg"
            )
    for name in ("one.jpg", "copy.jpg"):
        load_image(photographs["china"]).save(folder / name)
    for number in range(2):
        (folder / f"drawn{number}.jpg").write_bytes(jpeg(number))
    (folder / "broken.jpg").write_bytes(b"broken")
    return folder
