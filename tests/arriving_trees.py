"""Trees as people bring them, drawn from a grammar: splits x lists x junk x encodings x pictures x nesting, with the
truth of every picture."""

import csv
import io
import json
import random
import unicodedata
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
from PIL import Image

LABELS = [
    ("cat", "dog"), ("red mug", "blue mug", "jug"), ("Äpfel", "Birnen"), ("猫", "狗", "鸟"), ("ratio 1:2", "ratio 2:1"),
    ("0", "1", "2"), ("Café", "thé"), ("n01440764", "n02102040"), ("class_a", "class_b"), ("50% off", "sold out"),
    ("train station", "bus stop"), ("Кошка", "Собака"),
]  # fmt: skip
SPLITS = [
    {"train": "training", "valid": "validation", "test": "test"}, {"train": "training", "val": "validation"},
    {"training_set": "training", "test_set": "test"}, {"Training set": "training", "Testing set": "test"},
    {"seg_train": "training", "seg_test": "test"}, {"train": "training", "dev": "validation", "eval": "validation"},
    {"TRAIN": "training", "TEST": "test"}, {"train": "training", "testing": "test"},
    {"train2017": "training", "val2017": "validation"}, {"trainset": "training", "testset": "test"},
    {"Train_Images": "training", "Validation_Images": "validation"}, {"train": "training", "test": "test"},
]  # fmt: skip
KINDS = [
    ("JPEG", ".jpg"), ("JPEG", ".jpg"), ("JPEG", ".jpg"), ("JPEG", ".jpeg"), ("JPEG", ".JPG"), ("JPEG", ".jfif"),
    ("PNG", ".png"), ("WEBP", ".webp"), ("BMP", ".bmp"), ("GIF", ".gif"), ("TIFF", ".tif"), ("AVIF", ".avif"),
]  # fmt: skip
BROKEN = b"\xff\xd8\xff\xe0 torn"


@dataclass
class Arrival:
    """What somebody brings."""

    files: dict[str, bytes] = field(default_factory=dict)
    truth: dict[bytes, tuple[str, str]] = field(default_factory=dict)
    """By a picture's bytes: its label, and its split or nothing where whatsit decides."""
    kind: str = ""
    lists: list[str] = field(default_factory=list)
    """The lists that say it, where there are some."""
    is_clear: bool = True
    """False where nobody could know: refusing is right then."""


class Grower:
    """Draws one tree from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.arrival = Arrival()
        self.count = 0
        self.labels = self.random.choice(LABELS)

    def picture(self, kind: str = "JPEG") -> bytes:
        self.count += 1
        noise = np.random.default_rng(self.random.randrange(2**32)).integers(0, 255, (9, 11, 3), np.uint8)
        stream = io.BytesIO()
        Image.fromarray(noise).save(stream, kind)
        return stream.getvalue()

    def add(self, folder: str, label: str, split: str = "", stem: str = "", suffix: str | None = None) -> str:
        """A picture somewhere, and what it is; gives its file name."""
        kind, ending = ("JPEG", ".jpg") if suffix is not None else self.random.choice(KINDS)
        ending = ending if suffix is None else suffix
        content = self.picture(kind)
        name = (stem or f"img{self.count:03d}") + ending
        self.arrival.files["/".join(part for part in (folder, name) if part)] = content
        self.arrival.truth[content] = (label, split)
        return name

    def grow(self) -> Arrival:
        layouts = [
            self.folders, self.folders, self.split_folders, self.split_folders, self.split_folders, self.nested_twice,
            self.splits_inside, self.unnamed_parts, self.one_hot, self.one_hot, self.plain_list, self.plain_list,
            self.id_list, self.id_list, self.metadata, self.metadata, self.fiftyone, self.label_studio, self.coco,
            self.coco, self.cvat, self.json_map, self.text_list, self.fastai, self.automl, self.split_lists,
            self.other_machine, self.unclear,
        ]  # fmt: skip
        layout = self.random.choice(layouts)
        layout()
        self.arrival.kind = self.arrival.kind or layout.__name__
        if self.arrival.is_clear:
            self.junk()
        self.wrap()
        return self.arrival

    # ---- layouts

    def each(self, low: int = 2, high: int = 4) -> range:
        return range(self.random.randint(low, high))

    def folder_of(self, label: str) -> str:
        return unicodedata.normalize(self.random.choice(["NFC", "NFC", "NFD"]), label)

    def folders(self) -> None:
        for label in self.labels:
            folder = self.folder_of(label)
            for _ in self.each():
                self.add(folder, label)
            if self.random.random() < 0.2:
                self.add(f"{folder}/more", label)

    def split_folders(self) -> None:
        inner = self.random.choice(["", "", "images/"])
        for name, split in self.random.choice(SPLITS).items():
            for label in self.labels:
                for _ in self.each(1, 3):
                    self.add(f"{name}/{inner}{self.folder_of(label)}", label, split)

    def nested_twice(self) -> None:
        for name, split in self.random.choice(SPLITS[:8]).items():
            for label in self.labels:
                for _ in self.each(1, 3):
                    self.add(f"{name}/{name}/{label}", label, split)

    def splits_inside(self) -> None:
        for label in self.labels:
            for name, split in SPLITS[0].items():
                self.add(f"{label}/{name}", label, split)

    def unnamed_parts(self) -> None:
        for name in self.random.choice(
            [("site A", "site B"), ("original", "augmented"), ("2023 kitchen", "2024 hall")]
        ):
            for label in self.labels:
                self.add(f"{name}/{label}", label)
                self.add(f"{name}/{label}", label)

    def one_hot(self) -> None:
        for name, split in self.random.choice(SPLITS[:3]).items():
            rows = []
            for label in self.labels:
                ones = [int(label == other) for other in self.labels]
                rows += [[self.add(name, label, split), *ones] for _ in self.each(1, 3)]
            mark = self.random.choice([", ", ","])
            lines = [mark.join(map(str, row)) for row in [["filename", *self.labels], *rows]]
            self.list(f"{name}/_classes.csv", "\n".join(lines) + "\n")

    def plain_list(self) -> None:
        folder = self.random.choice(["", "images", "pictures/all", "train_images"])
        heads = self.random.choice([
            ("filename", "label"), ("image", "class"), ("file_name", "label"), ("Image_Name", "Category"), None,
            ("path", "label"), ("img", "species"), ("fname", "animal"), ("filename", "label", "width", "height"),
        ])  # fmt: skip
        bare = self.random.random() < 0.5
        rows = []
        for label in self.labels:
            for _ in self.each():
                name = self.add(folder, label)
                rows.append([name if bare or not folder else f"{folder}/{name}", label])
        self.random.shuffle(rows)
        if heads and len(heads) > 2:
            rows = [[*row, "640", str(self.random.randint(300, 400))] for row in rows]
        self.table(self.random.choice(["labels.csv", "train.csv", "data.csv", "my list.tsv"]), heads, rows)

    def id_list(self) -> None:
        folder = self.random.choice(["train", "images", "jpg", "train_images"])
        heads = self.random.choice([("id", "label"), ("image_id", "breed"), ("id", "species"), ("image", "level")])
        labels = ("0", "1", "2") if heads[1] == "level" else self.labels
        numbers = self.random.random() < 0.5
        rows, split = [], "training" if folder in ("train", "train_images") else ""
        for label in labels:
            for _ in self.each(3, 4):
                stem = f"{self.count + 1:04d}" if numbers else f"{self.random.randrange(2**40):010x}"
                self.add(folder, label, split, stem, suffix=".jpg")
                rows.append([stem, label])
        self.random.shuffle(rows)
        self.table(self.random.choice(["labels.csv", "train.csv"]), heads, rows, plain=True)
        if folder == "train":
            for _ in range(3):
                self.arrival.files[f"test/{self.random.randrange(2**40):010x}.jpg"] = self.picture()
            if self.random.random() < 0.5:
                ids = [Path(path).stem for path in self.arrival.files if path.startswith("test/")]
                text = "".join(f"{one},{labels[0]}\n" for one in ids)
                self.arrival.files["sample_submission.csv"] = f"{heads[0]},{heads[1]}\n{text}".encode()

    def metadata(self) -> None:
        as_json = self.random.random() < 0.5
        for name, split in self.random.choice([SPLITS[0], SPLITS[1], {"": ""}]).items():
            rows = [[self.add(name, label, split), label] for label in self.labels for _ in self.each(2, 3)]
            path = "/".join(part for part in (name, "metadata") if part)
            if as_json:
                lines = [json.dumps({"file_name": file, "label": label}, ensure_ascii=False) for file, label in rows]
                self.list(f"{path}.jsonl", "\n".join(lines))
            else:
                self.table(f"{path}.csv", ("file_name", "label"), rows, plain=True)

    def fiftyone(self) -> None:
        labels = {}
        for place, label in enumerate(self.labels):
            for _ in self.each():
                labels[Path(self.add("data", label)).stem] = place
        self.list("labels.json", json.dumps({"classes": list(self.labels), "labels": labels}))

    def label_studio(self) -> None:
        form = self.random.choice(["json", "min", "csv"])
        tasks, rows = [], []
        for label in self.labels:
            for _ in self.each():
                name = self.add("images", label)
                image = self.random.choice([
                    f"/data/upload/3/{self.random.randrange(2**32):08x}-{name}", f"/data/local-files/?d=images/{name}",
                    f"https://example.org/{name}?x=1",
                ])  # fmt: skip
                result = {"type": "choices", "from_name": "c", "to_name": "i", "value": {"choices": [label]}}
                tasks.append({"id": len(tasks), "data": {"image": image}, "annotations": [{"result": [result]}]})
                rows.append({"image": image, "id": len(rows), "choice": label, "annotator": 1, "lead_time": 1.5})
        if form == "csv":
            self.table("project-1.csv", tuple(rows[0]), [list(row.values()) for row in rows], plain=True)
        else:
            self.list("project-1.json", json.dumps(tasks if form == "json" else rows, ensure_ascii=False))

    def coco(self) -> None:
        splits = self.random.choice([SPLITS[0], SPLITS[1], {"images": ""}])
        beside = self.random.random() < 0.5
        categories = [{"id": 3 + 2 * place, "name": label} for place, label in enumerate(self.labels)]
        for name, split in splits.items():
            images, annotations = [], []
            for place, label in enumerate(self.labels):
                for _ in self.each(1, 3):
                    images.append({"id": self.count, "file_name": self.add(name, label, split), "width": 11})
                    annotations.append({"id": self.count, "image_id": images[-1]["id"], "category_id": 3 + 2 * place})
            document = {"images": images, "annotations": annotations, "categories": categories}
            path = f"{name}/_annotations.coco.json" if beside else f"annotations/instances_{name}.json"
            self.list(path, json.dumps(document, ensure_ascii=False))

    def cvat(self) -> None:
        lines = []
        for label in self.labels:
            for _ in self.each():
                name = self.add("images", label)
                lines.append(f"<image name={quoteattr(name)}><tag label={quoteattr(label)}></tag></image>")
        self.list(
            "annotations.xml", f"<?xml version='1.0' encoding='utf-8'?><annotations>{''.join(lines)}</annotations>"
        )

    def json_map(self) -> None:
        files = {self.add("images", label): label for label in self.labels for _ in self.each()}
        by_label = {label: [name for name, one in files.items() if one == label] for label in self.labels}
        document = files if self.random.random() < 0.5 else by_label
        self.list("labels.json", json.dumps(document, ensure_ascii=False))

    def text_list(self) -> None:
        lines = [f"images/{self.add('images', label)} {label}" for label in self.labels for _ in self.each()]
        self.list("list.txt", "\n".join(lines) + "\n")

    def fastai(self) -> None:
        rows = []
        for label in self.labels:
            for place in self.each():
                name = self.add("train", label, "validation" if place == 0 else "training")
                rows.append([name, label, str(place == 0)])
        self.table("labels.csv", ("fname", "labels", "is_valid"), rows)

    def automl(self) -> None:
        words = {"TRAIN": "training", "VALIDATION": "validation", "TEST": "test", "UNASSIGNED": ""}
        rows = []
        for label in self.labels:
            for word, split in words.items():
                rows.append([word, f"gs://bucket/flowers/{self.add('flowers', label, split)}", label])
        self.table("all_data.csv", None, rows, plain=True)

    def split_lists(self) -> None:
        for name, split in SPLITS[0].items():
            rows = [[self.add("images", label, split), label] for label in self.labels for _ in range(2)]
            self.table(f"{name}.csv", ("image", "label"), rows, plain=True)

    def other_machine(self) -> None:
        start = "C:\\Users\\me\\data\\"
        rows = [[start + self.add("photos", label), label] for label in self.labels for _ in self.each()]
        self.table("labels.csv", ("filepath", "label"), rows)

    def unclear(self) -> None:
        """What nobody could know."""
        kind = self.random.choice(["flat splits", "two columns", "several labels", "latin-1", "strange json"])
        self.arrival.kind, self.arrival.is_clear = f"unclear: {kind}", False
        folder = "images" if kind != "flat splits" else "train"
        names = [self.add(folder, label) for label in self.labels for _ in range(3)]
        if kind == "flat splits":
            self.add("test", self.labels[0])
        elif kind == "two columns":
            rows = [
                [name, "north" if at % 2 else "south", "day" if at % 3 else "night"] for at, name in enumerate(names)
            ]
            self.table("list.csv", ("file", "where", "when"), rows, plain=True)
        elif kind == "several labels":
            rows = [[name, "1", "1", "0"] for name in names]
            self.table("_classes.csv", ("filename", "a", "b", "c"), rows, plain=True)
        elif kind == "latin-1":
            text = "filename,label\n" + "".join(f"{name},Käse\n" for name in names)
            self.arrival.files["list.csv"] = text.encode("latin-1")
        else:
            self.arrival.files["export.json"] = json.dumps({"v": [[{"deep": name}, 7] for name in names]}).encode()

    # ---- lists

    def list(self, path: str, text: str) -> None:
        self.arrival.files[path] = text.encode()
        self.arrival.lists.append(path)

    def table(self, path: str, heads, rows, *, plain: bool = False) -> None:
        text = io.StringIO()
        marks = "," if plain else self.random.choice([",", ",", ";"])
        writer = csv.writer(
            text, delimiter="\t" if path.endswith(".tsv") else marks, lineterminator=self.random.choice(["\n", "\r\n"])
        )
        writer.writerows([*([heads] if heads else []), *rows])
        encoding = "utf-8" if plain else self.random.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"])
        self.arrival.files[path] = text.getvalue().encode(encoding)
        self.arrival.lists.append(path)

    # ---- around

    def junk(self) -> None:
        files = self.arrival.files
        folders = sorted({path.rpartition("/")[0] for path in files if "/" in path})
        some = self.random.choice(folders) if folders else ""
        inside = f"{some}/" if some else ""
        pieces = {
            ".DS_Store": b"x", f"{inside}Thumbs.db": b"x", f"{inside}@eaDir/a.jpg": self.picture(),
            f"{inside}.ipynb_checkpoints/b-checkpoint.jpg": self.picture(), "__MACOSX/._c.jpg": b"\0\5\x16\7",
            "README.md": b"# about\nimg001.jpg\n", "LICENSE": b"free", "data.yaml": b"nc: 2\n",
            "classes.txt": "\n".join(self.labels).encode(), f"{inside}broken.jpg": BROKEN,
            f"{inside}notes.txt": b"blurred", "docs/logo.png": self.picture("PNG"), "#recycle/d.jpg": self.picture(),
            "requirements.txt": b"numpy\n", "config.json": b'{"size": 224}', "sizes.csv": b"name,bytes\nx,1\n",
        }  # fmt: skip
        is_list = bool(self.arrival.lists)
        for path in self.random.sample(sorted(pieces), self.random.randint(0, 4)):
            if path == "docs/logo.png" and (is_list or not any(p.count("/") > 1 for p in files)):
                continue
            if path.endswith("broken.jpg") and not inside:
                continue
            files.setdefault(path, pieces[path])
        if not is_list and some and self.random.random() < 0.3:
            files[f"{some}/_thumbs/e.jpg"] = self.picture()

    def wrap(self) -> None:
        around = self.random.choice(["", "", "", "export/", "data/data/", "My Data-set v2/"])
        self.arrival.files = {around + path: content for path, content in self.arrival.files.items()}
        self.arrival.lists = [around + path for path in self.arrival.lists]


def written(arrival: Arrival, folder: Path) -> Path:
    """The tree in a folder."""
    for path, content in arrival.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def zipped(arrival: Arrival, path: Path, encoding: str = "") -> Path:
    """The tree as an archive; with ``encoding``, its names are in that and do not say so."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in arrival.files.items():
            if not encoding or name.isascii():
                archive.writestr(name, content)
            else:
                archive.writestr(UnsaidName(name.encode(encoding)), content)
    return path


class UnsaidName(zipfile.ZipInfo):
    """An entry whose name is bytes without the UTF-8 flag."""

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw.hex())
        self.raw = raw

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.raw, self.flag_bits & ~0x800
