"""What a run writes, and when it goes on."""

import json

import numpy as np
import pytest
from bulk_oracle import pq, rows_of

from drawn_pictures import jpeg
from whatsit import Classifier, DataError, ModelError, bulk
from whatsit.bulk.engines.here import HereEngine

HERE = HereEngine()


def test_a_row_has_what_the_classifier_says_of_the_picture(pictures, taught_file, tmp_path):
    result = bulk.run(pictures, tmp_path / "out", taught_file, top_k=2, embeddings=True, engine=HERE)
    assert (result.pictures, result.parts, result.tally.errors) == (12, 1, 0)
    classifier = Classifier(taught_file)
    rows = rows_of(tmp_path / "out")
    assert [row["path"] for row in rows] == [str(path) for path in sorted(pictures.rglob("*.jpg"))]
    for row in rows:
        answer = classifier.classify(row["path"], 2)
        assert [(one["label"], one["index"]) for one in row["top_k"]] == [(one.label, one.index) for one in answer]
        assert [one["score"] for one in row["top_k"]] == pytest.approx([one.score for one in answer], abs=1e-6)
        assert (row["label"], row["unknown"], row["error"]) == (answer[0].label, answer.unknown, None)
        assert row["distance"] == pytest.approx(answer.distance) == pytest.approx(min(row["distances"]))
        assert len(row["embedding"]) == classifier.embedding_size
        assert np.linalg.norm(np.asarray(row["embedding"], np.float32)) == pytest.approx(1, abs=1e-3)


def test_processes_write_the_same_bytes_as_one(pictures, taught_file, tmp_path):
    bulk.run(pictures, tmp_path / "one", taught_file, embeddings=True, engine=HERE)
    heard = []
    bulk.run(pictures, tmp_path / "two", taught_file, embeddings=True, workers=2, on_progress=heard.append)
    name = "part-0000000.parquet"
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert (heard[0].done, heard[-1].done, heard[-1].total) == (0, 12, 12)
    assert heard[-1].rate > 0 and heard[-1].seconds_left == 0


def test_a_picture_that_cannot_be_read_is_a_row_with_its_error(pictures, bulk_model, tmp_path):
    (pictures / "cat" / "broken.jpg").write_bytes(jpeg(1)[:200])
    (pictures / "cat" / "empty.jpg").write_bytes(b"")
    result = bulk.run(pictures, tmp_path / "out", bulk_model, engine=HERE)
    wrong = {row["path"].rpartition("/")[2]: row for row in rows_of(tmp_path / "out") if row["error"]}
    assert sorted(wrong) == ["broken.jpg", "empty.jpg"] and result.tally.errors == 2
    assert all(row["label"] is row["score"] is row["top_k"] is row["unknown"] is None for row in wrong.values())
    assert wrong["broken.jpg"]["sha256"] and "picture" in wrong["broken.jpg"]["error"]


def test_a_run_goes_on_only_where_it_is_asked_to_and_is_the_same_run(pictures, bulk_model, taught_file, tmp_path):
    out = tmp_path / "out"
    bulk.run(pictures, out, bulk_model, engine=HERE)
    for changed, expected in (
        ({}, "holds 1 of the 1 parts of a run; --resume goes on"),
        ({"resume": True, "top_k": 2}, "top_k 2 instead of 5"),
        ({"resume": True, "model": taught_file}, "another model"),
    ):
        with pytest.raises(DataError, match=expected):
            bulk.run(**{"inputs": pictures, "out": out, "model": bulk_model, "engine": HERE, **changed})
    (pictures / "cat" / "new.jpg").write_bytes(jpeg(99))
    with pytest.raises(DataError, match="13 pictures instead of 12"):
        bulk.run(pictures, out, bulk_model, engine=HERE, resume=True)
    assert len(rows_of(out)) == 12


def test_a_part_that_was_damaged_or_is_of_another_run_is_made_again(pictures, bulk_model, tmp_path):
    out, part = tmp_path / "out", tmp_path / "out" / "part-0000000.parquet"
    bulk.run(pictures, out, bulk_model, engine=HERE)
    whole = part.read_bytes()
    bulk.run(pictures / "cat", tmp_path / "other", bulk_model, engine=HERE)
    for content in (whole[:-300], b"", (tmp_path / "other" / part.name).read_bytes()):
        part.write_bytes(content)
        assert bulk.run(pictures, out, bulk_model, engine=HERE, resume=True).present == 0
        assert part.read_bytes() == whole


def test_parts_have_a_thousand_pictures_in_the_order_of_the_list(bulk_model, tmp_path):
    (tmp_path / "a.jpg").write_bytes(jpeg(1))
    lines = [f"{number:05d}" for number in range(2100, 0, -1)]
    (tmp_path / "list.txt").write_text("\n".join(lines))
    bulk.run(tmp_path / "list.txt", tmp_path / "out", bulk_model, engine=HERE)
    parts = sorted((tmp_path / "out").glob("*.parquet"))
    assert [pq.read_metadata(part).num_rows for part in parts] == [1000, 1000, 100]
    assert [row["path"].rpartition("/")[2] for row in rows_of(tmp_path / "out")] == lines


def test_what_is_refused_leaves_nothing_behind(pictures, bulk_model, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    for settings, kind, expected in (
        ({"embeddings": True}, DataError, "has none; take a model that  whatsit teach"),
        ({"inputs": tmp_path / "nowhere"}, DataError, "no such file or folder"),
        ({"model": tmp_path / "nowhere.tflite"}, ModelError, "no such file"),
        ({"engine": "spark"}, ValueError, "expected one of local, ray"),
        ({"inputs": []}, ValueError, "expected folders"),
        ({"inputs": tmp_path / "full"}, DataError, "no pictures there"),
        ({"top_k": 0}, ValueError, "top_k 0"),
        ({"timeout": 0}, ValueError, "timeout 0: expected seconds"),
        ({"out": tmp_path / "full"}, DataError, "holds other files, such as 'letter.txt'"),
    ):
        with pytest.raises(kind, match=expected):
            bulk.run(**{"inputs": pictures, "out": tmp_path / "new" / "out", "model": bulk_model, **settings})
    assert not (tmp_path / "new" / "out").exists() and [*(tmp_path / "full").iterdir()] == [
        tmp_path / "full/letter.txt"
    ]


def test_a_folder_is_written_by_one_run_at_a_time(pictures, bulk_model, tmp_path):
    def second(_: bulk.Progress) -> None:
        with pytest.raises(DataError, match="another run is writing there"):
            bulk.run(pictures, tmp_path / "out", bulk_model, resume=True)

    bulk.run(pictures, tmp_path / "out", bulk_model, engine=HERE, on_progress=second)


def test_a_model_that_changes_under_a_run_is_noticed(pictures, bulk_model, taught_file, tmp_path):
    model = tmp_path / "model.tflite"
    model.write_bytes(bulk_model.read_bytes())

    def change(_: bulk.Progress) -> None:
        model.write_bytes(taught_file.read_bytes())

    with pytest.raises(ModelError, match="not the model that .* was begun with"):
        bulk.run(pictures, tmp_path / "out", model, engine=HERE, on_progress=change)


def test_a_damaged_manifest_is_one_line(pictures, bulk_model, tmp_path):
    bulk.run(pictures, tmp_path / "out", bulk_model, engine=HERE)
    path = tmp_path / "out" / "manifest" / "run.json"
    values = json.loads(path.read_text())
    for content in ("{", "[]", json.dumps(values | {"pictures": 11}), json.dumps(values | {"format": 2})):
        path.write_text(content)
        with pytest.raises(DataError, match="run.json: (damaged|made by a later)"):
            bulk.run(pictures, tmp_path / "out", bulk_model, engine=HERE, resume=True)


def test_the_command_says_how_many_and_goes_on(pictures, taught_file, tmp_path, whatsit_line):
    line = ("bulk", pictures, tmp_path / "out", "--model", taught_file, "--workers", 1)
    assert whatsit_line(*line)[0] == 0
    status, said = whatsit_line(*line)
    assert (status, said.count("\n")) == (1, 1) and "--resume goes on" in said
    assert whatsit_line(*line, "--resume") == (0, "")


def test_ctrl_c_says_what_is_kept(pictures, taught_file, tmp_path, whatsit_line, monkeypatch):
    monkeypatch.setattr("whatsit.bulk.engines.local.LocalEngine.work", _interrupted)
    status, said = whatsit_line("bulk", pictures, tmp_path / "out", "--model", taught_file)
    assert (status, said) == (
        130, "whatsit: stopped: after 0 of 12 pictures; whole parts are kept, and --resume goes on\n"
    )  # fmt: skip


def _interrupted(self, job, parts):
    raise KeyboardInterrupt
    yield


def test_without_ray_the_error_names_the_extra_and_an_address_goes_with_ray_alone(pictures, tmp_path, run_python):
    done = run_python(
        "import sys; sys.modules['ray'] = None\nfrom whatsit import bulk\n"
        "for engine in ('ray', 'local'):\n"
        "    try: bulk.run(sys.argv[1], sys.argv[2], engine=engine, address='h:1')\n"
        "    except Exception as e: print(type(e).__name__, e)",
        pictures, tmp_path / "out",
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        "MissingExtraError the engine ray needs Ray, which is not installed: run  pip install 'whatsit[ray]'",
        "ArgumentError address 'h:1': the engine local has none; take ray, or leave it out",
    ]
