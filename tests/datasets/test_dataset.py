"""A project's pictures: plain files, edits that can be undone, and files that change behind its back."""

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from drawn_pictures import COLOURS, drawn, encoded, fill, jpeg, tree
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.history import EditHistory
from whatsit.datasets.index import Index
from whatsit.datasets.issues.check import check
from whatsit.datasets.issues.dismissed import Dismissals
from whatsit.datasets.issues.finding import Kind
from whatsit.datasets.label import STRANGERS, UNLABELLED
from whatsit.datasets.project import Project
from whatsit.datasets.split import DecidedBy, Split, SplitRatios
from whatsit.errors import DataError, ImageError


@pytest.fixture
def project(tmp_path):
    opened = Project(tmp_path / "pets")
    yield opened
    opened.close()


@pytest.fixture
def pets(project):
    """Ten cats and ten dogs."""
    for number in range(20):
        label = "cat" if number < 10 else "dog"
        project.dataset.add(jpeg(number), label, name=f"{number}.jpg")
    return project.dataset


def state(dataset):
    """Everything a person can see: labels, files, splits."""
    return dataset.labels(), [(p.key, p.hash, p.split) for p in dataset.pictures()]


def test_a_project_is_a_folder_a_person_can_read(project):
    project.dataset.add(jpeg(1), "t-shirt", name="mine.jpg")
    assert (project.path / "dataset" / "t-shirt" / "mine.jpg").read_bytes() == jpeg(1)
    assert 'name = "pets"' in (project.path / "whatsit.toml").read_text()


def test_iterating_gives_path_label_and_split(pets):
    samples = list(pets)
    assert len(samples) == len(pets) == 20
    assert {label for _, label, _ in samples} == {"cat", "dog"}
    assert all(path.is_file() and split in Split for path, _, split in samples)


def test_pictures_come_in_pages(pets):
    pages = [pets.pictures("cat", offset=start, limit=4) for start in (0, 4, 8)]
    assert [len(page) for page in pages] == [4, 4, 2]
    assert [p.key for page in pages for p in page] == [p.key for p in pets.pictures("cat")]
    assert pets.count("cat") == 10
    assert pets.count(split="test") == len(pets.pictures(split=Split.TEST))


def test_the_same_bytes_in_a_class_are_kept_once(pets):
    before = state(pets)
    assert pets.add(jpeg(3), "cat", name="other.jpg").key == "cat/3.jpg"
    assert state(pets) == before


def test_a_taken_name_never_overwrites(pets):
    added = pets.add(jpeg(99), "cat", name="3.JPG")
    assert (pets.root / "cat" / "3.jpg").read_bytes() == jpeg(3)
    assert added.path.read_bytes() == jpeg(99)


def test_png_and_webp_stay_what_they_are(project):
    for kind in ("PNG", "WEBP"):
        content = encoded(drawn(1), kind)
        added = project.dataset.add(content, "cat", name="misnamed.jpg")
        assert added.path.suffix == f".{kind.lower()}"
        assert added.path.read_bytes() == content


def test_what_is_not_a_picture_is_refused_and_leaves_nothing(project):
    for content in (b"", b"GIF89a....", jpeg(1)[:200]):
        with pytest.raises(ImageError):
            project.dataset.add(content, "cat")
    assert tree(project.path / "dataset") == {}


def test_a_label_is_never_a_path(project):
    project.dataset.add(jpeg(1), "../../etc", name="../passwd.jpg")
    assert tree(project.path / "dataset").keys() == {"splits.csv", "%2E.%2F..%2Fetc/passwd.jpg"}
    assert project.dataset.labels() == ["../../etc"]


def test_a_class_may_be_called_as_whatsits_own_files_are(pets):
    for record in (pets.records.path.name, "SPLITS.csv", Dismissals(pets.root).path.name):
        pets.relabel(["cat/1.jpg"], record)
        assert pets.counts()[record] and pets.records.path.is_file()
        pets.undo()


def test_a_twin_of_a_label_is_refused(pets):
    with pytest.raises(DataError, match=r"'Cat'.*'cat'"):
        pets.add(jpeg(99), "Cat")
    with pytest.raises(DataError, match=r"'DOG'.*'dog'"):
        pets.rename_label("cat", "DOG")


def test_unlabelled_pictures_are_not_a_class(pets):
    pets.add(jpeg(99), name="new.jpg")
    assert UNLABELLED not in pets.labels()
    assert len(list(pets)) == 20
    assert [p.key for p in pets.pictures(UNLABELLED)] == ["_unlabelled/new.jpg"]


def test_strangers_are_not_a_class_and_have_splits(pets):
    before = dict(pets.totals())
    for seed in range(60, 90):
        pets.add(jpeg(seed), STRANGERS)
    assert STRANGERS not in pets.labels()
    assert (pets.totals(), len(pets), len(list(pets))) == (before, 20, 20)
    assert len(pets.strangers()) == 30
    assert all(key.startswith("_strangers/") for key in pets.strangers())
    assert [sum(len(pets.strangers(split)) for split in Split), len(pets.strangers("test")) > 0] == [30, True]
    assert not any("_strangers" in finding.message for finding in check(pets).findings)


def test_a_picture_becomes_a_stranger_and_a_picture_of_a_class_again(pets):
    pets.relabel(["cat/1.jpg"], STRANGERS)
    assert pets.strangers() == ["_strangers/1.jpg"]
    pets.relabel(pets.strangers(), "dog")
    assert (pets.strangers(), pets.totals()["dog"]) == ([], 11)
    with pytest.raises(DataError, match="of no class"):
        pets.rename_label(STRANGERS, "bird")


@pytest.mark.parametrize("spelling", ["_Strangers", "_STRANGERS"])
def test_another_spelling_of_strangers_is_refused(pets, spelling):
    with pytest.raises(DataError, match="reserved for pictures of none of the classes"):
        pets.add(jpeg(99), spelling)


EDITS = {
    "relabel": lambda d: d.relabel(["cat/1.jpg", "cat/2.jpg"], "tiger"),
    "move": lambda d: d.set_split([p for p in d.pictures() if p.split is Split.TRAINING][:3], "test"),
    "delete": lambda d: d.delete(["dog/12.jpg", d.picture("cat/0.jpg")]),
    "delete a class": lambda d: d.delete_label("dog"),
    "rename": lambda d: d.rename_label("cat", "big/cat"),
    "change case": lambda d: d.rename_label("cat", "Cat"),
    "split again": lambda d: d.resplit(),
}


@pytest.fixture
def unsettled(project, pets):
    """The same, after the ratios changed: splitting again moves pictures."""
    project.save_settings(replace(project.settings, split=SplitRatios(1, 0, 0)))
    return pets


@pytest.mark.parametrize("edit", EDITS)
def test_every_edit_can_be_undone(unsettled, edit):
    pets, before, latest = unsettled, state(unsettled), unsettled.undoable()
    EDITS[edit](pets)
    assert state(pets) != before
    while pets.undoable() != latest:
        pets.undo()
    assert state(pets) == before


def test_edits_are_undone_last_first(pets):
    states = [state(pets)]
    for name in ("relabel", "move", "delete", "rename"):
        EDITS[name](pets)
        states.append(state(pets))
    while states:
        assert state(pets) == states.pop()
        pets.undo()


def test_the_oldest_edits_are_forgotten_and_the_latest_can_be_undone(project, pets, monkeypatch):
    prune, history = EditHistory.prune, project.path / ".whatsit" / "history"
    monkeypatch.setattr(EditHistory, "prune", lambda history: prune(history, 4))
    for number in range(12):
        pets.relabel(["cat/1.jpg" if number % 2 == 0 else "dog/1.jpg"], "dog" if number % 2 == 0 else "cat")
        pets.refresh()
        assert len(list(history.iterdir())) <= 6
    states = []
    while pets.undoable() is not None:
        pets.undo()
        states.append({picture.key for picture in pets.pictures()})
    assert len(states) >= 4
    assert all(len(found) == 20 for found in states)


def test_an_edit_whose_pictures_are_gone_does_not_keep_earlier_ones_from_being_undone(pets):
    labels, pictures = state(pets)
    pets.rename_label("dog", "wolf")
    pets.relabel(["cat/1.jpg", "cat/2.jpg"], "tiger")
    (pets.root / "tiger" / "1.jpg").unlink()
    assert pets.undo().what == "relabel 2 pictures to 'tiger' (gone for good: dataset/tiger/1.jpg)"
    pets.undo()
    assert state(pets) == (labels, [picture for picture in pictures if picture[0] != "cat/1.jpg"])


def test_what_somebody_put_back_by_hand_does_not_come_twice(pets):
    before, content = state(pets), (pets.root / "cat" / "1.jpg").read_bytes()
    pets.delete(["cat/1.jpg", "cat/2.jpg"])
    (pets.root / "cat" / "1.jpg").write_bytes(content)
    pets.undo()
    assert state(pets) == before


def test_what_a_person_decides_stays_where_the_rule_had_put_it_already(project, pets):
    judges = [p.key for p in pets.pictures(split="test")]
    pets.set_split(judges, "test")
    project.save_settings(replace(project.settings, split=SplitRatios(1, 0, 0)))
    pets.resplit()
    assert [p.key for p in pets.pictures(split="test")] == judges


def test_what_comes_back_to_a_place_that_is_taken_lies_beside_it(pets):
    first = (pets.root / "cat" / "1.jpg").read_bytes()
    pets.delete(["cat/1.jpg"])
    (pets.root / "cat" / "1.jpg").write_bytes(jpeg(77))
    pets.undo()
    assert (pets.root / "cat" / "1-2.jpg").read_bytes() == first
    pets.delete_label("cat")
    (pets.root / "cat").mkdir()
    (pets.root / "cat" / "2.jpg").write_bytes(jpeg(78))
    pets.undo()
    assert {"1.jpg", "1-2.jpg", "2.jpg", "2-2.jpg"} < {path.name for path in (pets.root / "cat").iterdir()}
    assert len(pets.pictures("cat")) == 12


def test_a_deleted_picture_waits_in_the_trash(pets):
    pets.delete(["cat/1.jpg"])
    assert [path.read_bytes() for path in pets.root.parent.glob(".whatsit/trash/*/cat/1.jpg")] == [jpeg(1)]


def test_an_edit_of_a_picture_that_is_not_there_changes_nothing(pets):
    before = state(pets)
    for edit in (pets.delete, lambda keys: pets.relabel(keys, "x"), lambda keys: pets.set_split(keys, "test")):
        with pytest.raises(DataError, match="not in the dataset"):
            edit(["cat/1.jpg", "../../etc/passwd"])
    assert state(pets) == before


def test_a_move_by_hand_is_remembered_when_the_index_is_lost(pets):
    moved = pets.pictures(split=Split.TRAINING)[0]
    pets.set_split([moved], Split.TEST)
    pets.rebuild()
    assert pets.picture(moved.key).split is Split.TEST
    assert pets.picture(moved.key).decided_by is DecidedBy.HAND
    pets.resplit()
    assert pets.picture(moved.key).split is Split.TEST


def test_deleting_whatsits_own_folder_and_rebuilding_gives_the_same(pets, project):
    EDITS["move"](pets)
    pets.add(jpeg(77), "cat", burst="b1", source="usb:0", time=1.5)
    before, facts = state(pets), [(p.burst, p.source, p.time) for p in pets.pictures()]
    project.close()
    shutil.rmtree(project.path / ".whatsit")
    again = Project(project.path)
    assert state(again.dataset) == before
    assert [(p.burst, p.source, p.time) for p in again.dataset.pictures()] == facts
    again.dataset.rebuild()
    assert state(again.dataset) == before


def test_a_damaged_index_is_built_again(pets, project):
    before = state(pets)
    project.close()
    (project.path / ".whatsit" / "index.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    assert state(Project(project.path).dataset) == before


def test_files_that_come_go_and_move_behind_its_back_are_noticed(pets):
    splits = {p.hash: p.split for p in pets.pictures()}
    (pets.root / "bird").mkdir()
    (pets.root / "bird" / "b.jpg").write_bytes(jpeg(50))
    (pets.root / "cat" / "0.jpg").unlink()
    (pets.root / "cat" / "1.jpg").rename(pets.root / "dog" / "moved.jpg")
    (pets.root / "cat" / "2.jpg").write_bytes(jpeg(51, size=(64, 64)))
    changes = pets.refresh()
    assert changes.added == ("bird/b.jpg", "cat/2.jpg", "dog/moved.jpg")
    assert changes.removed == ("cat/0.jpg", "cat/1.jpg")
    assert pets.picture("dog/moved.jpg").split == splits[pets.picture("dog/moved.jpg").hash]
    assert {path.parent.name for path, _, _ in pets} == {"bird", "cat", "dog"}
    assert not pets.refresh()


def test_links_are_not_followed(pets, tmp_path):
    (tmp_path / "secret.jpg").write_bytes(jpeg(60))
    (pets.root / "cat" / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (pets.root / "linked").symlink_to(tmp_path)
    assert set(pets.refresh().skipped) == {"cat/link.jpg", "linked"}
    assert pets.count() == 20


def test_an_unreadable_file_is_listed_and_not_learnt_from(pets):
    (pets.root / "cat" / "broken.jpg").write_bytes(jpeg(61)[:300])
    assert "broken.jpg" not in {path.name for path, _, _ in pets}
    assert pets.picture("cat/broken.jpg").error


def _half(text):
    return text[: len(text) // 2]


DAMAGE = {
    "deleted": lambda path, text: path.unlink(),
    "cut in half": lambda path, text: path.write_text(_half(text)),
    "garbled": lambda path, text: path.write_bytes(bytes(range(256)) * 9),
    "a slip of the hand": lambda path, text: path.write_text(text.replace("training", "trainnig")),
    "saved as UTF-16": lambda path, text: path.write_bytes(text.encode("utf-16")),
    "saved with semicolons": lambda path, text: path.write_text(text.replace(",", ";")),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_splits_outlive_damage_to_their_record(project, pets, damage):
    pets.set_split(["cat/1.jpg", "dog/12.jpg"], "test")
    splits = {picture.key: (picture.split, picture.decided_by) for picture in pets.pictures()}
    project.close()
    DAMAGE[damage](pets.records.path, pets.records.path.read_text())
    lines = pets.records.unreadable()
    assert bool(lines) == (damage not in ("deleted", "saved with semicolons"))
    with Project(project.path) as again:
        named = [f.details[0] for f in check(again.dataset).findings if f.kind is Kind.DAMAGED_RECORD]
        assert named == [f"splits.csv:{line}" for line in lines[:1]]
    shutil.rmtree(project.path / ".whatsit")
    with Project(project.path) as again:
        assert {p.key: (p.split, p.decided_by) for p in again.dataset.pictures()} == splits
        again.dataset.rebuild()
        assert again.dataset.records.unreadable() == []


def test_a_person_may_edit_the_record_of_splits(pets):
    picture = pets.pictures(split=Split.TRAINING)[0]
    path = pets.records.path
    lines = [
        line.replace("training", "test") if picture.hash in line else line for line in path.read_text().splitlines()
    ]
    path.write_text("\n".join([*lines, "nonsense", "a,b,c", '"']))
    pets.refresh()
    assert pets.picture(picture.key).split is Split.TEST
    assert pets.count() == 20


def test_a_second_process_is_refused_with_the_number_of_the_first(pets, project):
    code = (
        "import sys; from whatsit.datasets.project import Project; from whatsit.errors import ProjectInUseError\n"
        "p = Project(sys.argv[1]); print(len(list(p.dataset)))\n"
        "try: p.dataset.delete([p.dataset.pictures()[0]])\n"
        "except ProjectInUseError as error: print(error.pid, error)\n"
    )
    with project:
        answer = subprocess.run(
            [sys.executable, "-c", code, str(project.path)], capture_output=True, text=True, check=True
        ).stdout
    assert answer.splitlines()[0] == "20"
    assert answer.splitlines()[1].startswith(f"{os.getpid()} {project.path}: in use by process {os.getpid()};")


def test_the_lock_ends_with_its_process(project):
    code = "import os, sys; from whatsit.datasets.project import Project; Project(sys.argv[1]).acquire(); os._exit(1)"
    subprocess.run([sys.executable, "-c", code, str(project.path)], check=False)
    project.dataset.add(jpeg(1), "cat")
    assert len(project.dataset) == 1


def test_settings_survive_and_words_of_others_are_kept(project):
    path = project.path / "whatsit.toml"
    path.write_text('name = "Flaschen"\ncolour = "ours"\n[design]\nsize = 160\n[other]\nx = [1, 2]\n')
    opened = Project(project.path)
    assert (opened.settings.name, opened.settings.design) == ("Flaschen", {"size": 160})
    opened.save_settings(
        type(opened.settings)('Bot"tles\n', "usb:0", SplitRatios(0.8, 0.1, 0.1), {"size": 96, "fit": "cover"})
    )
    again = Project(project.path).settings
    assert (again.name, again.camera, str(again.split), again.design) == (
        'Bot"tles\n', "usb:0", "80/10/10", {"size": 96, "fit": "cover"},
    )  # fmt: skip
    assert 'colour = "ours"' in path.read_text()
    assert "x = [1, 2]" in path.read_text()


@pytest.mark.parametrize("text", ["name = 3", "split = 'half'", "= nonsense", "split = '50/20/20'", "design = 1"])
def test_settings_that_make_no_sense_are_named(project, text):
    (project.path / "whatsit.toml").write_text(text)
    with pytest.raises(DataError, match=r"whatsit\.toml"):
        Project(project.path)


class FullDisk:
    """Makes the n-th write of the process fail like a full disk."""

    def __init__(self, monkeypatch, at):
        self.left = at
        for name in ("fsync", "write"):
            monkeypatch.setattr(os, name, self.failing(getattr(os, name)))

    def failing(self, real):
        def call(*arguments):
            self.left -= 1
            if self.left < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*arguments)

        return call


@pytest.mark.parametrize("edit", [*EDITS, "add"])
def test_a_full_disk_loses_nothing_at_any_moment_of_an_edit(unsettled, edit, monkeypatch):
    pets, before, files, latest = unsettled, state(unsettled), tree(unsettled.root), unsettled.undoable()
    refused = 0
    for moment in range(20):
        with monkeypatch.context() as patch:
            disk = FullDisk(patch, moment)
            try:
                pets.add(jpeg(200), "cat") if edit == "add" else EDITS[edit](pets)
            except DataError as error:
                assert "No space" in str(error)
                refused += 1
            if disk.left >= 0:
                break
        pets.refresh()
        kept = tree(pets.root)
        assert sorted(v for k, v in files.items() if k != "splits.csv") == sorted(
            v for k, v in kept.items() if k != "splits.csv" and v != jpeg(200)
        ) or edit.startswith("delete")
        while pets.undoable() != latest:
            pets.undo()
        assert state(pets) == before
    assert refused > 0 and disk.left >= 0, "a write failed, and in the end there was room for all of them"


@pytest.mark.parametrize("act", [Dataset.undo, Dataset.rebuild], ids=["undo", "rebuild"])
def test_a_full_disk_leaves_an_undo_or_a_rebuild_done_or_not_begun(pets, act, monkeypatch):
    outcomes, latest = [], pets.undoable()
    for moment in range(20):
        before = state(pets)
        pets.set_split(["cat/3.jpg"], next(split for split in Split if split is not pets.picture("cat/3.jpg").split))
        pets.relabel(["cat/1.jpg", "dog/12.jpg"], "tiger")
        edited = state(pets)
        with monkeypatch.context() as patch:
            disk = FullDisk(patch, moment)
            try:
                act(pets)
            except DataError as error:
                assert "No space" in str(error)
        pets.refresh()
        outcomes.append(state(pets) == edited)
        while pets.undoable() != latest:
            pets.undo()
        assert state(pets) == before
        if disk.left >= 0:
            break
    assert disk.left >= 0 and outcomes[0]
    assert act is not Dataset.undo or not outcomes[-1]


def test_bursts_stay_on_one_side(project):
    for burst in range(8):
        for frame in range(4):
            project.dataset.add(jpeg(100 * burst + frame), "cat", burst=f"burst {burst}")
    splits = {}
    for picture in project.dataset.pictures():
        splits.setdefault(picture.burst, set()).add(picture.split)
    assert all(len(sides) == 1 for sides in splits.values())
    assert {side for sides in splits.values() for side in sides} == set(Split)
    project.save_settings(replace(project.settings, split=SplitRatios.parse("100/0/0")))
    project.dataset.resplit()
    assert project.dataset.count(split=Split.TRAINING) == 32


def test_a_near_copy_joins_its_original(project):
    dataset = project.dataset
    originals = {}
    for seed in range(15):
        picture = drawn(seed, COLOURS["red"], (240, 180))
        originals[seed] = dataset.add(encoded(picture, quality=92), "cat").split
    assert set(originals.values()) == set(Split)
    for seed, split in originals.items():
        picture = drawn(seed, COLOURS["red"], (240, 180))
        copies = (picture.resize((160, 120)), picture.crop((6, 4, 236, 178)), picture)
        assert {dataset.add(encoded(copy, quality=60), "cat").split for copy in copies} == {split}


def test_importing_folders_by_hand_gives_the_same_splits_as_adding(tmp_path):
    fill(tmp_path / "a" / "dataset", each=15)
    fill(tmp_path / "b" / "dataset", each=15)
    one, other = Project(tmp_path / "a").dataset, Project(tmp_path / "b").dataset
    assert [(p.key, p.split) for p in one.pictures()] == [(p.key, p.split) for p in other.pictures()]
    assert one.counts()["cat"] == {Split.TRAINING: 9, Split.VALIDATION: 3, Split.TEST: 3}


def test_threads_of_one_process_may_import_and_add_at_once(project, tmp_path):
    fill(tmp_path / "in", each=40)
    dataset, failures = project.dataset, []

    def add():
        try:
            for number in range(30):
                dataset.add(jpeg(5000 + number), "bird")
        except Exception as error:
            failures.append(error)
            raise

    adding = threading.Thread(target=add)
    adding.start()
    report = import_path(dataset, tmp_path / "in")
    adding.join(60)
    assert not adding.is_alive() and failures == []
    assert report.added == 80
    assert dataset.count() == 110


def test_an_import_into_a_project_in_use_is_refused_at_once(project, tmp_path):
    fill(tmp_path / "in")
    code = (
        "import sys; from pathlib import Path; from whatsit.datasets.project import Project\n"
        "from whatsit.datasets.formats.importing import import_path\n"
        "import_path(Project(sys.argv[1]).dataset, Path(sys.argv[2]), progress=lambda *_: print('looked'))\n"
    )
    with project:
        done = subprocess.run(
            [sys.executable, "-c", code, str(project.path), str(tmp_path / "in")],
            capture_output=True,
            text=True,
            check=False,
        )
    assert "in use by process" in done.stderr and "looked" not in done.stdout


def test_pictures_can_be_seen_and_sorted_while_the_index_has_no_room(project, monkeypatch):
    real = Index._run

    def full(index, query, values=()):
        if index.on_disk and query == "COMMIT":
            raise DataError("database or disk is full")
        return real(index, query, values)

    (project.path / "dataset" / "cat").mkdir()
    for number in range(3):
        (project.path / "dataset" / "cat" / f"{number}.jpg").write_bytes(jpeg(number))
    monkeypatch.setattr(Index, "_run", full)
    assert len(list(project.dataset)) == 3
    project.dataset.relabel(["cat/1.jpg"], "dog")
    assert project.dataset.labels() == ["cat", "dog"]
    monkeypatch.undo()
    project.close()
    assert [p.key for p in Project(project.path).dataset.pictures()] == ["cat/0.jpg", "cat/2.jpg", "dog/1.jpg"]


def test_the_trash_is_emptied_only_when_asked(pets):
    pets.delete(["cat/1.jpg", "cat/2.jpg"])
    pets.relabel(["cat/3.jpg"], "dog")
    assert pets.empty_trash() == 2
    assert pets.undo() is None
    assert not list(pets.root.parent.glob(".whatsit/trash/**/*.jpg"))
    assert pets.count() == 18


def test_additions_of_one_burst_are_undone_together(pets):
    before = state(pets)
    for number in range(30, 34):
        pets.add(jpeg(number), "bird", burst="held")
    assert pets.undoable().what == "add 4 pictures to 'bird'"
    pets.add(jpeg(40), "bird", burst="held again")
    pets.undo()
    assert pets.count("bird") == 4
    pets.undo()
    assert state(pets) == before
    assert not (pets.root / "bird").exists()


def test_another_edit_in_the_middle_of_a_burst_divides_it(pets):
    pets.add(jpeg(30), "bird", burst="held")
    pets.relabel(["cat/1.jpg"], "dog")
    pets.add(jpeg(31), "bird", burst="held")
    assert [pets.undo().what for _ in range(3)] == [
        "add 1 picture to 'bird'", "relabel 1 picture to 'dog'", "add 1 picture to 'bird'",
    ]  # fmt: skip


def test_an_import_is_undone_as_one_edit_and_its_pictures_wait_in_the_trash(pets, tmp_path):
    before = state(pets)
    fill(tmp_path / "in", labels=("cat", "owl"), each=4, start=50)
    import_path(pets, tmp_path / "in")
    after = state(pets)
    assert pets.undo().what == "import 8 pictures"
    assert state(pets) == before
    assert len(list(pets.root.parent.glob(".whatsit/trash/*.jpg"))) == 8
    import_path(pets, tmp_path / "in")
    assert state(pets) == after


def test_an_empty_class_can_be_undone(pets):
    pets.add_label("owl")
    assert "owl" in pets.labels()
    assert pets.undo().what == "add the class 'owl'"
    assert "owl" not in pets.labels()


def test_edits_that_earlier_versions_wrote_can_be_undone(pets):
    """As whatsit 0.1.0 wrote them: one JSON object, its text the only thing that names it."""
    before = state(pets)
    (pets.root / "cat" / "1.jpg").rename(pets.root / "dog" / "1.jpg")
    folder = pets.root.parent / ".whatsit" / "history"
    number = max(int(path.stem) for path in folder.iterdir()) + 1
    old = {
        "what": "relabel 1 picture to 'dog'", "moves": [["dataset/cat/1.jpg", "dataset/dog/1.jpg"]], "before": [],
        "after": [], "makes": [], "removes": [], "undoes": 0, "time": 0.0,
    }  # fmt: skip
    (folder / f"{number:08d}.json").write_text(json.dumps(old))
    pets.refresh()
    assert pets.undo().what == "relabel 1 picture to 'dog'"
    assert state(pets) == before


def test_listeners_hear_of_every_change_once_and_of_nothing_else(pets):
    heard = []
    pets.listen(lambda: heard.append(pets.count()))
    pets.refresh()
    pets.relabel(["cat/1.jpg"], "cat")
    assert heard == []
    pets.delete(["cat/1.jpg"])
    with pets.editing():
        pets.delete(["cat/2.jpg"])
        pets.delete(["cat/3.jpg"])
        assert heard == [19]
    (pets.root / "cat" / "4.jpg").unlink()
    pets.refresh()
    pets.undo()
    assert heard == [19, 17, 16, 17]
