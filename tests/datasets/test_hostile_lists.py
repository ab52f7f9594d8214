"""Lists come from outside: a bomb, a torn or a lying one costs one line, and never a wrong label."""

import json

import pytest

from whatsit.datasets.formats import FORMATS, list_cost
from whatsit.datasets.formats.recognition import chosen_formats, recognised, recognised_list
from whatsit.datasets.formats.sources import FilesSource
from whatsit.errors import SourceError

PICTURE = b"\xff\xd8\xff\xe0 never decoded here"


def listing(files, layout=None):
    source = FilesSource(
        {name: text if isinstance(text, bytes) else text.encode() for name, text in files.items()}, "in"
    )
    return recognised(source, source.contents(), chosen_formats(layout))


def of_list(name, text, pictures=("a.jpg", "b.jpg")):
    content = text if isinstance(text, bytes) else text.encode()
    source = FilesSource({**dict.fromkeys(pictures, PICTURE), name: content}, "in")
    found = recognised_list(source, source.contents(), name, chosen_formats(None))
    return {item.path: item.label for item in found.items}


def coco(**changes):
    document = {
        "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
        "annotations": [{"image_id": 1, "category_id": 7}, {"image_id": 2, "category_id": 8}],
        "categories": [{"id": 7, "name": "cat"}, {"id": 8, "name": "dog"}],
    }
    return json.dumps(document | changes)


XML = '<annotations><image name="a.jpg"><tag label="{}"/></image></annotations>'
BOMB = '<!DOCTYPE annotations [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>' + XML.format(
    "&c;"
)
REFUSED = {
    "deep JSON": ("a.json", "[" * 10**5),
    "deep JSON that ends": ("a.json", "[" * 10**5 + "]" * 10**5),
    "deep JSON in lines": ("a.jsonl", '{"file_name": "a.jpg", "label": "x"}\n{"x": ' + "[" * 10**5 + "\n"),
    "a key twice": ("a.json", '{"a.jpg": "cat", "a.jpg": "dog"}'),
    "a key twice in a line": ("a.jsonl", '{"file_name": "a.jpg", "label": "x"}\n{"label": "x", "label": "y"}\n'),
    "a huge number": ("a.json", '{"a.jpg": ' + "9" * 5000 + "}"),
    "bad UTF-8 in JSON": ("a.json", b'{"a.jpg": "\xff\xfe"}'),
    "bad UTF-8 in CSV": ("a.csv", b"path,label\na.jpg,\xff\n"),
    "NUL in CSV": ("a.csv", "path,label\na.jpg,\0\n"),
    "a huge field": ("a.csv", "path,label\na.jpg," + "x" * 200_000 + "\n"),
    "no JSON": ("a.json", "torn {"),
    "nothing": ("a.json", ""),
    "empty list": ("a.json", "[]"),
    "COCO: an unknown category": ("a.json", coco(annotations=[{"image_id": 1, "category_id": 9}])),
    "COCO: an unknown picture": ("a.json", coco(annotations=[{"image_id": 5, "category_id": 7}])),
    "COCO: an id twice": ("a.json", coco(categories=[{"id": 7, "name": "cat"}, {"id": 7, "name": "dog"}])),
    "COCO: no name": ("a.json", coco(categories=[{"id": 7, "name": 3}])),
    "FiftyOne: an index beyond": ("a.json", '{"classes": ["cat"], "labels": {"a": 1}}'),
    "FiftyOne: a negative index": ("a.json", '{"classes": ["cat"], "labels": {"a": -1}}'),
    "FiftyOne: true": ("a.json", '{"classes": ["cat", "dog"], "labels": {"a": true}}'),
    "FiftyOne: classes of numbers": ("a.json", '{"classes": [1, 2], "labels": {"a": 1}}'),
    "entities": ("a.xml", BOMB),
    "a file as an entity": ("a.xml", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + XML.format("&e;")),
    "a document type alone": ("a.xml", '<!DOCTYPE annotations SYSTEM "http://192.0.2.1/x.dtd">' + XML.format("cat")),
    "deep XML": ("a.xml", "<annotations>" + "<a>" * 10**5),
    "torn XML": ("a.xml", XML.format("cat")[:60]),
    "other XML": ("a.xml", "<feed><entry/></feed>"),
    "numbers of thousands of digits": ("a.json", '{"labels": {"' + "9" * 5000 + '": "cat", "8": "dog"}}'),
    "splits in splits": ("a.json", '{"train": ' * 500 + "{}" + "}" * 500),
    "rows in rows": ("a.json", '[["a.jpg", "cat"], ["b.jpg", ["dog"]]]'),
    "UTF-8 by chance": ("a.csv", "path,label\na.jpg,\u732b\n".encode("gbk")),
    "XML in no encoding": ("a.xml", '<?xml version="1.0" encoding="utf-77"?>' + XML.format("cat")),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_list_that_cannot_be_trusted_is_refused_in_one_line(kind):
    name, text = REFUSED[kind]
    with pytest.raises(SourceError) as error:
        of_list(name, text)
    said = str(error.value)
    assert said.startswith(name) and "\n" not in said and len(said) < 400


@pytest.mark.parametrize("kind", REFUSED)
def test_such_a_list_in_a_folder_never_makes_a_label(kind):
    name, text = REFUSED[kind]
    try:
        found = listing({"cat/a.jpg": PICTURE, "cat/b.jpg": PICTURE, "dog/c.jpg": PICTURE, name: text})
    except SourceError as error:
        assert "\n" not in str(error)
    else:
        assert {item.label for item in found.items} == {"cat", "dog"}


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "..\\..\\x.jpg", "http://192.0.2.1/x.jpg", "a\0b.jpg", ""]
)
def test_a_path_out_of_the_source_leads_nowhere(path):
    text = json.dumps([{"file_name": "a.jpg", "label": "cat"}, {"file_name": path, "label": "dog"}])
    assert of_list("list.json", text) == {"a.jpg": "cat"}


def test_labels_with_control_characters_are_refused_by_name_when_they_arrive(tmp_path):
    from drawn_pictures import jpeg
    from whatsit.datasets.formats.importing import import_path
    from whatsit.datasets.project import Project

    (tmp_path / "in").mkdir()
    for number, name in enumerate("ab"):
        (tmp_path / "in" / f"{name}.jpg").write_bytes(jpeg(number))
    (tmp_path / "in" / "labels.json").write_text(json.dumps({"a.jpg": "cat", "b.jpg": "x\u202ey\n../z"}))
    with Project(tmp_path / "p") as project:
        report = import_path(project.dataset, tmp_path / "in")
        assert project.dataset.labels() == ["cat"]
    assert [skip.path for skip in report.skips] == ["b.jpg"]


def rows_of(kind, count):
    names = [f"p{n}.jpg" for n in range(count)]
    label = ["cat", "dog"]
    if kind == "csv":
        return "labels.csv", "path,label\n" + "".join(f"{name},{label[n % 2]}\n" for n, name in enumerate(names))
    if kind == "ids":
        return "train.csv", "image_id,label\n" + "".join(f"p{n},{label[n % 2]}\n" for n in range(count))
    if kind == "json":
        return "labels.json", json.dumps({name: label[n % 2] for n, name in enumerate(names)})
    if kind == "jsonl":
        return "metadata.jsonl", "".join(f'{{"file_name": "{name}", "label": "cat"}}\n' for name in names)
    if kind == "fiftyone":
        return "labels.json", json.dumps({"classes": label, "labels": {f"p{n}": n % 2 for n in range(count)}})
    if kind == "label-studio":
        result = [{"result": [{"value": {"choices": ["cat"]}}]}]
        return "a.json", json.dumps([{"data": {"image": name}, "annotations": result} for name in names])
    if kind == "cvat":
        inner = "".join(f'<image name="{name}"><tag label="cat"/></image>' for name in names)
        return "a.xml", f"<annotations>{inner}</annotations>"
    images = [{"id": n, "file_name": name} for n, name in enumerate(names)]
    annotations = [{"image_id": n, "category_id": 1} for n in range(count)]
    return "a.json", coco(images=images, annotations=annotations, categories=[{"id": 1, "name": "cat"}])


@pytest.mark.parametrize("kind", ["csv", "ids", "json", "jsonl", "fiftyone", "label-studio", "cvat", "coco"])
def test_of_a_hundred_thousand_rows_those_with_pictures_are_taken_and_the_rest_is_named(kind):
    name, text = rows_of(kind, 100_000)
    found = of_list(name, text, [f"p{n}.jpg" for n in range(500)])
    assert len(found) == 500 and set(found.values()) <= {"cat", "dog"}


def test_a_list_beyond_the_limit_is_refused_before_it_is_parsed(monkeypatch):
    monkeypatch.setattr(list_cost, "MAX_LIST", 100)
    for layout in ("csv", "json", "coco", "cvat"):
        ending = FORMATS[layout].list_endings[0]
        with pytest.raises(SourceError, match="more than the 100 allowed for a list"):
            of_list(f"list{ending}", b" " * 101)


def test_texts_that_name_pictures_in_unknown_ways_are_looked_at_within_limits():
    names = [f"p{n}.jpg" for n in range(2000)]
    long = b"x" * 2**23 + " ".join(names).encode()
    pictures = dict.fromkeys(names, PICTURE)
    with pytest.raises(SourceError, match=r"a\.md: nearly CSV list, but it names the pictures"):
        listing({**pictures, "a.md": long, "b.md": long})
    beyond = {f"{n}.md": b"x" * 2**23 for n in range(3)}
    assert len(listing({**pictures, **beyond, "4.md": long}).items) == 2000
    assert len(listing({**pictures, "bytes.dat": bytes(range(256)), "lone.xml": b"<a>p1.jpg"}).items) == 2000


def test_many_files_that_might_be_lists_are_not_all_read():
    files = {f"labels/{n}.txt": "0 0.5 0.5 0.1 0.1" for n in range(3000)}
    found = listing({"cat/a.jpg": PICTURE, "dog/b.jpg": PICTURE, **files})
    assert {item.label for item in found.items} == {"cat", "dog"}
