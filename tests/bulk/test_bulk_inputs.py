"""What a run can be given."""

import os

import pytest
from bulk_oracle import pa, pq

from drawn_pictures import jpeg
from whatsit import DataError, bulk
from whatsit.bulk.engines.here import HereEngine
from whatsit.bulk.inputs import entries


def names(*inputs):
    """The files that the inputs name, in their order."""
    return [entry.path.rpartition("/")[2] for entry in entries(inputs)]


CATS = [f"{number:03d}.jpg" for number in range(6)]


def test_folders_patterns_and_single_pictures_are_taken_once_in_their_order(pictures, monkeypatch):
    monkeypatch.chdir(pictures)
    assert names("cat", pictures / "cat", "cat/../cat/003.jpg") == CATS
    assert names("dog/005.jpg", "dog") == ["005.jpg", *CATS[:5]]
    assert names("*/00[12].jpg") == names(f"{pictures}/*/00[12].jpg") == ["001.jpg", "002.jpg"] * 2
    assert len(names("**/*.jpg")) == len(names("**")) == len(names("*")) == 12
    assert all(entry.path.startswith("/") for entry in entries(["cat"]))


def test_what_is_no_picture_or_was_put_aside_is_not_taken_and_what_cannot_be_entered_is_told(pictures):
    (pictures / "notes.txt").write_text("no picture")
    (pictures / ".hidden.jpg").write_bytes(jpeg(1))
    (pictures / "cat" / "_small").mkdir()
    (pictures / "cat" / "_small" / "a.jpg").write_bytes(jpeg(2))
    (pictures / "gone.jpg").symlink_to("nowhere.jpg")
    found = {entry.path.rpartition("/")[2]: entry.problem for entry in entries([pictures])}
    assert found.pop("gone.jpg").startswith("link")
    assert sorted(found) == CATS and not any(found.values())


def test_a_folder_without_permission_is_a_row(pictures, bulk_model, tmp_path, monkeypatch):
    real = os.scandir

    def refused(path):
        if str(path).endswith("/dog"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr("os.scandir", refused)  # tests may run as root, whom nothing is denied
    bulk.run(pictures, tmp_path / "out", bulk_model, engine=HereEngine())
    [last] = [row for row in pq.read_table(tmp_path / "out" / "part-0000000.parquet").to_pylist() if row["error"]]
    assert (last["path"], last["error"]) == (f"{pictures}/dog", "folder cannot be read: Permission denied")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_has_a_column_path(pictures, separator):
    listed = pictures / "list.csv"
    listed.write_bytes(
        b"\xef\xbb\xbf" + separator.join(["id", "Path"]).encode() + b"\r\n"
        + "".join(f'{n}{separator}"cat/00{n}.jpg"\r\n' for n in (3, 1)).encode() + b"5\r\n\r\n"
    )  # fmt: skip
    assert names(listed) == ["003.jpg", "001.jpg", "list.csv, line 4"]


def test_parquet_has_a_column_path(pictures):
    pq.write_table(
        pa.table({"label": ["x", "y", "z"], "path": ["cat/002.jpg", None, "dog/001.jpg"]}), pictures / "l.parquet"
    )
    assert names(pictures / "l.parquet") == ["002.jpg", "l.parquet, row 2", "001.jpg"]


def test_the_answers_of_one_run_are_a_list_for_the_next(pictures, bulk_model, tmp_path):
    bulk.run(pictures / "cat", tmp_path / "out", bulk_model, engine=HereEngine())
    assert names(tmp_path / "out" / "part-0000000.parquet") == CATS


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("l.csv", b"a,b\n1,2\n", "its first line names a, b; expected a column path"),
        ("l.csv", b"", "expected a column path"),
        ("l.csv", b'path\n"' + b"x" * 200_000, "line 2 has more than 65,536 characters"),
        ("l.csv", b'path\na.jpg\n"b.jpg\nc.jpg\nd.jpg"\n', "a quote begins in line 3 and does not end there"),
        ("l.csv", b'path\na.jpg\n"b.jpg\nc.jpg\n', "not CSV: unexpected end of data"),
        ("l.parquet", b"PAR1 nothing", "not a Parquet file"),
        ("nix*.jpg", None, "matches nothing"),
        ("a\0b", None, "no file can have this name"),
        ("nosuch.txt", None, "no such file"),
    ],
)
def test_a_list_that_cannot_be_read_is_one_line(tmp_path, name, content, expected):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=expected) as refused:
        names(f"{tmp_path}/{name}")
    assert "\n" not in str(refused.value)


def test_parquet_whose_paths_are_no_text_is_refused(tmp_path):
    pq.write_table(pa.table({"path": [1, 2]}), tmp_path / "l.parquet")
    with pytest.raises(DataError, match="column path is int64; expected text"):
        names(tmp_path / "l.parquet")


def test_lines_that_are_no_paths_are_rows_with_their_error(bulk_model, tmp_path):
    lines = [
        b"cafe\xff.jpg",
        b"x" * 100_000,
        b"a\x00b.jpg",
        b"/etc",
        b"zip://a.zip::x",
        b"nosuch://a/b.jpg",
        b"\x1b[2Jred.jpg",
    ]
    (tmp_path / "list.txt").write_bytes(b"\n".join(lines))
    bulk.run(tmp_path / "list.txt", tmp_path / "out", bulk_model, engine=HereEngine())
    rows = pq.read_table(tmp_path / "out" / "part-0000000.parquet").to_pylist()
    assert len(rows) == len(lines) and all(row["error"] and row["label"] is None for row in rows)
    assert rows[0]["path"].endswith("cafe\\xff.jpg") and "not UTF-8" in rows[0]["error"]


def test_addresses_are_read_by_fsspec(bulk_model, tmp_path, monkeypatch):
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed: pip install 'whatsit[bulk]'")
    store = fsspec.filesystem("memory")
    for number in range(3):
        store.pipe(f"/shelf/{number}.jpg", jpeg(number))
    store.pipe("/shelf/notes.txt", b"no picture")
    bulk.run(["memory://shelf", "memory://shelf/nix.jpg"], tmp_path / "out", bulk_model, engine=HereEngine())
    rows = pq.read_table(tmp_path / "out" / "part-0000000.parquet").to_pylist()
    assert [row["path"] for row in rows] == [f"memory://shelf/{n}.jpg" for n in (0, 1, 2, "nix")] or [
        row["path"] for row in rows
    ] == [*(f"memory:///shelf/{n}.jpg" for n in (0, 1, 2)), "memory://shelf/nix.jpg"]
    assert [row["error"] is None for row in rows] == [True, True, True, False]


def test_a_store_whose_package_is_missing_refuses_the_whole_list(tmp_path, monkeypatch):
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed: pip install 'whatsit[bulk]'")

    def missing(protocol):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec, "get_filesystem_class", missing)
    (tmp_path / "list.txt").write_text("s3://bucket/a.jpg")
    with pytest.raises(DataError, match="s3:// needs a package of its own: Install s3fs"):
        names(tmp_path / "list.txt")


def test_without_pyarrow_the_error_names_the_extra(pictures, tmp_path, run_python):
    done = run_python(
        "import sys; sys.modules['pyarrow'] = None\nfrom whatsit import bulk\n"
        "try: bulk.run(sys.argv[1], sys.argv[2])\nexcept Exception as e: print(type(e).__name__, e)",
        pictures, tmp_path / "out",
    )  # fmt: skip
    assert done.stdout == (
        "MissingExtraError whatsit bulk needs pyarrow, which is not installed: run  pip install 'whatsit[bulk]'\n"
    )
