"""Label files in the two styles that models come with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsit import DataError
from whatsit.tflite.label_file import fitted_labels, labels_beside, parse_labels, read_labels

THOUSAND = tuple(f"thing {index}" for index in range(1000))
NAMES = st.lists(st.text("abc -'éñ猫", min_size=1).map(str.strip).filter(bool), min_size=1, max_size=20)


@pytest.mark.parametrize(
    "text",
    [
        "cat\ndog\nsea lion\n", "cat\ndog\nsea lion", "cat\r\ndog\r\nsea lion\r\n", "\ufeffcat\ndog\nsea lion\n\n\n",
        "0 cat\n1 dog\n2 sea lion\n", "0: cat\n1: dog\n2: sea lion", "2\tsea lion\n0\tcat\n1\tdog\n",
        "0,cat\n1,dog\n2,sea lion\n",
    ],
)  # fmt: skip
def test_every_style_gives_the_same_labels(text):
    assert parse_labels(text.encode(), "labels.txt") == ("cat", "dog", "sea lion")


@given(NAMES)
def test_plain_and_numbered_files_of_any_labels_agree(names):
    plain = "\n".join(names).encode()
    numbered = "\n".join(f"{index} {name}" for index, name in enumerate(names)).encode()
    assert parse_labels(plain, "a") == parse_labels(numbered, "b") == tuple(names)


@pytest.mark.parametrize("text", ["0 cat\n2 dog\n", "2 euro\n1 euro\n", "0 cat\ndog\n", "7\n8\n", "2 cat\n3 dog\n"])
def test_numbers_that_do_not_count_belong_to_the_labels(text):
    assert parse_labels(text.encode(), "coins.txt") == tuple(text.split("\n")[:-1])


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00", b"cat\0dog\n", b"x\n" * 100_001])
def test_what_is_no_label_file_is_refused_in_one_line(tmp_path, content):
    (tmp_path / "labels.txt").write_bytes(content)
    with pytest.raises(DataError, match=r"labels.txt: .*one label per line") as error:
        read_labels(tmp_path / "labels.txt")
    assert "\n" not in str(error.value)


def test_a_missing_label_file_and_a_folder_are_named(tmp_path):
    for path, reason in ((tmp_path / "nowhere.txt", "no such file"), (tmp_path, "not a file")):
        with pytest.raises(DataError, match=f"{path}: {reason}; expected a label file"):
            read_labels(path)


def test_a_label_file_too_large_to_be_one_is_not_read(tmp_path):
    with (tmp_path / "labels.txt").open("wb") as stream:
        stream.truncate(2**32)
    with pytest.raises(DataError, match="allowed for a label file"):
        read_labels(tmp_path / "labels.txt")


def test_a_thousand_labels_fit_a_model_that_has_a_background_class_too():
    assert fitted_labels(THOUSAND, 1001, "x") == ("background", *THOUSAND)


def test_a_thousand_and_one_labels_fit_a_model_that_lacks_the_background():
    assert fitted_labels(("Background", *THOUSAND), 1000, "x") == THOUSAND


@pytest.mark.parametrize(("labels", "classes"), [(2, 3), (3, 2), (1001, 1000), (1000, 1002), (90, 1001), (10, 11)])
def test_any_other_count_is_refused_with_both_numbers(labels, classes):
    names = tuple(f"thing {index}" for index in range(labels))
    with pytest.raises(DataError, match=f"the file: {labels} labels for a model of {classes} classes"):
        fitted_labels(names, classes, "the file")


def test_labels_beside_a_model_are_found_under_its_own_name_first(tmp_path):
    model = tmp_path / "pets.tflite"
    assert labels_beside(model, 2) is None
    (tmp_path / "labels.txt").write_text("x\ny\n")
    assert labels_beside(model, 2) == (("x", "y"), tmp_path / "labels.txt")
    (tmp_path / "pets.txt").write_text("cat\ndog\n")
    assert labels_beside(model, 2) == (("cat", "dog"), tmp_path / "pets.txt")


def test_a_shared_label_file_of_another_model_is_passed_over_but_its_own_must_fit(tmp_path):
    model = tmp_path / "pets.tflite"
    (tmp_path / "labels.txt").write_text("x\ny\nz\n")
    assert labels_beside(model, 2) is None
    (tmp_path / "pets_labels.txt").write_text("x\ny\nz\n")
    with pytest.raises(DataError, match="3 labels for a model of 2 classes"):
        labels_beside(model, 2)


@pytest.mark.parametrize(
    "text",
    [
        "1 cat\n2 dog\n",
        "\ufeffcat\r\ndog\r\n",
        '["cat", "dog"]',
        '{"0": "cat", "1": "dog"}',
        '{"1": "dog", "0": "cat"}',
        '{"cat": 0, "dog": 1}',
        '{"labels": ["cat", "dog"]}',
        '{"names": {"0": "cat", "1": "dog"}}',
        '[{"name": "cat"}, {"name": "dog"}]',
        '{"categories": [{"id": 9, "name": "cat"}, {"id": 30, "name": "dog"}]}',
        '[{"id": 2, "name": "dog"}, {"id": 1, "name": "cat"}]',
        "cat\t0\ndog\t1\n",
        '"cat"\n"dog"\n',
        "task: classify\nnames:\n  0: cat\n  1: 'dog'\nimgsz: [8, 8]\n",
        'names: [cat, "dog"]',
        "{'task': 'classify', 'names': {0: 'cat', 1: 'dog'}}",
        "item { id: 1 name: \"cat\" }\nitem {\n  id: 2\n  name: 'dog'\n}\n",
        'item { name: "/m/01yrx" id: 1 display_name: "cat" } item { name: "/m/0bt9lr" id: 2 display_name: "dog" }',
    ],
)
def test_the_ways_in_which_tools_write_labels_give_the_same(text):
    assert parse_labels(text.encode(), "labels") == ("cat", "dog")
    assert parse_labels(text.removeprefix("\ufeff").encode("utf-16"), "labels") == ("cat", "dog")


@pytest.mark.parametrize(
    "text",
    [
        "{", "[1, 2]", "[" * 100_000, '{"0": "cat", "2": "dog"}', '{"cat": 0, "dog": 0}', '{"cat": true}', "{}",
        'item { id: 1 name: "cat" } item { id: 1 name: "dog" }', "item { id: 1 }", '{"labels": 3}',
    ],
)  # fmt: skip
def test_json_and_label_maps_that_make_no_sense_are_refused_in_one_line(text):
    with pytest.raises(DataError, match="labels.json") as refused:
        parse_labels(text.encode(), "labels.json")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["dict.txt", "labels.json", "class_indices.json", "label_map.pbtxt", "classes.txt"])
def test_the_names_that_tools_give_their_label_files_are_known(tmp_path, name):
    texts = {"json": '["cat", "dog"]', "pbtxt": 'item { id: 1 name: "cat" } item { id: 2 name: "dog" }'}
    (tmp_path / name).write_text(texts.get(name.split(".")[1], "cat\ndog\n"))
    assert labels_beside(tmp_path / "model.tflite", 2) == (("cat", "dog"), tmp_path / name)


def test_a_manifest_names_the_label_file_and_nothing_outside_its_folder(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "words").write_text("cat\ndog\n")
    manifest = folder / "manifest.json"
    manifest.write_text('{"modelFile": "model.tflite", "labelsFile": "words", "modelType": "IMAGE_LABELING"}')
    assert labels_beside(folder / "model.tflite", 2) == (("cat", "dog"), folder / "words")
    assert labels_beside(folder / "other.tflite", 2) is None
    (tmp_path / "secret").write_text("a\nb\n")
    manifest.write_text('{"labelsFile": "../secret"}')
    assert labels_beside(folder / "model.tflite", 2) is None


ROWS = 100_000


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"thing {index}" for index in range(ROWS)),
        "\n".join(f"{index} thing {index}" for index in range(ROWS)),
        "[" + ",".join(f'"thing {index}"' for index in range(ROWS)) + "]",
        "{" + ",".join(f'"{index}": "thing {index}"' for index in range(ROWS)) + "}",
        "".join(f'item {{ id: {index + 1} name: "thing {index}" }}\n' for index in range(ROWS)),
    ],
    ids=["lines", "numbered", "list", "object", "label map"],
)
def test_a_hundred_thousand_labels_are_read_and_one_more_is_refused(text):
    labels = parse_labels(text.encode(), "labels")
    assert len(labels) == ROWS and labels[-1] == "thing 99999"
    with pytest.raises(DataError, match="100001 labels"):
        parse_labels("\n".join(["x"] * (ROWS + 1)).encode(), "labels")


@pytest.mark.parametrize("digits", ["9" * 5000, "9" * 10])
@pytest.mark.parametrize(
    "text", ['{{"{}": "cat"}}', '{{"cat": {}}}', 'item {{ id: {} name: "cat" }}', 'item {{ name: "cat" id: -{} }}']
)
def test_a_number_too_long_to_be_an_index_is_refused_in_one_line(text, digits):
    with pytest.raises(DataError, match=r"^labels\.json: ") as refused:
        parse_labels(text.format(digits).encode(), "labels.json")
    assert len(str(refused.value)) < 300


def test_a_line_that_begins_with_a_long_number_is_a_label():
    assert parse_labels(f"{'7' * 5000} a\n0 b".encode(), "labels")[1] == "0 b"


@pytest.mark.parametrize(
    "text",
    [
        "names: [" + "'a''," * 500_000,
        "names:" + "\n- x" * 100_001,
        "names: {" + "0: '" * 500_000,
        " " * 2_000_000 + "names:",
        "{'names': {" * 200_000,
        "item {" * 200_000,
        "item" + " " * 2_000_000,
        'item { id: 1 name: "' + "\\" * 2_000_000,
    ],
)
def test_a_label_map_that_never_closes_is_read_once_and_given_up(text):
    try:
        assert len(parse_labels(text.encode(), "labels.pbtxt")) < 3
    except DataError as error:
        assert "labels.pbtxt" in str(error) and "\n" not in str(error)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("class_index.json", '{"0": ["n02123045", "cat"], "1": ["n02084071", "dog"]}'),
        (
            "config.json",
            '{"model_type": "vit", "id2label": {"0": "cat", "1": "dog"}, "label2id": {"cat": 0, "dog": 1}}',
        ),
        ("metadata.json", '{"tfjsVersion": "1.7.4", "labels": ["cat", "dog"], "imageSize": 224}'),
        ("metadata.yaml", "task: classify\nnames:\n  0: cat\n  1: dog\n"),
        ("data.yaml", "names: [cat, dog]\n"),
        ("obj.names", "cat\ndog\n"),
    ],
)
def test_labels_in_the_files_that_keras_hugging_face_and_teachable_machine_put_beside_a_model(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert labels_beside(tmp_path / "model.tflite", 2) == (("cat", "dog"), tmp_path / name)
    assert labels_beside(tmp_path / "model.tflite", 3) is None


def test_a_class_without_a_name_is_called_by_its_number():
    assert fitted_labels(parse_labels(b"cat\n\ndog\n", "labels.txt"), 3, "labels.txt") == ("cat", "class 1", "dog")
