"""What people bring is understood in its own way, or refused by name with the way out."""

import json
import unicodedata
import zipfile
from collections import Counter

import pytest

from drawn_pictures import drawn, encoded, jpeg
from foreign_folders import imported, labels, written
from whatsit import find_examples
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.picture_folder import labelled_folder
from whatsit.datasets.project import Project
from whatsit.errors import DataError, SourceError

EACH = {"training": 4, "validation": 2, "test": 2}


@pytest.mark.parametrize("case", ["split_folders", "onehot_splits"])
def test_split_cases_come_in_with_their_labels_and_splits(shared_data, tmp_path, case):
    source = shared_data.parent / "cases" / case
    counts, _ = imported(source, tmp_path)
    assert counts == {(label, split): n for label in ("cat", "dog") for split, n in EACH.items()}
    assert Counter(label for _, label in find_examples(source)) == {"cat": 8, "dog": 8}


def test_the_case_of_a_plain_list_gives_the_same_from_the_folder_and_from_the_list(shared_data, tmp_path):
    source = shared_data.parent / "cases" / "list_plain_names"
    from_folder, _ = imported(source, tmp_path / "a")
    from_list, _ = imported(source / "train.csv", tmp_path / "b")
    assert from_folder == from_list and labels(from_folder) == {"cat": 4, "dog": 4}


def test_the_case_of_names_without_a_flag_has_its_labels(shared_data, tmp_path):
    counts, _ = imported(shared_data.parent / "cases" / "utf8_names_without_flag.zip", tmp_path)
    assert labels(counts) == {"Äpfel": 3, "猫": 3}


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (("training_set", "test_set"), ("training", "test")),
        (("Training set", "Validation set"), ("training", "validation")),
        (("seg_train", "seg_test"), ("training", "test")),
        (("train", "dev", "eval"), ("training", "validation", "validation")),
        (("train2017", "val2017"), ("training", "validation")),
        (("data/data/train", "data/data/testing"), ("training", "test")),
        (("train/train", "valid/valid"), ("training", "validation")),
        (("letters_train/letters_train", "letters_test/letters_test"), ("training", "test")),
        (("train/images", "test/images"), ("training", "test")),
    ],
)
def test_split_folders_of_many_names_mean_their_labels(tmp_path, names, splits):
    source = written(tmp_path / "in", *(f"{name}/{label}/{n}.jpg" for name in names for label in "ab" for n in (1, 2)))
    counts, report = imported(source, tmp_path)
    assert counts == Counter((label, split) for split in splits for label in "ab" for _ in (1, 2))
    assert all(f" is {split}" in report.read_as[0] for split in splits)
    assert {label for _, label in find_examples(source)} == {"a", "b"}


def test_folders_of_any_name_that_hold_the_same_classes_are_parts_and_this_is_said(tmp_path):
    source = written(tmp_path / "in", *(f"{p}/{c}/{n}.jpg" for p in ("site A", "site B") for c in "xy" for n in "12"))
    counts, report = imported(source, tmp_path)
    assert labels(counts) == {"x": 4, "y": 4}
    assert "site A and site B without a split in the name, decided by whatsit's rule" in report.read_as[0]
    sessions = written(tmp_path / "b", *(f"{c}/session {n}/{n}.jpg" for c in ("cat", "dog") for n in (1, 2)))
    assert labels(imported(sessions, tmp_path / "c")[0]) == {"cat": 2, "dog": 2}


def test_one_split_beside_the_classes_is_a_split_of_them(tmp_path):
    source = written(tmp_path / "in", "cat/1.jpg", "cat/2.jpg", "dog/3.jpg", "test/cat/4.jpg", "test/dog/5.jpg")
    counts, _ = imported(source, tmp_path)
    assert labels(counts) == {"cat": 3, "dog": 2} and counts["cat", "test"] >= 1 and counts["dog", "test"] >= 1


CAT_DOG = ("1.jpg", "2.jpg", "3.jpg", "4.jpg")
OF = {"1": "cat", "2": "cat", "3": "dog", "4": "dog"}
CSV_ROWS = "".join(f"{n}.jpg,{label}\n" for n, label in OF.items())
ID_ROWS = "".join(f"{n},{label}\n" for n, label in OF.items())
RESULT = '[{{"result": [{{"type": "choices", "value": {{"choices": ["{}"]}}}}]}}]'
COCO = {
    "images": [{"id": int(n), "file_name": f"{n}.jpg"} for n in OF],
    "annotations": [{"id": int(n), "image_id": int(n), "category_id": 1 + (OF[n] == "dog")} for n in OF],
    "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
}
TASKS = [
    {"data": {"image": f"/data/upload/3/0a1b2c3d-{n}.jpg"}, "annotations": json.loads(RESULT.format(OF[n]))} for n in OF
]
LISTS = {
    "plain names": ("labels.csv", "filename,class\n" + CSV_ROWS),
    "ids without an ending": ("train.csv", "id,label\n" + ID_ROWS),
    "a column that nobody knows": ("list.csv", "picture id,art\n" + ID_ROWS),
    "an index column": ("train.csv", ",name,label\n" + "".join(f"{4 - int(n)},{n}.jpg,{OF[n]}\n" for n in OF)),
    "numbers beside names": (
        "all.csv", ",Filename,Label,ClassName\n" + "".join(f"{n},{n}.jpg,{int(OF[n] == 'dog')},{OF[n]}\n" for n in OF)
    ),
    "no first line": ("list.csv", CSV_ROWS),
    "one-hot": ("train.csv", "image_id,cat,dog\n" + "".join(f"{n},{int(n < '3')},{int(n > '2')}\n" for n in OF)),
    "AutoML": ("all.csv", "".join(f"UNASSIGNED,gs://bucket/in/{n}.jpg,{OF[n]}\n" for n in OF)),
    "addresses": ("all.csv", "".join(f"gs://bucket/{n}.jpg,{OF[n]}\n" for n in OF)),
    "another machine": ("labels.csv", "path,label\n" + "".join(f"C:\\x\\{n}.jpg,{OF[n]}\n" for n in OF)),
    "boxes of one class": (
        "boxes.csv", "filename,width,height,class,xmin,ymin,xmax,ymax\n"
        + "".join(f"{n}.jpg,9,9,{OF[n]},1,1,2,2\n" * 2 for n in OF),
    ),
    "text": ("val.txt", "".join(f"{n}.jpg {OF[n]}\n" for n in OF)),
    "Label Studio CSV": (
        "p.csv", "image,id,choice,annotator,lead_time\n"
        + "".join(f"/data/local-files/?d=in/{n}.jpg,{n},{OF[n]},1,0.{n}\n" for n in OF),
    ),
    "Label Studio JSON": ("p.json", json.dumps(TASKS)),
    "Label Studio JSON-MIN": (
        "p.json", json.dumps([{"image": f"/data/upload/0a1b2c3d-{n}.jpg", "choice": OF[n]} for n in OF])
    ),
    "metadata.csv": ("metadata.csv", "file_name,label\n" + CSV_ROWS),
    "metadata.jsonl": ("metadata.jsonl", "".join(f'{{"file_name": "{n}.jpg", "label": "{OF[n]}"}}\n' for n in OF)),
    "FiftyOne": ("labels.json", json.dumps({"classes": ["cat", "dog"], "labels": {n: int(n > "2") for n in OF}})),
    "COCO": ("annotations.json", json.dumps(COCO)),
    "file: label": ("labels.json", json.dumps({f"{n}.jpg": OF[n] for n in OF})),
    "label: files": ("labels.json", json.dumps({"cat": ["1.jpg", "2.jpg"], "dog": ["3.jpg", "4.jpg"]})),
    "CVAT": (
        "annotations.xml", "<annotations><version>1.1</version>"
        + "".join(f'<image id="{n}" name="{n}.jpg"><tag label="{OF[n]}"/></image>' for n in OF) + "</annotations>",
    ),
}  # fmt: skip


@pytest.mark.parametrize("pictures", ["", "data/"])
@pytest.mark.parametrize("kind", LISTS)
def test_a_list_gives_the_same_labels_from_the_folder_and_by_itself(tmp_path, kind, pictures):
    name, text = LISTS[kind]
    source = written(tmp_path / "in", *(pictures + picture for picture in CAT_DOG))
    (source / name).write_text(text)
    counts, report = imported(source, tmp_path / "a")
    assert labels(counts) == {"cat": 2, "dog": 2}, report
    assert imported(source / name, tmp_path / "b")[0] == counts
    assert Counter(label for _, label in find_examples(source)) == {"cat": 2, "dog": 2}


def test_a_list_in_a_folder_of_its_own_speaks_for_the_pictures_beside_it(tmp_path):
    source = written(tmp_path / "in", *(f"images/{p}" for p in CAT_DOG), annotations__all_json=json.dumps(COCO))
    counts, _ = imported(source, tmp_path / "a")
    assert labels(counts) == {"cat": 2, "dog": 2}
    assert imported(source / "annotations" / "all.json", tmp_path / "b")[0] == counts


@pytest.mark.parametrize(
    "lists",
    [
        {
            "train__metadata_csv": "file_name,label\n1.jpg,cat\n2.jpg,dog\n",
            "test__metadata_csv": "file_name,label\n1.jpg,dog\n",
        },
        {"train_csv": "filename,label\n1.jpg,cat\n2.jpg,dog\n", "test_csv": "filename,label\n1.jpg,dog\n"},
        {"labels_csv": "path,label\ntrain/1.jpg,cat\ntrain/2.jpg,dog\ntest/1.jpg,dog\n"},
        {"train__1_csv": "image,label\n1,cat\n2,dog\n", "test__1_csv": "image,label\n1,dog\n"},
    ],
)  # fmt: skip
def test_flat_split_folders_use_the_lists_beside_the_pictures_even_where_names_repeat(tmp_path, lists):
    source = written(tmp_path / "in", "train/1.jpg", "train/2.jpg", "test/1.jpg", **lists)
    assert imported(source, tmp_path)[0] == {("cat", "training"): 1, ("dog", "training"): 1, ("dog", "test"): 1}


def test_lists_that_only_split_keep_the_labels_of_the_folders(tmp_path):
    names = [f"images/{c}/{c}{n}.jpg" for c in ("pie", "sushi") for n in (1, 2)]
    source = written(
        tmp_path / "in", *names, meta__train_txt="pie/pie1\nsushi/sushi1\n", meta__test_txt="pie/pie2\nsushi/sushi2\n"
    )
    assert imported(source, tmp_path)[0] == {(c, s): 1 for c in ("pie", "sushi") for s in ("training", "test")}


def test_a_split_with_a_list_and_one_with_class_folders_come_in_together(tmp_path):
    source = written(
        tmp_path / "in", "train/a/images/1.jpg", "train/b/images/2.jpg", "val/images/3.jpg", "val/images/4.jpg",
        val__notes_txt="3.jpg\ta\t0\t32\t44\t62\n4.jpg\tb\t0\t32\t44\t62\n",
    )  # fmt: skip
    assert imported(source, tmp_path)[0] == {(c, s): 1 for c in "ab" for s in ("training", "validation")}


def test_the_words_of_a_list_for_splits_and_their_flags_are_kept(tmp_path):
    text = "fname,labels,is_valid\n1.jpg,cat,False\n2.jpg,cat,True\n3.jpg,dog,False\n4.jpg,dog,True\n"
    counts, _ = imported(written(tmp_path / "in", *CAT_DOG, labels_csv=text), tmp_path)
    assert counts == {(c, s): 1 for c in ("cat", "dog") for s in ("training", "validation")}


def test_of_one_hot_rows_several_ones_are_left_out_by_name_and_none_is_unlabelled(tmp_path):
    rows = "1.jpg, 1, 0\n2.jpg, 1, 1\n3.jpg, 0, 0\n4.jpg, 0, 1\n"
    source = written(
        tmp_path / "in", *(f"train/{p}" for p in CAT_DOG), train___classes_csv="filename, cat, dog\n" + rows
    )
    with Project(tmp_path / "p") as project:
        report = import_path(project.dataset, source)
        assert {p.path.name: p.label for p in project.dataset.pictures()} == {
            "1.jpg": "cat", "3.jpg": "_unlabelled", "4.jpg": "dog",
        }  # fmt: skip
    assert [(s.path, s.reason) for s in report.skips] == [
        ("train/2.jpg", "has several labels; whatsit keeps one per picture")
    ]


BOXED = '<annotations><image name="1.jpg"><box label="x"/></image></annotations>'
DOUBTFUL = {
    "two columns": ("list.csv", "file,where,when\n1.jpg,n,day\n2.jpg,s,day\n3.jpg,n,night\n4.jpg,s,day\n"),
    "several labels": ("list.csv", "image,tags\n1.jpg,a b\n2.jpg,b c\n3.jpg,a c\n4.jpg,a\n"),
    "measurements": ("list.csv", "image,target\n1.jpg,0.25\n2.jpg,0.5\n3.jpg,1.75\n4.jpg,2.25\n"),
    "captions": ("metadata.csv", "file_name,text\n1.jpg,a cat\n2.jpg,a dog\n3.jpg,a cow\n4.jpg,an ox\n"),
    "other JSON": ("export.json", json.dumps({"v": [[{"deep": n}, 7] for n in CAT_DOG]})),
    "shapes": ("all.xml", BOXED),
    "a spreadsheet": ("labels.xlsx", "PK"),
    "lists that disagree": ("a.csv", "file,label\n" + CSV_ROWS),
    "records": ("list.json", json.dumps([{"file": n, "label": {"of": {"kind": OF[n[0]]}}} for n in CAT_DOG])),
    "another notation": ("labels.yaml", "".join(f"{n}: {OF[n[0]]}\n" for n in CAT_DOG)),
    "MXNet": ("train.lst", "".join(f"{n}\t{OF[str(n)] == 'dog':d}\t{n}.jpg\n" for n in (1, 2, 3, 4))),
    "an array": ("labels.npy", "NUMPY"),
}  # fmt: skip
WHY = {
    "two columns": ("CSV list", "name one of them label"), "several labels": ("CSV list", "several labels"),
    "measurements": ("CSV list", "numbers that are no classes"), "captions": ("CSV list", "no column of labels"),
    "other JSON": ("JSON list", "not known"), "shapes": ("CVAT", "shapes, not tags"),
    "a spreadsheet": ("CSV list", "save it as CSV"), "lists that disagree": ("CSV list", "keep one"),
    "records": ("JSON list", "holds records and no labels"), "another notation": ("CSV list", "not known"),
    "MXNet": ("CSV list", "not known"), "an array": ("CSV list", "save it as CSV"),
}  # fmt: skip


@pytest.mark.parametrize("folder", ["", "images/", "train/"])
@pytest.mark.parametrize("kind", DOUBTFUL)
def test_a_list_that_is_not_understood_is_refused_naming_the_nearest_reader_and_the_way_out(tmp_path, kind, folder):
    (name, text), (nearest, why) = DOUBTFUL[kind], WHY[kind]
    source = written(tmp_path / "in", *(folder + p for p in CAT_DOG))
    (source / name).write_text(text)
    if kind == "lists that disagree":
        (source / "b.csv").write_text(text.replace("cat", "cow"))
    with pytest.raises(SourceError, match=f"nearly {nearest}, but .*{why}.*; --layout folder takes"):
        imported(source, tmp_path)
    with pytest.raises(DataError, match=why):
        find_examples(source)
    counts, _ = imported(source, tmp_path / "asked", layout="folder")
    assert list(labels(counts)) == [folder.strip("/") or "in"]


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (
            ("train/cat.0.jpg", "train/dog.1.jpg", "test1/2.jpg"),
            "nearly Split folders, but its pictures are in no class",
        ),
        (("train/images/1.jpg", "valid/images/2.jpg"), "nearly Split folders"),
        (("images/1.jpg", "masks/1.png"), "the folders 'images', 'masks' are no classes"),
    ],
)
def test_folders_that_are_no_classes_are_not_taken_for_them(tmp_path, paths, said):
    with pytest.raises(SourceError, match=said):
        imported(written(tmp_path / "in", *paths), tmp_path)


def test_a_column_that_divides_the_classes_of_the_folders_otherwise_is_not_taken_for_the_labels(tmp_path):
    names = [f"{c}/{c}{n}.jpg" for c in ("cat", "dog") for n in range(4)]
    rows = "".join(f"{name.split('/')[1]},{'yes' if '0' in name else 'no'}\n" for name in names)
    source = written(tmp_path / "in", *names, quality_csv="image,sharp\n" + rows)
    with pytest.raises(SourceError, match=r"quality\.csv: nearly CSV list, but its column 'sharp' says something else"):
        imported(source, tmp_path)
    assert labels(imported(source, tmp_path / "b", layout="folder")[0]) == {"cat": 4, "dog": 4}


def test_a_list_in_each_class_folder_that_divides_them_otherwise_is_not_taken_for_the_labels(tmp_path):
    names = [f"{c}/{n}.jpg" for c in ("cat", "dog") for n in range(3)]
    rows = "file,photographer\n0.jpg,ann\n1.jpg,bob\n2.jpg,ann\n"
    source = written(tmp_path / "in", *names, cat__index_csv=rows, dog__index_csv=rows)
    with pytest.raises(SourceError, match="its column 'photographer' says something else than the folders"):
        imported(source, tmp_path)


def test_numbers_of_a_list_that_stand_for_class_folders_are_called_like_those(tmp_path):
    names = [f"{split}/{c}/{n}.jpg" for split in ("train", "valid") for c in ("glass", "paper") for n in range(2)]
    rows = "".join(f"{name},{'paper' in name:d}\n" for name in names)
    source = written(tmp_path / "in", *names, labels_csv="name,label\n" + rows)
    counts, report = imported(source, tmp_path)
    assert counts == {(c, split): 2 for c in ("glass", "paper") for split in ("training", "validation")}
    assert "its numbers stand for the class folders" in report.read_as[0]
    assert imported(source / "labels.csv", tmp_path / "b")[0] == counts


def test_a_list_whose_names_are_in_several_folders_is_refused(tmp_path):
    names = [f"{folder}/{n}.jpg" for folder in "ab" for n in range(4)]
    rows = "".join(f"{n}.jpg,{'cat' if n % 2 else 'dog'}\n" for n in range(4))
    source = written(tmp_path / "in", *names, list_csv="file,label\n" + rows)
    with pytest.raises(SourceError, match="does not say in which folder its pictures are: 2 pictures have this name"):
        imported(source, tmp_path)


@pytest.mark.parametrize("beside", ["{}.json", "{}.jpg.json", "{}.txt", "Annotations/{}.xml"])
def test_files_that_describe_one_picture_each_are_refused_where_no_class_folders_say_more(tmp_path, beside):
    source = written(tmp_path / "in", *(f"photos/{n}" for n in CAT_DOG))
    for n in OF:
        (source / "photos" / beside.format(n)).parent.mkdir(exist_ok=True)
        (source / "photos" / beside.format(n)).write_text("{}")
    with pytest.raises(SourceError, match="--layout folder takes"):
        imported(source, tmp_path)
    assert labels(imported(source, tmp_path / "b", label="mug")[0]) == {"mug": 4}


def test_the_tags_of_custom_vision_are_labels(tmp_path):
    rows = [{"id": n, "tags": [{"tagName": label}]} for n, label in OF.items()]
    source = written(tmp_path / "in", *CAT_DOG, images_json=json.dumps(rows))
    assert labels(imported(source, tmp_path)[0]) == {"cat": 2, "dog": 2}


def test_sets_side_by_side_that_each_hold_splits_of_the_same_classes_are_one(tmp_path):
    inside = [f"{s}/{c}/{n}.jpg" for s in ("train", "val") for c in ("cat", "dog") for n in (1, 2)]
    source = written(tmp_path / "in", *(f"fold{f}/{path}" for f in (0, 1) for path in inside))
    counts, report = imported(source, tmp_path)
    assert counts == {(c, s): 4 for c in ("cat", "dog") for s in ("training", "validation")}
    assert report.read_as == ("split folders inside 'fold0', 'fold1', which hold the same classes",)
    days = [f"{c}/{s}/day {n}/1.jpg" for c in ("cat", "dog") for s in ("train", "val") for n in (1, 2)]
    assert labels(imported(written(tmp_path / "days", *days), tmp_path / "b")[0]) == {"cat": 4, "dog": 4}


def test_a_folder_of_the_classes_beside_it_is_more_of_them_and_no_class(tmp_path):
    classes = [f"{c}/{n}.jpg" for c in ("rose", "tulip") for n in (1, 2)]
    source = written(tmp_path / "in", *classes, *(f"flowers/{path}" for path in classes))
    counts, report = imported(source, tmp_path)
    assert labels(counts) == {"rose": 4, "tulip": 4} and "flowers holds more of the same" in report.read_as[0]
    kinds = written(tmp_path / "kinds", "bird/owl/1.jpg", "bird/hen/2.jpg", "mammal/cat/3.jpg", "mammal/dog/4.jpg")
    assert labels(imported(kinds, tmp_path / "b")[0]) == {"bird": 2, "mammal": 2}


def test_archives_named_after_splits_are_splits_and_pictures_alone_in_one_have_no_class(tmp_path):
    (tmp_path / "in").mkdir()
    for split in ("train", "pets_test"):
        with zipfile.ZipFile(tmp_path / "in" / f"{split}.zip", "w") as archive:
            for number, label in enumerate(("cat", "dog")):
                archive.writestr(f"{label}/{number}.jpg", jpeg(number + 2 * (split == "train"), size=(12, 9)))
    counts, report = imported(tmp_path / "in", tmp_path)
    assert counts == {(label, split): 1 for label in ("cat", "dog") for split in ("training", "test")}
    assert "class folders, and train.zip is training" in report.read_as
    flat = written(tmp_path / "train", *CAT_DOG)
    with pytest.raises(SourceError, match="train: a folder named after a split"):
        imported(flat, tmp_path / "b")
    assert labels(imported(flat, tmp_path / "c", label="train")[0]) == {"train": 4}


def test_names_that_repeat_in_the_subsets_of_a_list_are_told_apart_by_them(tmp_path):
    tags = "".join(
        f'<image name="{n}.jpg" subset="{s}"><tag label="{c}"/></image>'
        for s in ("Train", "Validation")
        for n, c in enumerate("ab")
    )
    names = [f"images/{s}/{n}.jpg" for s in ("Train", "Validation") for n in (0, 1)]
    source = written(tmp_path / "in", *names, annotations_xml=f"<annotations>{tags}</annotations>")
    assert imported(source, tmp_path)[0] == {(c, s): 1 for c in "ab" for s in ("training", "validation")}


def test_pictures_that_illustrate_and_strays_above_do_not_become_classes(tmp_path):
    names = [f"a/b/{s}/{c}/{n}.jpg" for s in ("train", "test") for c in "xy" for n in (1, 2)]
    source = written(tmp_path / "in", *names, "a/sample.jpg", "a/docs/logo.jpg")
    counts, report = imported(source, tmp_path)
    assert labels(counts) == {"x": 4, "y": 4} and {s.path for s in report.skips} == {"a/sample.jpg", "a/docs/logo.jpg"}


def test_a_template_for_answers_and_a_list_of_ids_are_no_labels(tmp_path):
    source = written(
        tmp_path / "in", "train/a1.jpg", "train/a2.jpg", "test/b1.jpg", train_csv="id,label\na1,cat\na2,dog\n",
        sample_submission_csv="id,label\nb1,cat\n", test_csv="id\nb1\n",
    )  # fmt: skip
    counts, report = imported(source, tmp_path)
    assert labels(counts) == {"cat": 1, "dog": 1}
    assert "test/b1.jpg" in {skip.path for skip in report.skips}


def test_a_table_of_class_numbers_is_not_a_list_of_pictures_called_so(tmp_path):
    source = written(
        tmp_path / "in",
        *(f"{c}/{n}.jpg" for c in ("cat", "dog") for n in range(10)),
        map_csv="id,name\n0,cat\n1,dog\n",
        classes_json='{"0": "cat"}',
    )
    assert labels(imported(source, tmp_path)[0]) == {"cat": 10, "dog": 10}


def test_a_picture_found_by_its_name_alone_is_not_taken_from_another_class_or_split(tmp_path):
    source = written(
        tmp_path / "in",
        "cat/1.jpg",
        "dog/2.jpg",
        "dog/3.jpg",
        labels_csv="path,label\nx/1.jpg,dog\ndog/2.jpg,dog\ncat/9.jpg,cat\n",
    )
    counts, report = imported(source, tmp_path)
    assert labels(counts) == {"dog": 1}
    assert any("is of another class, cat/1.jpg" in skip.reason for skip in report.skips)


@pytest.mark.parametrize(
    "junk",
    [
        "@eaDir/cat.jpg", "cat/@eaDir/SYNO.jpg", "cat/.ipynb_checkpoints/1.jpg", "#recycle/2.jpg", "cat/_small/3.jpg",
        "cat/thumbs/4.jpg", "__MACOSX/cat/._1.jpg", "cat/Thumbs.db", "$RECYCLE.BIN/5.jpg", ".Trash/6.jpg",
    ],
)  # fmt: skip
def test_what_systems_and_programs_leave_behind_never_counts(tmp_path, junk):
    source = written(tmp_path / "in", "cat/1.jpg", "dog/2.jpg", junk)
    assert labels(imported(source, tmp_path)[0]) == {"cat": 1, "dog": 1}
    assert sorted(label for _, label in find_examples(source)) == ["cat", "dog"]


def test_labels_called_like_system_folders_are_kept_under_an_escaped_name(tmp_path):
    with Project(tmp_path / "p") as project:
        project.dataset.add(jpeg(1), "lost+found")
        assert [p.label for p in project.dataset.pictures()] == ["lost+found"]


def test_unicode_twins_are_one_label_and_blanks_around_a_label_are_said(tmp_path):
    twins = [f"{unicodedata.normalize(form, 'Käfer')}/{form}.jpg" for form in ("NFC", "NFD")]
    source = written(tmp_path / "in", *twins, "bee /1.jpg", "ant/2.jpg", "Ant/3.jpg")
    counts, report = imported(source, tmp_path)
    assert labels(counts) == {"Käfer": 2, "bee": 1, "Ant": 1}
    assert "label 'bee ' was taken for 'bee', without the spaces" in {note.reason for note in report.notes}
    assert any("only by case, blanks or Unicode form" in skip.reason for skip in report.skips)
    taught = labelled_folder(source)
    assert Counter(label for _, label in taught.pictures)["Käfer"] == 2
    assert [note.path for note in taught.notes] == ["ant"]


def test_pictures_beside_class_folders_get_no_class_and_a_flat_folder_says_which_it_became(tmp_path):
    source = written(tmp_path / "in", "cat/1.jpg", "dog/2.jpg", "logo.jpg")
    counts, report = imported(source, tmp_path)
    assert labels(counts) == {"cat": 1, "dog": 1}
    assert [(skip.path, skip.reason) for skip in report.skips] == [("logo.jpg", "not in the folder of a label")]
    _, report = imported(written(tmp_path / "mugs", "1.jpg", "2.jpg"), tmp_path / "b")
    assert report.read_as == ("one class named after the folder, 'mugs'",)


def test_one_class_whose_file_names_divide_it_is_doubted(tmp_path):
    names = [f"images/{breed}_{n}.jpg" for breed in ("Abyssinian", "great_pyrenees") for n in (1, 20)]
    counts, report = imported(written(tmp_path / "in", *names), tmp_path)
    assert labels(counts) == {"images": 4}
    assert "begin with 2 words, such as 'Abyssinian', 'great_pyrenees'; if these are" in report.notes[0].reason
    assert not imported(written(tmp_path / "b", "mug/IMG_1.jpg", "mug/IMG_2.jpg"), tmp_path / "c")[1].notes


def test_pictures_are_told_by_their_content_whatever_they_are_called(tmp_path):
    source = written(tmp_path / "in", "cat/1.jpg")
    for name, kind in (("noending", "JPEG"), ("b.dat", "PNG"), ("c.jfif", "JPEG"), ("d.bmp", "BMP"), ("e.txt", "GIF")):
        (source / "cat" / name).write_bytes(encoded(drawn(hash(name) % 1000), kind))
    (source / "cat" / "raw.nef").write_bytes(encoded(drawn(5), "TIFF"))
    (source / "cat" / "notes").write_text("BM of something")
    with Project(tmp_path / "p") as project:
        report = import_path(project.dataset, source)
        assert sorted(p.path.name for p in project.dataset.pictures()) == [
            "1.jpg", "b.png", "c.jfif", "d.bmp", "e.gif", "noending.jpg",
        ]  # fmt: skip
    assert {skip.path: skip.reason for skip in report.skips} == {
        "cat/raw.nef": "camera raw file; export it as JPEG", "cat/notes": "not a picture file",
    }  # fmt: skip


def test_a_label_with_a_colon_is_a_label(tmp_path):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for number, label in enumerate(("ratio 1:2", "a:b")):
            archive.writestr(f"{label}/1.jpg", jpeg(number))
        archive.writestr("C:/x.jpg", jpeg(7))
    counts, report = imported(tmp_path / "in.zip", tmp_path)
    assert labels(counts) == {"ratio 1:2": 1, "a:b": 1}
    assert [skip.reason for skip in report.skips] == ["path that points out of its folder"]


EMPTY = ["cat", "dog", "", "None", "NaN", "null"]
SIX = tuple(f"{n}.jpg" for n in range(6))
EMPTIES = {
    "labels.csv": "path,label\n" + "".join(f"{p},{v}\n" for p, v in zip(SIX, EMPTY, strict=True)),
    "metadata.jsonl": "".join(
        json.dumps({"file_name": p, "label": v or None}) + "\n" for p, v in zip(SIX, EMPTY, strict=True)
    ),
    "labels.json": json.dumps({p: v or None for p, v in zip(SIX, EMPTY, strict=True)}),
    "fiftyone.json": json.dumps({"labels": {str(n): v or None for n, v in enumerate(EMPTY)}}),
    "list.txt": "".join(f"{p} {v}\n" for p, v in zip(SIX, EMPTY, strict=True)),
    "blank.csv": "path,label\n" + "".join(f'{p},"{v or "  "}"\n' for p, v in zip(SIX, EMPTY, strict=True)),
}


@pytest.mark.parametrize("name", EMPTIES)
def test_an_empty_label_is_none_and_a_word_for_nothing_is_a_label_and_both_are_said(tmp_path, name):
    source = written(tmp_path / "in", *SIX)
    (source / name).write_text(EMPTIES[name])
    with Project(tmp_path / "p") as project:
        report = import_path(project.dataset, source)
        assert [p.label for p in sorted(project.dataset.pictures(), key=lambda p: p.path.name)] == [
            "cat", "dog", "_unlabelled", "None", "NaN", "null",
        ]  # fmt: skip
    said = [note.reason for note in report.notes]
    assert "pictures with an empty label, which are unlabelled: 1" in said
    assert any("were taken for labels: 'NaN', 'None', 'null'; leave the cells empty" in one for one in said)
    assert sorted(label for _, label in find_examples(source)) == ["NaN", "None", "cat", "dog", "null"]


def test_a_list_whose_labels_are_all_empty_says_so(tmp_path):
    text = "path,label\n" + "".join(f"{p},\n" for p in SIX)
    _, report = imported(written(tmp_path / "in", *SIX, labels_csv=text), tmp_path)
    assert report.added == 6 and [note.reason for note in report.notes] == [
        "it gives no labels: its pictures are unlabelled"
    ]


USES = ["training", "validation", "test", "training", "training", "test"]
KIND = ["cat", "dog"] * 3


def vertex(field):
    for picture, label, use in zip(SIX, KIND, USES, strict=True):
        annotation = {"displayName": label, "annotationResourceLabels": {"aiplatform.googleapis.com/x": "y"}}
        yield json.dumps({
            "imageGcsUri": f"gs://bucket/pets/{picture}", field: [annotation] if field.endswith("s") else annotation,
            "dataItemResourceLabels": {"aiplatform.googleapis.com/ml_use": use},
        })  # fmt: skip


CLOUD = {
    "import.jsonl": "\n".join(vertex("classificationAnnotation")),
    "several.jsonl": "\n".join(vertex("classificationAnnotations")),
    "all.csv": "".join(
        f"{ {'training': 'TRAIN'}.get(u, u.upper()) },gs://b/x/{p},{c}\n"
        for p, c, u in zip(SIX, KIND, USES, strict=True)
    ),
    "vertex.csv": "".join(f"{u},gs://b/x/{p},{c}\n" for p, c, u in zip(SIX, KIND, USES, strict=True)),
    "last.csv": "".join(f"gs://b/x/{p},{c},{u}\n" for p, c, u in zip(SIX, KIND, USES, strict=True)),
    "between.csv": "".join(f"{c},{u},gs://b/x/{p}\n" for p, c, u in zip(SIX, KIND, USES, strict=True)),
}


@pytest.mark.parametrize("name", CLOUD)
@pytest.mark.parametrize("folder", ["", "pets/", "other/"])
def test_lists_of_the_cloud_find_the_pictures_beside_them_by_name_and_keep_the_splits(tmp_path, name, folder):
    source = written(tmp_path / "in", *(folder + p for p in SIX))
    (source / name).write_text(CLOUD[name])
    counts, _ = imported(source, tmp_path / "a")
    assert counts == Counter(zip(KIND, USES, strict=True))
    assert imported(source / name, tmp_path / "b")[0] == counts
