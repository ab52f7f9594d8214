"""The table of layouts as other tools make them, each with a known right answer: the label and split of every picture,
or the words of its refusal."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Layout:
    """A folder that somebody brings."""

    pictures: tuple[str, ...]
    expected: Mapping[tuple[str, str], int] | str
    """How many pictures of each label and split; the split is empty where whatsit decides. A refusal is its words."""
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    alone: str = ""
    """The list that gives the same when it is imported by itself."""


def spread(*folders: str, classes: Sequence[str] = ("cat", "dog"), count: int = 2) -> tuple[str, ...]:
    """``folder/class/picture`` for all of them."""
    return tuple(
        f"{folder}/{label}/{label}{number}.jpg".lstrip("/")
        for folder in folders or ("",)
        for label in classes
        for number in range(count)
    )


def of(cat: str, dog: str, *splits: str, each: int = 2) -> dict[tuple[str, str], int]:
    """So many of two labels in each split."""
    return {(label, split): each for label in (cat, dog) for split in splits or ("",)}


NUMBERS = range(8)
FLAT = tuple(f"{number}.jpg" for number in NUMBERS)
KINDS = tuple("cat" if number % 2 else "dog" for number in NUMBERS)
PAIRS = tuple(zip(NUMBERS, KINDS, strict=True))
EVEN = of("cat", "dog", each=4)
WORDS = ("train", "train", "train", "train", "val", "val", "test", "test")
SPREAD = {(k, s): n for k in ("cat", "dog") for s, n in (("training", 2), ("validation", 1), ("test", 1))}


def lines(head: str, line: str, **extra: Sequence[object]) -> str:
    """A list of the flat pictures: ``n`` their number, ``k`` their kind, ``i`` its number, ``w`` their split."""
    return head + "".join(
        line.format(n=number, k=KINDS[number], i=int(KINDS[number] == "dog"), w=WORDS[number]) for number in NUMBERS
    )


def documents(make: Callable[[int, str], object]) -> list[object]:
    return [make(number, kind) for number, kind in PAIRS]


def listed(
    name: str, text: str | bytes | list[object] | dict[str, object], expected: Any = EVEN, **more: Any
) -> Layout:
    """The flat pictures and a list beside them."""
    content = text if isinstance(text, str | bytes) else json.dumps(text, ensure_ascii=False)
    alone = "" if isinstance(expected, str) else name
    return Layout(FLAT, expected, {name: content, **more}, alone)


VERTEX = "\n".join(
    json.dumps({
        "imageGcsUri": f"gs://bucket/{number}.jpg", "classificationAnnotation": {"displayName": kind},
        "dataItemResourceLabels": {"x/ml_use": {"train": "training", "val": "validation"}.get(word, word)},
    })
    for number, kind, word in zip(NUMBERS, KINDS, WORDS, strict=True)
)  # fmt: skip
CVAT = lines("<annotations>", '<image name="{n}.jpg"><{{0}} label="{k}"/></image>') + "</annotations>"
CARD = """---
dataset_info:
  features:
  - name: label
    dtype:
      class_label:
        names:
          '0': cat
          '1': dog
---
"""
ALL = of("cat", "dog", "training", "validation", "test")
LAYOUTS = {
    # folders
    "class folders": Layout(spread(), of("cat", "dog")),
    "class folders in an export's folders": Layout(spread("export/v1"), of("cat", "dog")),
    "train, valid, test": Layout(spread("train", "valid", "test"), ALL),
    "training_set, test_set": Layout(spread("training_set", "test_set"), of("cat", "dog", "training", "test")),
    "seg_train twice": Layout(spread("seg_train/seg_train", "seg_test/seg_test"), of("cat", "dog", "training", "test")),
    "dev and eval": Layout(spread("train", "dev"), of("cat", "dog", "training", "validation")),
    "splits in Chinese": Layout(spread("训练集", "测试集"), of("cat", "dog", "training", "test")),
    "splits inside the classes": Layout(
        tuple(f"{k}/{s}/{n}.jpg" for k in ("cat", "dog") for s in ("train", "val") for n in (1, 2)),
        of("cat", "dog", "training", "validation"),
    ),
    "two sites": Layout(spread("site A", "site B"), of("cat", "dog", each=4)),
    "folds that are split": Layout(
        spread("fold0/train", "fold0/test", "fold1/train", "fold1/test"), of("cat", "dog", "training", "test", each=4)
    ),
    "system folders": Layout(
        (*spread(), "cat/@eaDir/a.jpg", "dog/.ipynb_checkpoints/b.jpg", "#recycle/c.jpg"), of("cat", "dog")
    ),
    "kaggle's two folders of flat pictures": Layout(
        ("train/cat.0.jpg", "train/dog.0.jpg", "test/1.jpg"), "in no class folders, and no list"
    ),
    "a folder of several sets": Layout(
        (*spread("one/train", "one/test"), *spread("two/images")), "'one' holds split folders of its own"
    ),
    "pictures and masks": Layout(("images/1.jpg", "masks/1.jpg"), "are no classes"),
    # lists in CSV
    "labels.csv": listed("labels.csv", lines("path,label,split\n", "{n}.jpg,{k},{w}\n"), SPREAD),
    "kaggle's ids": listed("train.csv", lines("id,breed\n", "{n},{k}\n")),
    "excel": listed("list.csv", "sep=;\n" + lines("Datei;Klasse\n", "{n}.jpg;{k}\n")),
    "ids in another ending": listed("labels.csv", lines("file,label\n", "{n}.png,{k}\n")),
    "no first line": listed("list.csv", lines("", "{n}.jpg,{k}\n")),
    "one column per class": listed(
        "train.csv", "image_id,cat,dog\n" + "".join(f"{n},{k == 'cat':d},{k == 'dog':d}\n" for n, k in PAIRS)
    ),
    "roboflow, one-hot in each split": Layout(
        tuple(f"{s}/{s}{n}.jpg" for s in ("train", "valid") for n in range(4)),
        of("cat", "dog", "training", "validation"),
        {
            f"{s}/_classes.csv": "filename, cat, dog\n"
            + "".join(f"{s}{n}.jpg, {n % 2}, {1 - n % 2}\n" for n in range(4))
            for s in ("train", "valid")
        },
    ),
    "fastai's is_valid": listed(
        "labels.csv",
        "fname,labels,is_valid\n" + "".join(f"{n}.jpg,{k},{n > 5}\n" for n, k in PAIRS),
        {("cat", "training"): 3, ("cat", "validation"): 1, ("dog", "training"): 3, ("dog", "validation"): 1},
    ),
    "automl's list": listed("all.csv", lines("", "{w},gs://bucket/{n}.jpg,{k}\n").replace("val", "VALIDATION"), SPREAD),
    "another machine": listed("labels.csv", lines("path,label\n", "C:\\x\\{n}.jpg,{k}\n")),
    "label studio's csv": listed(
        "p.csv", lines("image,id,choice,annotator\n", "/data/upload/1/0a1b2c3d-{n}.jpg,{n},{k},1\n")
    ),
    "open images' verdicts": listed("labels.csv", lines("ImageID,LabelName,Confidence\n", "{n},bird,0\n{n},{k},1\n")),
    "splits beside class folders": Layout(
        spread(count=2),
        of("cat", "dog", "training", "test", each=1),
        {
            "part.csv": "path,split\n"
            + "".join(f"{k}/{k}{n}.jpg,{w}\n" for k in ("cat", "dog") for n, w in enumerate(("train", "test")))
        },
    ),
    "several labels": listed("list.csv", lines("image,tags\n", "{n}.jpg,{k} wet\n"), "several labels"),
    "measurements": listed("list.csv", lines("image,target\n", "{n}.jpg,{n}.25\n"), "numbers that are no classes"),
    "a list of other pictures": listed(
        "labels.csv", lines("image_id,label\n", "x{n}y,{k}\n"), "names no pictures that are here|named in|no pictures"
    ),
    "latin-1": listed("list.csv", lines("file,label\n", "{n}.jpg,K\u00e4se {k}\n").encode("latin-1"), "not UTF-8"),
    "UTF-8 by chance": listed("list.csv", lines("file,label\n", "{n}.jpg,\u732b{i}\n").encode("gbk"), "in GBK"),
    # lists in text
    "caffe's list": listed("train.txt", lines("", "{n}.jpg {k}\n")),
    "pascal's lists of presence": listed("cat_train.txt", lines("", "{n} 1\n").replace("0 1", "0 -1"), "1 and -1"),
    "yolo's boxes": Layout(
        tuple(f"images/train/{n}.jpg" for n in range(4)),
        "describe one picture each",
        {f"labels/train/{n}.txt": f"{n % 2} .5 .5 .1 .1\n" for n in range(4)},
    ),
    # JSON and XML
    "metadata.jsonl": listed(
        "metadata.jsonl", "".join(json.dumps({"file_name": f"{n}.jpg", "label": k}) + "\n" for n, k in PAIRS)
    ),
    "file: label": listed("labels.json", {f"{n}.jpg": k for n, k in PAIRS}),
    "label: files": listed("labels.json", {k: [f"{n}.jpg" for n in NUMBERS if KINDS[n] == k] for k in ("cat", "dog")}),
    "split: records": listed(
        "data.json",
        {
            w: [{"image": f"{n}.jpg", "label": KINDS[n]} for n in NUMBERS if WORDS[n] == w]
            for w in ("train", "val", "test")
        },
        SPREAD,
    ),
    "rows": listed("data.json", documents(lambda n, k: [f"{n}.jpg", k])),
    "vertex ai": listed("import.jsonl", VERTEX, SPREAD),
    "coco": listed(
        "annotations.json",
        {
            "images": documents(lambda n, k: {"id": n, "file_name": f"{n}.jpg"}),
            "annotations": documents(lambda n, k: {"id": n, "image_id": n, "category_id": 3 + 4 * (k == "dog")}),
            "categories": [{"id": 3, "name": "cat"}, {"id": 7, "name": "dog"}],
        },
    ),
    "fiftyone": listed(
        "labels.json", {"classes": ["cat", "dog"], "labels": {str(n): int(k == "dog") for n, k in PAIRS}}
    ),
    "label studio": listed(
        "p.json",
        documents(
            lambda n, k: {
                "data": {"image": f"/data/local-files/?d=in/{n}.jpg"},
                "annotations": [{"result": [{"type": "choices", "value": {"choices": [k]}}]}],
            }
        ),
    ),
    "create ml": listed("annotations.json", documents(lambda n, k: {"imagefilename": f"{n}.jpg", "annotation": k})),
    "custom vision": listed("images.json", documents(lambda n, k: {"id": f"{n}", "tags": [{"tagName": k}]})),
    "cvat": listed("annotations.xml", CVAT.format("tag")),
    "cvat's boxes": listed(
        "annotations.xml",
        CVAT.format("box"),
        "shapes, not tags",
    ),
    "unknown JSON": listed("export.json", {"v": [[{"deep": f"{n}.jpg"}, 7] for n in NUMBERS]}, "way that is not known"),
    # numbers, and the names of their classes elsewhere
    "cassava": listed(
        "train.csv",
        lines("image_id,label\n", "{n}.jpg,{i}\n"),
        **{"label_num_to_disease_map.json": '{"0": "cat", "1": "dog", "2": "cow"}'},
    ),
    "hugging face's card": listed(
        "metadata.csv",
        lines("file_name,label\n", "{n}.jpg,{i}\n"),
        **{"README.md": CARD},
    ),
    "flowers, numbered folders": Layout(
        spread("train", "valid", classes=("1", "10")),
        of("rose", "iris", "training", "validation"),
        {"cat_to_name.json": '{"1": "rose", "10": "iris", "2": "tulip"}'},
    ),
    "two files of names that disagree": listed(
        "train.csv",
        lines("image_id,label\n", "{n}.jpg,{i}\n"),
        "keep one of them",
        **{"classes.txt": "cat\ndog\n", "data.yaml": "names: [dog, cat]\n"},
    ),
}
