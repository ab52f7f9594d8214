"""Other tools' pictures come in whole, and everything that does not come in is named."""

import io
import json
import os
import struct
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from drawn_pictures import drawn, encoded, fill, jpeg, tree
from whatsit.datasets.formats import sources, zip_source
from whatsit.datasets.formats.importing import FilesSource, import_from, import_path
from whatsit.datasets.issues.check import check
from whatsit.datasets.issues.finding import Kind
from whatsit.datasets.label import UNLABELLED, label_of
from whatsit.datasets.project import Project
from whatsit.datasets.split import Split
from whatsit.errors import DataError, SourceError


@pytest.fixture
def dataset(tmp_path):
    project = Project(tmp_path / "project")
    yield project.dataset
    project.close()


def archive(path, files, **options):
    with zipfile.ZipFile(path, "w", **options) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return path


def arrived(dataset):
    return {p.key: (p.label, p.split.value) for p in dataset.pictures()}


def skipped(report):
    return {skip.path: skip.reason for skip in report.skips}


def test_a_folder_a_class_comes_in_byte_for_byte_under_its_own_names(dataset, tmp_path):
    fill(tmp_path / "in")
    report = import_path(dataset, tmp_path / "in")
    assert (report.added, report.labels, report.skips) == (12, ("cat", "dog"), ())
    kept = tree(dataset.root)
    kept.pop("splits.csv")
    assert kept == tree(tmp_path / "in")


def test_split_folders_are_known_around_and_inside_classes_and_strays_are_named(dataset, tmp_path):
    for number, path in enumerate(("train/a/1.jpg", "train/a/2.jpg", "val/a/3.jpg", "b/4.jpg", "train/loose.jpg")):
        (tmp_path / "around" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "around" / path).write_bytes(jpeg(number))
    report = import_path(dataset, tmp_path / "around")
    assert arrived(dataset) == {
        "a/1.jpg": ("a", "training"), "a/2.jpg": ("a", "training"), "a/3.jpg": ("a", "validation"),
    }  # fmt: skip
    assert skipped(report).keys() == {"b/4.jpg", "train/loose.jpg"}
    for number, path in enumerate(("cup/train/1.jpg", "cup/test/2.jpg", "jug/train/3.jpg"), 50):
        (tmp_path / "inside" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "inside" / path).write_bytes(jpeg(number))
    import_path(dataset, tmp_path / "inside")
    assert arrived(dataset)["cup/2.jpg"] == ("cup", "test") and arrived(dataset)["jug/3.jpg"] == ("jug", "training")


def test_hidden_folders_are_named(dataset, tmp_path):
    fill(tmp_path / "in", labels=("cat",), each=2)
    fill(tmp_path / "in" / ".cache", labels=("cat",), each=1, start=90)
    assert skipped(import_path(dataset, tmp_path / "in")) == {".cache": "hidden folder"}


def test_of_twin_classes_the_larger_one_arrives(dataset, tmp_path):
    fill(tmp_path / "in", labels=("cat",), each=3)
    fill(tmp_path / "in", labels=("CAT",), each=1, start=90)
    report = import_path(dataset, tmp_path / "in")
    assert (report.added, report.labels, [skip.path for skip in report.skips]) == (3, ("cat",), ["CAT/000.jpg"])


def test_a_list_finds_its_pictures_by_name_where_its_paths_are_of_another_machine(dataset):
    listed = b"path,label\n/home/me/a.jpg,cat\nimgs/b.jpg,dog\n"
    report = import_from(dataset, FilesSource({"labels.csv": listed, "a.jpg": jpeg(1), "b.jpg": jpeg(2)}))
    assert {label for label, _ in arrived(dataset).values()} == {"cat", "dog"}
    assert "lie in another folder: found by name" in report.notes[0].reason and report.skips == ()


def test_importing_twice_adds_nothing_even_after_relabelling(dataset, tmp_path):
    fill(tmp_path / "in")
    (tmp_path / "in" / "cat" / "copy.jpg").write_bytes(jpeg(0))
    first = import_path(dataset, tmp_path / "in")
    assert (first.added, first.present) == (12, 1)
    assert [(note.path, note.reason) for note in first.notes] == [
        ("cat/copy.jpg", "byte for byte another picture of its label, which was taken once: cat/000.jpg")
    ]
    before = tree(dataset.root)
    assert (again := import_path(dataset, tmp_path / "in")).added == 0 and again.present == 13
    assert tree(dataset.root) == before
    dataset.relabel(["cat/002.jpg"], "tiger")
    report = import_path(dataset, tmp_path / "in")
    assert report.added == 0
    assert [(note.path, "tiger" in note.reason) for note in report.notes[1:]] == [("cat/002.jpg", True)]


def test_the_same_bytes_under_two_labels_come_in_under_both_and_each_is_named(dataset, tmp_path):
    fill(tmp_path / "in")
    (tmp_path / "in" / "dog" / "same.jpg").write_bytes(jpeg(0))
    report = import_path(dataset, tmp_path / "in")
    assert report.added == 13
    assert [(note.path, note.reason) for note in report.notes] == [
        ("cat/000.jpg", "conflict, kept under both labels: byte for byte dog/same.jpg, which is 'dog'"),
        ("dog/same.jpg", "conflict, kept under both labels: byte for byte cat/000.jpg, which is 'cat'"),
    ]
    (finding,) = [one for one in check(dataset).findings if one.kind is Kind.CONFLICT]
    assert set(finding.pictures) == {"cat/000.jpg", "dog/same.jpg"}
    rows = "".join(
        f"{path.relative_to(tmp_path / 'in')},{path.parent.name}\n" for path in (tmp_path / "in").glob("*/*")
    )
    (tmp_path / "in" / "labels.csv").write_text("path,label\n" + rows)
    again = import_path(dataset, tmp_path / "in" / "labels.csv")
    assert (again.added, again.present) == (0, 13)


@pytest.mark.parametrize(
    "names", [("train", "validation", "test"), ("training", "val", "testing"), ("Train", "valid", "TEST")]
)
@pytest.mark.parametrize("around", ["", "export/data/"])
def test_the_splits_of_a_source_are_kept(dataset, tmp_path, names, around):
    for place, name in enumerate(names):
        fill(tmp_path / "in" / around / name, each=2, start=100 * place)
    import_path(dataset, tmp_path / "in")
    counts = dataset.counts()
    assert {label: list(row.values()) for label, row in counts.items()} == {"cat": [2, 2, 2], "dog": [2, 2, 2]}


def test_a_stray_folder_beside_the_split_folders_is_named_and_takes_nothing_away(dataset, tmp_path):
    names = ("train/hat/1.jpg", "validation/hat/2.jpg", "samples/3.jpg", "extra/hat/4.jpg")
    for number, name in enumerate(names):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(jpeg(number))
    report = import_path(dataset, tmp_path / "in")
    assert {(s.path.name, s.label, s.split.value) for s in dataset} == {
        ("1.jpg", "hat", "training"), ("2.jpg", "hat", "validation"),
    }  # fmt: skip
    assert {skip.path for skip in report.skips} == {"samples/3.jpg", "extra/hat/4.jpg"}


def test_a_class_may_be_called_test(dataset, tmp_path):
    fill(tmp_path / "in", labels=("test", "cat"))
    import_path(dataset, tmp_path / "in")
    assert dataset.labels() == ["cat", "test"]


def test_zips_of_folders_come_in_like_folders(dataset, tmp_path):
    fill(tmp_path / "in" / "train", each=3)
    fill(tmp_path / "in" / "test", each=1, start=50)
    files = {f"set/{name}": content for name, content in tree(tmp_path / "in").items()}
    report = import_path(
        dataset, archive(tmp_path / "set.zip", {**files, "__MACOSX/set/._000.jpg": b"x", "set/.DS_Store": b"x"})
    )
    assert report.added == 8
    assert set(skipped(report).values()) == {"left by another program"}
    assert set(dict(arrived(dataset).values())) == {"cat", "dog"}
    assert {split for _, split in arrived(dataset).values()} == {"training", "test"}


@pytest.mark.parametrize("name", ["Blue mug-samples.zip", "Blue mug-samples (3).zip"])
def test_teachable_machine_samples_take_their_class_from_the_archives_name(dataset, tmp_path, name):
    import_path(dataset, archive(tmp_path / name, {f"{n}.jpg": jpeg(n) for n in range(4)}))
    assert dataset.labels() == ["Blue mug"]


def test_a_teachable_machine_project_takes_the_classes_from_its_file_names(dataset, tmp_path):
    files = {f"Class {n % 2}-!-{n}.png": encoded(drawn(n), "PNG") for n in range(6)}
    report = import_path(dataset, archive(tmp_path / "project.tm", {**files, "manifest.json": b"{}"}))
    assert (report.added, report.labels) == (6, ("Class 0", "Class 1"))
    assert skipped(report) == {"manifest.json": "not a picture file"}


ENTRIES = [
    ("training/a.jpg", "training", {"type": "label", "label": "cat"}),
    ("testing/b.jpg", "testing", {"type": "label", "label": "dog/wolf"}),
    ("training/c.jpg", "training", {"type": "unlabeled"}),
    ("training/d.jpg", "split", {"type": "label", "label": "cat"}),
    ("training/e.jpg", "training", {"type": "multi-label", "labels": []}),
]


@pytest.mark.parametrize("form", ["json", "ndjson", "one a folder"])
def test_edge_impulse_exports_bring_labels_and_splits(dataset, tmp_path, form):
    folder = tmp_path / "in"
    entries = [{"path": path, "category": category, "label": label} for path, category, label in ENTRIES]
    for number, (path, _, _) in enumerate(ENTRIES):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(jpeg(number))
    (folder / "training" / "extra.jpg").write_bytes(jpeg(50))
    if form == "json":
        (folder / "info.labels").write_text(json.dumps({"version": 1, "files": entries}))
    elif form == "ndjson":
        (folder / "info.labels").write_text("\n".join(map(json.dumps, [{"version": 1}, *entries])))
    else:
        for name in ("training", "testing"):
            inside = [{**e, "path": Path(e["path"]).name} for e in entries if e["path"].startswith(name)]
            (folder / name / "info.labels").write_text(json.dumps({"version": 1, "files": inside}))
    report = import_path(dataset, folder)
    found = arrived(dataset)
    assert found["cat/a.jpg"] == ("cat", "training")
    assert found["dog%2Fwolf/b.jpg"] == ("dog/wolf", "test")
    assert found["_unlabelled/c.jpg"][0] == UNLABELLED
    assert found["cat/d.jpg"][0] == "cat"
    assert skipped(report) == {
        "training/e.jpg": "has several labels; whatsit keeps one per picture",
        "training/extra.jpg": "not named in info.labels",
    }


def test_frigates_inbox_is_not_taken_for_a_training_split(dataset, tmp_path):
    fill(tmp_path / "in" / "dataset", each=2)
    (tmp_path / "in" / "train").mkdir()
    (tmp_path / "in" / "train" / "1712-cat-0.9.webp").write_bytes(encoded(drawn(90), "WEBP"))
    import_path(dataset, tmp_path / "in")
    assert dataset.labels() == ["cat", "dog"]
    assert [p.key for p in dataset.pictures(UNLABELLED)] == ["_unlabelled/1712-cat-0.9.webp"]


@pytest.mark.parametrize(
    "text",
    [
        "path,label,split\na/1.jpg,cat,train\n2.jpg,dog,test\n../out.jpg,cat,\nmissing.jpg,cat,\n",
        "a/1.jpg,cat,train\n2.jpg,dog,test\n../out.jpg,cat\nmissing.jpg,cat\n",
        "\ufefffilename;class;subset\r\na\\1.jpg;cat;training\r\n2.jpg;dog;testing\r\n../out.jpg;cat;\r\nmissing.jpg;;\r\n",
    ],
)
def test_a_csv_list_names_path_label_and_split(dataset, tmp_path, text):
    folder = tmp_path / "in"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "1.jpg").write_bytes(jpeg(1))
    (folder / "2.jpg").write_bytes(jpeg(2))
    (tmp_path / "out.jpg").write_bytes(jpeg(3))
    (folder / "list.csv").write_bytes(text.encode())
    report = import_path(dataset, folder / "list.csv")
    assert arrived(dataset) == {"cat/1.jpg": ("cat", "training"), "dog/2.jpg": ("dog", "test")}
    assert set(skipped(report)) == {"../out.jpg", "missing.jpg"}


@pytest.mark.parametrize("folder", ["cat", "cat/2024"])
@pytest.mark.parametrize(("name", "text"), [("labels.csv", "path,label\n000.jpg,wrong\n"), ("info.labels", "{torn")])
def test_a_list_deep_in_folders_of_classes_does_not_speak_for_the_whole(dataset, tmp_path, folder, name, text):
    fill(tmp_path / "in")
    (tmp_path / "in" / folder).mkdir(exist_ok=True)
    (tmp_path / "in" / folder / name).write_text(text)
    report = import_path(dataset, tmp_path / "in")
    assert (report.added, report.labels) == (12, ("cat", "dog"))
    assert skipped(report) == {f"{folder}/{name}": "not a picture file"}


@pytest.mark.parametrize("around", ["", "export/data/"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.csv", "path,label\npictures/000.jpg,owl\n"),
        ("my list.csv", "pictures/000.jpg,owl\n"),
        ("my list.csv", "image_name;category\r\npictures/000.jpg;owl\r\n"),
        ("info.labels", '{"path": "pictures/000.jpg", "label": "owl"}'),
    ],
)
def test_a_list_in_the_folders_around_everything_does(dataset, tmp_path, around, name, text):
    files = {f"{around}pictures/000.jpg": jpeg(1), f"{around}{name}": text.encode(), "read me.txt": b"?"}
    report = import_path(dataset, archive(tmp_path / "in.zip", files))
    assert arrived(dataset).keys() == {"owl/000.jpg"}
    assert report.skips[0].path == "read me.txt"


@pytest.mark.parametrize("others", [{"sizes.csv": b"file,bytes\ncat/1.jpg,100\n"}, {"a.csv": b"x", "b.csv": b"y"}])
def test_a_csv_file_that_lists_no_labels_leaves_the_classes_to_the_folders(dataset, tmp_path, others):
    import_path(dataset, archive(tmp_path / "in.zip", {"cat/1.jpg": jpeg(1), "dog/2.jpg": jpeg(2), **others}))
    assert dataset.labels() == ["cat", "dog"]


@pytest.mark.parametrize(
    "text", ["{}", "[]", '{"files": "x"}', '{"version": 1, "files": []}', "7", "{torn", "[" * 10**5]
)
def test_an_edge_impulse_list_without_pictures_is_refused_in_one_line(dataset, tmp_path, text):
    files = {"info.labels": text.encode(), "training/a.jpg": jpeg(1)}
    with pytest.raises(SourceError, match=r"^info\.labels.*; export it again$"):
        import_path(dataset, archive(tmp_path / "in.zip", files))


def test_a_torn_last_line_costs_only_itself_and_a_torn_other_line_everything(dataset, tmp_path):
    lines = [json.dumps({"path": f"{n}.jpg", "label": "猫"}, ensure_ascii=False).encode() for n in range(3)]
    files = {f"{n}.jpg": jpeg(n) for n in range(3)}
    torn = lines[2][: lines[2].index("猫".encode()) + 1]
    report = import_path(
        dataset, archive(tmp_path / "in.zip", {**files, "info.labels": b"\n".join([*lines[:2], torn])})
    )
    assert (report.added, report.labels) == (2, ("猫",))
    assert skipped(report) == {
        "info.labels": "line 3 is torn off; the lines before it were taken", "2.jpg": "not named in info.labels",
    }  # fmt: skip
    with pytest.raises(SourceError, match=r"info\.labels, line 2"):
        import_path(
            dataset, archive(tmp_path / "b.zip", {**files, "info.labels": b"\n".join([lines[0], torn, lines[2]])})
        )


LIST = "image_path,class_name,set\n1.jpg,Käse,train\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_list_is_read_in_the_encodings_that_say_what_they_are(dataset, tmp_path, encoding):
    files = {"1.jpg": jpeg(1), "labels.csv": LIST.encode(encoding)}
    import_path(dataset, archive(tmp_path / "in.zip", files))
    assert arrived(dataset) == {"Käse/1.jpg": ("Käse", "training")}


@pytest.mark.parametrize("name", ["labels.csv", "list.csv"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (LIST.encode("latin-1"), r", line 2: not UTF-8; save it as UTF-8"),
        (LIST.encode("utf-16-le"), r", line [12]: not"),
        (jpeg(1), r", line 1: not UTF-8"),
        (b"", r": empty; expected a first line path,label,split"),
        (b"id,name\n1,cat\n", r": no column of paths; expected"),
        (b"path,label\n", r": names no pictures"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_by_line_with_the_way_out(dataset, tmp_path, name, content, said):
    (tmp_path / "1.jpg").write_bytes(jpeg(1))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=f"^{name}{said}"):
        import_path(dataset, tmp_path / name)
    assert dataset.count() == 0


def test_a_lists_unknown_splits_and_contradictions_are_named_and_the_first_row_counts(dataset, tmp_path):
    text = "path,label,split\n1.jpg,cat,fold 3\n2.jpg,cat,test\n2.jpg,dog,test\n3.jpg,cat,test\n3.jpg,cat,test\n"
    files = {**{f"{n}.jpg": jpeg(n) for n in (1, 2, 3)}, "labels.csv": text.encode()}
    report = import_path(dataset, archive(tmp_path / "in.zip", files))
    assert (report.added, report.labels, report.skips) == (3, ("cat",), ())
    assert {note.path: note.reason for note in report.notes} == {
        "1.jpg": "split 'fold 3': expected train, validation or test; decided by whatsit's rule",
        "2.jpg": "named twice in labels.csv; 'dog' of line 4 was not taken",
    }


def test_a_list_without_labels_says_so(dataset, tmp_path):
    strange = archive(tmp_path / "strange.zip", {"1.jpg": jpeg(1), "labels.csv": b"path,klasse\n1.jpg,x\n"})
    with pytest.raises(SourceError, match="none of its columns 'klasse' is the label; call it label"):
        import_path(dataset, strange)
    report = import_path(
        dataset, archive(tmp_path / "in.zip", {"1.jpg": jpeg(1), "labels.csv": b"path,width\n1.jpg,64\n"})
    )
    assert [p.label for p in dataset.pictures()] == [UNLABELLED]
    assert ["no column of labels" in note.reason for note in report.notes] == [True]


def test_a_list_without_its_pictures_says_what_to_do(dataset):
    report = import_from(dataset, FilesSource({"labels.csv": LIST.encode()}))
    assert "zip it with them" in skipped(report)["labels.csv"]


def test_a_folder_of_sample_archives_is_a_class_each(dataset, tmp_path):
    inner = archive(tmp_path / "x.zip", {"1.jpg": jpeg(50)}).read_bytes()
    (tmp_path / "in").mkdir()
    for place, name in enumerate(("Blue mug-samples.zip", "Cup-samples (2).zip")):
        archive(tmp_path / "in" / name, {**{f"{n}.jpg": jpeg(10 * place + n) for n in range(2)}, "inner.zip": inner})
    (tmp_path / "in" / "broken.zip").write_bytes(b"PK")
    (tmp_path / "in" / "notes.txt").write_bytes(b"?")
    calls = []
    report = import_path(dataset, tmp_path / "in", progress=lambda *step: calls.append(step))
    assert (report.added, report.labels) == (4, ("Blue mug", "Cup"))
    assert skipped(report).keys() == {
        "Blue mug-samples.zip/inner.zip", "Cup-samples (2).zip/inner.zip", "broken.zip", "notes.txt",
    }  # fmt: skip
    assert calls == sorted(calls) and calls[-1] == (2000, 3000)  # the broken one adds none


def test_names_as_other_archivers_write_them_are_understood(dataset, tmp_path):
    files = {"cat\\a.jpg": jpeg(1), "./cat/d.jpg": jpeg(2), ".\\dog\\e.jpg": jpeg(3), "dog\\": b""}
    report = import_path(dataset, archive(tmp_path / "in.zip", files))
    assert (arrived(dataset).keys(), report.skips) == ({"cat/a.jpg", "cat/d.jpg", "dog/e.jpg"}, ())


def test_a_label_that_cannot_be_used_is_refused_before_anything_is_read(dataset, tmp_path):
    fill(tmp_path / "in")
    for path in (tmp_path / "in", tmp_path / "nothing.zip"):
        with pytest.raises(DataError, match="^label 'a\\\\nb'"):
            import_path(dataset, path, label="a\nb")


def test_single_files_and_dropped_folders_come_in(dataset, tmp_path):
    (tmp_path / "x.jpg").write_bytes(jpeg(1))
    import_path(dataset, tmp_path / "x.jpg")
    import_path(dataset, tmp_path / "x.jpg", label="cat")
    report = import_from(dataset, FilesSource({"pets/dog/a.jpg": jpeg(2), "pets/cat/b.jpg": jpeg(3), "c.txt": b"?"}))
    assert [p.key for p in dataset.pictures()] == ["_unlabelled/x.jpg", "cat/b.jpg", "dog/a.jpg"]
    assert skipped(report) == {"c.txt": "not a picture file"}


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info


def encrypted(path):
    content = bytearray(archive(path, {"cat/locked.jpg": jpeg(4)}).read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(mark) + at] |= 1
    path.write_bytes(content)


def lying(path, said):
    """An archive whose directory says another size than the data have."""
    content = bytearray(archive(path, {"cat/liar.jpg": jpeg(4)}).read_bytes())
    for mark, at in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<L", content, content.index(mark) + at, said)
    path.write_bytes(content)


def damaged(path):
    content = bytearray(archive(path, {"cat/damaged.jpg": jpeg(4)}).read_bytes())
    content[60:64] = b"\0\0\0\0"
    path.write_bytes(content)


HUGE = encoded(drawn(1), "PNG").replace(struct.pack(">LL", 48, 36), struct.pack(">LL", 60000, 60000))
BAD_ENTRIES = {
    "../../escape.jpg": (jpeg(1), "path that points out"),
    "/etc/absolute.jpg": (jpeg(2), "path that points out"),
    "cat/../../up.jpg": (jpeg(3), "path that points out"),
    "cat\\..\\windows.jpg": (jpeg(4), "path that points out"),
    "C:/drive.jpg": (jpeg(5), "path that points out"),
    "D:\\drive.jpg": (jpeg(5), "path that points out"),
    "\\\\server\\share.jpg": (jpeg(5), "path that points out"),
    "cat/link.jpg": (b"/etc/passwd", "link"),
    "cat/inner.zip": (b"PK\3\4", "archive inside"),
    "cat/inner.tar.gz": (b"\x1f\x8b", "archive inside"),
    "__MACOSX/cat/._1.jpg": (b"\0\5\x16\7", "left by another program"),
    "cat/notes.txt": (b"hello", "not a picture file"),
    "cat/picture.gif": (b"GIF89a", "unreadable picture"),
    "cat/empty.jpg": (b"", "unreadable picture"),
    "cat/half.jpg": (jpeg(6)[:400], "unreadable picture"),
    "cat/text.jpg": (b"not a picture at all", "unreadable picture"),
    "cat/disguised.jpg": (encoded(drawn(1), "ICO"), "unreadable picture"),
    "cat/bomb.png": (bytes(3_000_000), "packed more than"),
    "cat/huge.png": (HUGE, "unreadable picture"),
    "a\x01b/control.jpg": (jpeg(7), "control characters"),
    "x" * 70 + "/long.jpg": (jpeg(8), "label"),
    "Cat/twin.jpg": (jpeg(9), "label"),
}  # fmt: skip


def test_everything_bad_in_an_archive_is_named_and_the_rest_arrives(dataset, tmp_path):
    good = {f"cat/{n}.jpg": jpeg(100 + n) for n in range(3)}
    path = tmp_path / "bad.zip"
    dataset.add_label("cat")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in {**good, **{name: content for name, (content, _) in BAD_ENTRIES.items()}}.items():
            opened.writestr(
                link(name) if name == "cat/link.jpg" else zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED
            )
    report = import_path(dataset, path)
    reasons = skipped(report)
    assert {
        name: expected for name, (_, expected) in BAD_ENTRIES.items() if expected not in reasons.get(name, "")
    } == {}
    assert report.added == 3
    assert set(tree(tmp_path / "project" / "dataset")) == {*good, "splits.csv"}
    assert {p.name for p in tmp_path.iterdir()} == {"bad.zip", "project"}


@pytest.mark.parametrize("form", ["encrypted", "lying long", "lying short", "damaged"])
def test_an_entry_that_cannot_be_trusted_is_skipped(dataset, tmp_path, form):
    path = tmp_path / "bad.zip"
    make = {
        "encrypted": encrypted,
        "damaged": damaged,
        "lying long": lambda p: lying(p, 10**6),
        "lying short": lambda p: lying(p, 9),
    }
    make[form](path)
    report = import_path(dataset, path)
    assert (report.added, len(report.skips)) == (0, 1)


def test_the_same_name_twice_in_an_archive_counts_once(dataset, tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(tmp_path / "twice.zip", "w") as opened:
        opened.writestr("cat/1.jpg", jpeg(1))
        opened.writestr("cat/1.jpg", jpeg(2))
    report = import_path(dataset, tmp_path / "twice.zip")
    assert (report.added, len(report.skips)) == (1, 1)


def test_an_archive_with_too_many_entries_or_bytes_is_refused_whole(dataset, tmp_path, monkeypatch):
    path = archive(tmp_path / "many.zip", {f"cat/{n}.jpg": b"" for n in range(20)})
    monkeypatch.setattr(zip_source, "MAX_ENTRIES", 10)
    with pytest.raises(DataError, match="20 entries"):
        import_path(dataset, path)
    monkeypatch.setattr(zip_source, "_MAX_DIRECTORY", 100)
    with pytest.raises(DataError, match="directory of"):
        import_path(dataset, path)
    monkeypatch.undo()
    monkeypatch.setattr(zip_source, "MAX_TOTAL", 1000)
    with pytest.raises(DataError, match="bomb"):
        import_path(dataset, archive(tmp_path / "big.zip", {"cat/1.jpg": bytes(2000)}))


def test_a_bomb_of_many_well_packed_entries_is_refused_whole(dataset, tmp_path):
    path = archive(
        tmp_path / "bomb.zip", {f"cat/{n}.png": bytes(900_000) for n in range(90)}, compression=zipfile.ZIP_DEFLATED
    )
    with pytest.raises(DataError, match="bomb"):
        import_path(dataset, path)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip" * 100, io.BytesIO(bytes(100)).getvalue()])
def test_what_is_not_a_zip_is_refused_by_name(dataset, tmp_path, content):
    (tmp_path / "broken.zip").write_bytes(content)
    with pytest.raises(DataError, match=r"broken\.zip"):
        import_path(dataset, tmp_path / "broken.zip")


def test_other_archives_and_missing_paths_are_refused_by_name(dataset, tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(b"x")
    for path in (tmp_path / "a.tar.gz", tmp_path / "nothing"):
        with pytest.raises(DataError, match=path.name):
            import_path(dataset, path)


def test_links_in_a_folder_are_named_and_not_followed(dataset, tmp_path):
    fill(tmp_path / "in")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "s.jpg").write_bytes(jpeg(70))
    (tmp_path / "in" / "stolen").symlink_to(tmp_path / "secret")
    (tmp_path / "in" / "cat" / "stolen.jpg").symlink_to(tmp_path / "secret" / "s.jpg")
    report = import_path(dataset, tmp_path / "in")
    assert (report.added, skipped(report)) == (12, {"stolen": "link", "cat/stolen.jpg": "link"})


def test_a_folder_is_read_with_the_same_suspicion_as_an_archive(dataset, tmp_path, monkeypatch):
    fill(tmp_path / "in", labels=("cat",), each=2)
    for name in ("__MACOSX/cat/._000.jpg", "cat/.hidden.jpg", "cat/inner.zip", "cat/half.jpg", "cat/disguised.jpg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(BAD_ENTRIES.get(name, (jpeg(5), ""))[0])
    report = import_path(dataset, tmp_path / "in")
    assert report.added == 2
    named = {name: reason.split(":")[0].split(";")[0] for name, reason in skipped(report).items()}
    assert named == {
        "__MACOSX": "left by another program",
        "cat/.hidden.jpg": "hidden file",
        "cat/inner.zip": "archive inside",
        "cat/half.jpg": "unreadable picture",
        "cat/disguised.jpg": "unreadable picture",
    }
    monkeypatch.setattr(sources, "MAX_ENTRIES", 3)
    with pytest.raises(DataError, match="more than 3 files"):
        import_path(dataset, tmp_path / "in")


@pytest.fixture
def unprivileged(tmp_path, monkeypatch):
    """Permissions bind whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o755)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield
    os.seteuid(before)


def test_folders_that_cannot_be_read_are_named_and_the_rest_is_listed(tmp_path, request):
    fill(tmp_path / "in", labels=("cat", "closed", "locked"), each=1)
    (tmp_path / "in" / "closed").chmod(0)
    (tmp_path / "in" / "locked").chmod(0o644)
    request.getfixturevalue("unprivileged")
    contents = sources.FolderSource(Path("in")).contents()
    assert contents.paths == ["cat/000.jpg"]
    assert {skip.path: skip.reason.split(":")[0] for skip in contents.skips} == {
        "closed": "folder cannot be read", "locked/000.jpg": "cannot be read",
    }  # fmt: skip
    with pytest.raises(SourceError, match="in/closed: cannot be read"):
        sources.FolderSource(Path("in/closed")).contents()


def test_a_pipe_in_a_folder_is_not_read(dataset, tmp_path):
    fill(tmp_path / "in")
    os.mkfifo(tmp_path / "in" / "cat" / "pipe.jpg")
    assert skipped(import_path(dataset, tmp_path / "in")) == {"cat/pipe.jpg": "not a file"}


def test_a_wrong_ending_is_put_right_and_noted(dataset, tmp_path):
    report = import_path(
        dataset, archive(tmp_path / "a.zip", {"cat/x.jpg": encoded(drawn(1), "PNG"), "dog/y.JPEG": jpeg(2)})
    )
    assert [p.key for p in dataset.pictures()] == ["cat/x.png", "dog/y.JPEG"]
    assert [note.path for note in report.notes] == ["cat/x.jpg"]


def test_bytes_that_a_source_puts_in_two_splits_stay_where_they_were_first(dataset, tmp_path):
    report = import_path(dataset, archive(tmp_path / "a.zip", {f"{s}/cat/{s}.jpg": jpeg(1) for s in ("test", "train")}))
    assert [(p.path.name, p.split) for p in dataset.pictures()] == [("test.jpg", Split.TEST)]
    assert (report.added, report.present) == (1, 1)
    assert {note.path for note in report.notes} == {"train/cat/train.jpg"}
    assert {note.reason.partition(",")[0].partition(";")[0] for note in report.notes} == {
        "byte for byte another picture of its label", "its bytes are in test already",
    }  # fmt: skip


@pytest.mark.parametrize("part", ["", "dataset"])
def test_another_project_comes_in_with_its_splits(dataset, tmp_path, part):
    other = Project(tmp_path / "other")
    for number in range(6):
        other.dataset.add(jpeg(number), "cat", name=f"{number}.jpg", split="test" if number < 4 else "validation")
    other.close()
    report = import_path(dataset, tmp_path / "other" / part)
    assert report.added == 6
    assert [p.split.value for p in dataset.pictures()] == ["test"] * 4 + ["validation"] * 2


def test_importing_many_classes_reads_each_folders_name_once(tmp_path, monkeypatch):
    looked: list[str] = []

    def counting(folder: str) -> str:
        looked.append(folder)
        return label_of(folder)

    monkeypatch.setattr("whatsit.datasets.catalogue.label_of", counting)
    for number in range(40):
        folder = tmp_path / "in" / f"class {number:02}"
        folder.mkdir(parents=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(folder / "a.jpg")
    with Project(tmp_path / "project") as project:
        assert import_path(project.dataset, tmp_path / "in").added == 40
    assert len(looked) == len(set(looked))
