"""A check finds what was planted, says what would mend it, and changes nothing by itself."""

import shutil

import numpy as np
import pytest
from PIL import Image, ImageFilter

from drawn_pictures import COLOURS, drawn, encoded, jpeg, tree
from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.issues.check import check
from whatsit.datasets.issues.dismissed import Dismissal, Dismissals
from whatsit.datasets.issues.finding import Action, Kind
from whatsit.datasets.issues.label_issues import label_issues
from whatsit.datasets.issues.outlier import outliers
from whatsit.datasets.issues.readiness import stands_against
from whatsit.datasets.issues.table import ISSUES
from whatsit.datasets.project import Project
from whatsit.heads.unknown import normalised


@pytest.fixture
def project(tmp_path):
    with Project(tmp_path / "project") as opened:
        yield opened


@pytest.fixture
def dataset(project):
    return project.dataset


@pytest.fixture
def colours(dataset):
    """Three classes of twelve pictures a child could tell apart."""
    for place, label in enumerate(("red", "green", "blue")):
        for number in range(12):
            dataset.add(jpeg(100 * place + number, COLOURS[label], (64, 48)), label, name=f"{number:02d}.jpg")
    return dataset


def found(report, kind):
    return [finding for finding in report.findings if finding.kind is kind]


def test_good_data_are_ready_and_need_nothing(colours):
    report = check(colours, PixelEmbedder())
    assert report.ready
    assert [f for f in report.findings if f.kind not in (Kind.EMPTY_SPLIT,)] == []
    assert report.summary[0] == "36 pictures in 3 classes: ready to train."
    assert report.summary[-1].startswith("Enough")
    assert "18 more of blue" in check(colours).summary[-1]  # without embeddings only numbers can be compared


def test_wrong_labels_come_first_and_one_click_puts_them_right(colours):
    swapped = {"red/03.jpg": "green", "blue/07.jpg": "red"}
    for key, label in swapped.items():
        colours.relabel([key], label)
    report = check(colours, PixelEmbedder())
    issues = found(report, Kind.LABEL_ISSUE)
    assert {s.fix.to + "/" + s.pictures[0].split("/")[1].split("-")[0].removesuffix(".jpg") for s in issues} == {
        "red/03",
        "blue/07",
    }
    assert {key for key, _ in report.label_issues[:2]} == {issue.pictures[0] for issue in issues}
    for issue in issues:
        issue.fix.apply(colours)
    assert not found(check(colours, PixelEmbedder()), Kind.LABEL_ISSUE)
    assert {label: sum(row.values()) for label, row in colours.counts().items()} == {"blue": 12, "green": 12, "red": 12}


def test_bad_pictures_are_named_worst_first(colours):
    black, white = Image.new("RGB", (64, 64), (3, 3, 3)), Image.new("RGB", (64, 64), (252, 252, 252))
    sharp = drawn(900, COLOURS["red"], (300, 300))
    colours.add(encoded(black, "PNG"), "red", name="black.png")
    colours.add(encoded(white, "PNG"), "red", name="white.png")
    colours.add(encoded(sharp.filter(ImageFilter.GaussianBlur(12))), "red", name="blurred.jpg")
    colours.add(encoded(drawn(901, size=(20, 16))), "red", name="tiny.jpg")
    (colours.root / "red" / "broken.jpg").write_bytes(jpeg(902)[:500])
    report = check(colours)
    named = {kind: [key for f in found(report, kind) for key in f.pictures] for kind in Kind}
    assert named[Kind.UNREADABLE] == ["red/broken.jpg"]
    assert named[Kind.TINY] == ["red/tiny.jpg"]
    assert named[Kind.DARK] == ["red/black.png"]
    assert named[Kind.BRIGHT] == ["red/white.png"]
    assert "red/blurred.jpg" in named[Kind.BLURRED]
    assert not report.ready and "1 x unreadable" in report.summary[1]


def test_copies_are_found_with_what_is_wrong_about_them(colours):
    picture = drawn(700, COLOURS["blue"], (240, 180))
    original = colours.add(encoded(picture, quality=95), "blue", name="original.jpg", split="training")
    colours.add(encoded(picture.resize((160, 120)), quality=70), "blue", name="small.jpg", split="training")
    colours.add(encoded(picture.crop((8, 6, 234, 176)), quality=70), "blue", name="crop.jpg", split="test")
    colours.add(encoded(picture, quality=50), "green", name="stray.jpg", split="training")
    (colours.root / "blue" / "again.jpg").write_bytes(original.path.read_bytes())
    report = check(colours)
    assert [f.fix.pictures for f in found(report, Kind.EXACT_COPY)] == [("blue/original.jpg",)]
    assert ("blue/original.jpg", "blue/small.jpg") in {f.pictures for f in found(report, Kind.NEAR_COPY)} | {
        ("blue/original.jpg", "blue/small.jpg")
        for f in found(report, Kind.NEAR_COPY)
        if f.pictures == ("blue/again.jpg", "blue/small.jpg")
    }
    across = found(report, Kind.ACROSS_SPLITS)
    assert across and all("blue/crop.jpg" in f.pictures for f in across)
    assert any("green/stray.jpg" in f.pictures for f in found(report, Kind.CONFLICT))
    across[0].fix.apply(colours)
    assert not found(check(colours), Kind.ACROSS_SPLITS)


def test_a_picture_like_no_other_is_named(colours):
    stripes = np.tile(np.repeat([0, 255], 8)[None, :, None], (48, 4, 3)).astype(np.uint8)
    colours.add(encoded(Image.fromarray(stripes)), "red", name="stripes.jpg")
    assert [f.pictures for f in found(check(colours, PixelEmbedder()), Kind.OUTLIER)] == [("red/stripes.jpg",)]


def test_small_and_unbalanced_classes_say_how_many_to_take(colours):
    for number in range(70):
        colours.add(jpeg(2000 + number, COLOURS["yellow"]), "yellow")
    colours.delete([p.key for p in colours.pictures("red")[:8]])
    report = check(colours)
    assert [f.message for f in found(report, Kind.SMALL_CLASS)] == [
        "red has 4 pictures and needs at least 10: photograph 6 more."
    ]
    assert [f.label for f in found(report, Kind.UNBALANCED)] == ["red"]


def test_twins_made_by_hand_are_found_and_joined(colours):
    (colours.root / "Red").mkdir()
    (colours.root / "Red" / "x.jpg").write_bytes(jpeg(3000, COLOURS["red"]))
    (finding,) = found(check(colours), Kind.TWIN_LABELS)
    finding.fix.apply(colours)
    assert {label: sum(row.values()) for label, row in colours.counts().items() if any(row.values())} == {
        "blue": 12, "green": 12, "red": 13,
    }  # fmt: skip


def test_what_a_person_dismissed_is_not_shown_again_until_its_label_is_another(project, colours):
    colours.relabel(["red/03.jpg"], "green")
    dismissals = Dismissals(colours.root)
    dismissals.path.write_text("a slip\n")
    (damaged,) = found(check(colours), Kind.DAMAGED_RECORD)
    assert damaged.details == ("judged.csv:1",)
    (issue,) = found(check(colours, PixelEmbedder()), Kind.LABEL_ISSUE)
    dismissals.add([Dismissal.of(issue.kind, [colours.picture(key) for key in issue.pictures])])
    assert dismissals.path.read_text().startswith("a slip\n")
    project.close()
    shutil.rmtree(project.path / ".whatsit")
    with Project(project.path) as again:
        assert not found(check(again.dataset, PixelEmbedder()), Kind.LABEL_ISSUE)
        again.dataset.relabel(issue.pictures, "blue")
        assert len(found(check(again.dataset, PixelEmbedder()), Kind.LABEL_ISSUE)) == 1


def test_files_that_count_for_nothing_are_named(colours, tmp_path):
    (colours.root / "loose.jpg").write_bytes(jpeg(1))
    (colours.root / "red" / "moving.mp4").write_bytes(b"not a picture")
    (colours.root / "red" / "more").mkdir()
    (colours.root / "linked").symlink_to(tmp_path)
    (colours.root / "red" / ".DS_Store").write_bytes(b"")
    (finding,) = found(check(colours), Kind.IGNORED)
    assert finding.details == ("linked", "loose.jpg", "red/more", "red/moving.mp4")
    assert finding.message.startswith("Not used: linked, loose.jpg, red/more and 1 more;")


def test_a_folder_whose_name_is_no_label_is_named_and_renamed(colours):
    (colours.root / "red").rename(colours.root / " red")
    report = check(colours)
    (finding,) = found(report, Kind.UNUSABLE_NAME)
    assert not report.ready
    finding.fix.apply(colours)
    assert colours.labels() == ["blue", "green", "red"]
    assert not found(check(colours), Kind.UNUSABLE_NAME)


def test_an_empty_split_that_its_source_decided_is_mended_by_holding_out_not_by_splitting_again(dataset):
    for number in range(24):
        label, split = ("red", "training") if number % 2 else ("blue", None)
        dataset.add(jpeg(number, COLOURS[label], (64, 48)), label, split=split)
    dataset.set_split([p for p in dataset.pictures("blue") if p.split != "training"], "training")
    (finding, *_) = found(check(dataset), Kind.EMPTY_SPLIT)
    assert finding.details == ("blue", "red")
    finding.fix.apply(dataset)
    assert dataset.counts()["blue"][finding.split]
    dataset.set_split(dataset.pictures("blue"), "validation")
    finding = next(f for f in found(check(dataset), Kind.EMPTY_SPLIT) if f.split == "validation")
    assert finding.label == "red" and finding.fix.action is Action.HOLD_OUT
    finding.fix.apply(dataset)
    assert dataset.counts()["red"][finding.split]


def test_only_very_many_label_issues_stand_against_training():
    assert stands_against({Kind.LABEL_ISSUE: 660}, 10_000) == []
    assert stands_against({Kind.LABEL_ISSUE: 2_001, Kind.TINY: 9}, 10_000) == [Kind.LABEL_ISSUE]


def test_a_check_changes_nothing(colours):
    before = tree(colours.root)
    check(colours, PixelEmbedder())
    assert tree(colours.root) == before


def test_without_whatsits_own_folder_splits_counts_and_findings_are_the_same(project, colours):
    colours.relabel(["red/03.jpg"], "green")
    colours.set_split(["blue/05.jpg"], "test")
    for number in range(3):
        colours.add(encoded(drawn(200 + number, COLOURS["blue"], (64, 48)), quality=60), "blue", split="test")
    (colours.root / "green" / "torn.jpg").write_bytes(jpeg(1)[:200])
    colours.refresh()

    def known(dataset):
        splits = {picture.key: (picture.split, picture.decided_by) for picture in dataset.pictures()}
        return splits, dataset.counts(), check(dataset, PixelEmbedder())

    before = known(colours)
    assert {Kind.UNREADABLE, Kind.LABEL_ISSUE, Kind.NEAR_COPY} <= {finding.kind for finding in before[2].findings}
    project.close()
    shutil.rmtree(project.path / ".whatsit")
    with Project(project.path) as again:
        assert known(again.dataset) == before
        again.dataset.rebuild()
        assert known(again.dataset) == before


def test_an_empty_dataset_is_told_what_to_do(dataset):
    report = check(dataset, PixelEmbedder())
    assert not report.ready
    assert "Photograph next" in report.summary[-1]


def test_every_label_is_judged_by_what_was_learnt_without_it():
    random = np.random.default_rng(0)
    labels = ["a", "b"] * 40
    centres = {"a": random.normal(size=32), "b": random.normal(size=32)}
    embeddings = np.array([centres[label] + random.normal(0, 0.3, 32) for label in labels], np.float32)
    wrong = [4, 33]
    for at in wrong:
        labels[at] = "a" if labels[at] == "b" else "b"
    issues = label_issues(normalised(embeddings), labels, range(80))
    assert sorted(issue.index for issue in issues[:2]) == wrong
    assert sorted(issue.index for issue in issues if issue.is_issue) == wrong
    assert [issue.severity for issue in issues] == sorted((issue.severity for issue in issues), reverse=True)


def test_what_is_like_nothing_else_is_an_outlier():
    random = np.random.default_rng(0)
    embeddings = (np.ones(64) + random.normal(0, 0.05, (200, 64))).astype(np.float32)
    embeddings[17] = -1
    assert outliers(normalised(embeddings), ["a"] * 200) == [17]


def test_every_kind_of_finding_has_one_row_in_the_table():
    assert sorted(issue.kind for issue in ISSUES) == sorted(Kind)


def test_a_dismissal_of_an_earlier_version_still_counts(colours):
    colours.relabel(["red/03.jpg"], "green")
    (issue,) = found(check(colours, PixelEmbedder()), Kind.LABEL_ISSUE)
    picture = colours.picture(issue.pictures[0])
    Dismissals(colours.root).path.write_text(f"suspect label,{picture.hash},green\n")
    assert not found(check(colours, PixelEmbedder()), Kind.LABEL_ISSUE)
