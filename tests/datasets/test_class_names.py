"""Numbers of classes get the names that stand in another file, and the report says in which."""

import json

import pytest

from foreign_folders import imported, labels, written
from whatsit import find_examples
from whatsit.errors import SourceError

PICTURES = [f"images/{n}.jpg" for n in range(4)]
ROWS = "image_id,label\n" + "".join(f"{n}.jpg,{n // 2}\n" for n in range(4))
CARD = """---
license: mit
dataset_info:
  features:
  - name: image
    dtype: image
  - name: label
    dtype:
      class_label:
        names:
          '0': cat
          '1': dog
---
# Pets
names: none
"""
FEATURES = {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
NAMES = {
    "label_num_to_disease_map.json": '{"0": "cat", "1": "dog", "2": "cow"}',
    "dataset_info.json": json.dumps({"features": FEATURES}),
    "dataset_infos.json": json.dumps({"default": {"features": FEATURES, "splits": {"train": {"name": "train"}}}}),
    "README.md": CARD,
    "classes.txt": "cat\ndog\n",
    "labels.txt": "0 cat\n1 dog\n",
    "label_map.pbtxt": 'item { id: 0 name: "cat" } item { id: 1 name: "dog" }',
    "categories.json": '[{"id": 1, "name": "dog", "supercategory": "pet"}, {"id": 0, "name": "cat"}]',
    "notes.json": '{"categories": [{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}]}',
    "data.yaml": "nc: 2\nnames: ['cat', \"dog\"]  # two\ntrain: images\n",
    "pets.yaml": "train: images\nnames:\n  0: cat  # a\n  1: 'dog'\nval: images\n",
    "custom.yml": "names:\n- cat\n- dog\nnc: 2\n",
    "flow.yaml": "names: {0: cat, 1: dog}",
    "lines.yaml": "names: [cat,\n  dog]\n",
    "classes.csv": "class_id,class_name\n0,cat\n1,dog\n",
    "map.txt": "cat 0\ndog 1\n",
    "obj.names": "cat\ndog\n",
    "labels.json": '["cat", "dog"]',
    "class_indices.json": '{"cat": 0, "dog": 1}',
    "config.json": '{"model_type": "vit", "id2label": {"0": "cat", "1": "dog"}}',
}


COUNTED = {"classes.txt", "data.yaml", "custom.yml", "lines.yaml", "obj.names", "labels.json"}
"""Without numbers of their own."""


@pytest.mark.parametrize("name", NAMES)
def test_a_file_beside_a_list_of_numbers_names_them(tmp_path, name):
    source = written(tmp_path / "in", *PICTURES, train_csv=ROWS)
    (source / name).write_text(NAMES[name])
    counts, report = imported(source, tmp_path / "a")
    assert labels(counts) == {"cat": 2, "dog": 2}
    counted = ", counted from 0" if name in COUNTED else ""
    assert report.read_as[0].endswith(f"{name} names its numbers{counted}") and name not in {
        skip.path for skip in report.skips
    }
    assert imported(source / "train.csv", tmp_path / "b")[0] == counts
    assert sorted(label for _, label in find_examples(source)) == ["cat", "cat", "dog", "dog"]


@pytest.mark.parametrize(
    ("list_name", "text"),
    [
        ("metadata.jsonl", "".join(f'{{"file_name": "images/{n}.jpg", "label": {n // 2}}}\n' for n in range(4))),
        ("labels.json", json.dumps({f"{n}.jpg": n // 2 for n in range(4)})),
        ("list.txt", "".join(f"images/{n}.jpg {n // 2}\n" for n in range(4))),
        ("train.csv", "file,class\n" + "".join(f"{n}.jpg,{n // 2}.0\n" for n in range(4))),
        ("labels.json", json.dumps({"labels": {str(n): n // 2 for n in range(4)}})),
    ],
)
def test_lists_of_every_kind_have_their_numbers_named(tmp_path, list_name, text):
    source = written(tmp_path / "in", *PICTURES, classes_txt="cat\ndog\n")
    (source / list_name).write_text(text)
    assert labels(imported(source, tmp_path)[0]) == {"cat": 2, "dog": 2}


@pytest.mark.parametrize(
    ("folders", "name", "text"),
    [
        (("1", "2"), "cat_to_name.json", '{"2": "dog", "1": "cat", "7": "cow"}'),
        (("00000", "00001"), "labels.csv", "ClassId,Name\n0,cat\n1,dog\n"),
        (("train/0", "train/1"), "classes.txt", "cat\ndog\n"),
        (("train/1", "train/2"), "labels.txt", "1 cat\n2 dog\n"),
        (("0", "1"), "dataset_info.json", json.dumps({"features": FEATURES})),
    ],
)
def test_class_folders_of_numbers_are_named_too(tmp_path, folders, name, text):
    source = written(tmp_path / "in", *(f"{folder}/{n}.jpg" for folder in folders for n in (1, 2)))
    (source / name).write_text(text)
    assert labels(imported(source, tmp_path)[0]) == {"cat": 2, "dog": 2}
    asked, _ = imported(source, tmp_path / "b", layout="folder")
    assert set(labels(asked)) <= {*folders, "train"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("classes.txt", "cat\ndog\n"), ("data.yaml", "names: [dog, cat]")),
        (("label_map.json", '{"0": "cat", "1": "dog"}'), ("labels.txt", "cat\nDog\n")),
    ],
)
def test_two_files_that_disagree_are_refused_by_name(tmp_path, one, other):
    source = written(tmp_path / "in", *PICTURES, train_csv=ROWS)
    for name, text in (one, other):
        (source / name).write_text(text)
    with pytest.raises(SourceError, match=r"names class \d '\w+', and .* '\w+'; keep one of them") as refused:
        imported(source, tmp_path)
    assert one[0] in str(refused.value) and other[0] in str(refused.value)
    (source / other[0]).write_text(one[1] if other[0].endswith("txt") else "names: [cat, dog]")
    if other[0] == "data.yaml":
        assert labels(imported(source, tmp_path / "b")[0]) == {"cat": 2, "dog": 2}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classes.txt", "0\n1\n2\n"), ("classes.txt", "ten\n"), ("photographers.json", '{"0": "ann", "1": "bob"}'),
        ("labels.txt", "1\n1\n0\n0\n"), ("data.yaml", "nc: 2\n"), ("README.md", "# names:\n- a\n- b\n"),
        ("class_info.json", '{"0": {"deep": []}}'), ("labels.txt", "a.jpg\nb.jpg\n"), ("classes.csv", "a,b\nx,y\n"),
        ("label_map.json", "[" * 10**5), ("classes.txt", "\0\0"), ("data.yaml", "names: [" + "x, " * 10**5),
        ("data.yaml", "a: &a [x, x]\nb: &b [*a, *a]\nnames: *b\n"), ("labels.txt", "x" * 10**5 + "\ny\n"),
        ("README.md", "---\n" + "class_label:\n" * 70_000 + "---\n"),
    ],
)  # fmt: skip
def test_what_names_other_things_leaves_the_numbers_and_this_is_said(tmp_path, name, text):
    source = written(tmp_path / "in", *PICTURES, train_csv=ROWS)
    (source / name).write_text(text)
    counts, report = imported(source, tmp_path)
    assert labels(counts) == {"0": 2, "1": 2}
    assert name.startswith("classes.txt") or "no file beside it names its numbers" in report.read_as[0]


def test_of_several_columns_of_classes_the_labels_are_named(tmp_path):
    colours = CARD.replace("cat", "red").replace("dog", "blue").replace("name: label", "name: colour")
    both = colours.partition("---\n# Pets")[0] + CARD.partition("features:\n")[2]
    source = written(tmp_path / "in", *PICTURES, train_csv=ROWS, README_md=both)
    assert set(labels(imported(source, tmp_path / "a")[0])) == {"cat", "dog"}
    (source / "README.md").write_text(both.replace("name: label", "name: kind"))
    counts, report = imported(source, tmp_path / "b")
    assert set(labels(counts)) == {"0", "1"} and "no file beside it names its numbers" in report.read_as[0]
    (source / "README.md").unlink()
    other = {"names": ["red", "blue"], "_type": "ClassLabel"}
    (source / "dataset_info.json").write_text(json.dumps({"features": {"colour": other, **FEATURES}}))
    assert set(labels(imported(source, tmp_path / "c")[0])) == {"cat", "dog"}


def test_a_map_of_numbers_is_no_list_of_the_first_few_pictures(tmp_path):
    source = written(tmp_path / "in", *PICTURES, train_csv=ROWS)
    (source / "label_map.json").write_text('{"version": 1, "labels": {"0": "cat", "1": "dog"}}')
    assert labels(imported(source, tmp_path)[0]) == {"cat": 2, "dog": 2}


def test_a_file_of_too_few_names_is_said_and_not_used(tmp_path):
    source = written(tmp_path / "in", *PICTURES, train_csv=ROWS.replace(",1", ",7"), classes_txt="cat\ndog\n")
    counts, report = imported(source, tmp_path)
    assert set(labels(counts)) == {"0", "7"}
    assert "it names 2 classes, and not all numbers of the pictures; it was not used" in report.notes[-1].reason


def test_digits_are_digits_and_words_are_not_replaced(tmp_path):
    digits = written(tmp_path / "in", *(f"{d}/{n}.jpg" for d in range(3) for n in (1, 2)), classes_txt="0\n1\n2\n")
    assert set(labels(imported(digits, tmp_path)[0])) == {"0", "1", "2"}
    coins = written(tmp_path / "coins", *(f"{d}/{n}.jpg" for d in (1, 2, 5) for n in (1, 2)), data_yaml="names: [a, b]")
    assert set(labels(imported(coins, tmp_path / "b")[0])) == {"1", "2", "5"}


def test_a_hundred_thousand_names_are_read_and_control_characters_are_no_label(tmp_path):
    names = "\n".join(f"thing {n}" for n in range(100_000))
    source = written(tmp_path / "in", *PICTURES, train_csv=ROWS.replace(",1", ",49999"), classes_txt=names)
    assert "thing 49999" in labels(imported(source, tmp_path)[0]) or (source / "classes.txt").stat().st_size > 2**20
    (source / "classes.txt").write_text("c\u202eat\n" + names[:1000])
    (source / "train.csv").write_text(ROWS)
    counts, report = imported(source, tmp_path / "b")
    assert set(labels(counts)) <= {"thing 0"} and any("U+202E" in skip.reason for skip in report.skips)
