"""A correction is in the answers at once, in every model that gives embeddings, and undo gives the former answers."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from drawn_pictures import COLOURS, drawn, encoded, jpeg
from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.correction import corrections
from whatsit.errors import DataError, ImageError
from whatsit.models.taught_model import TaughtModel
from whatsit.studio.studio import Studio
from whatsit.studio.watching.models import TAUGHT
from whatsit.teaching.feature_store import load_features


def coloured(name: str, seed: int) -> bytes:
    return jpeg(seed, COLOURS[name])


def started(folder: Path) -> Studio:
    return Studio(folder, PixelEmbedder(), "browser:")


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """Red and blue are taught."""
    with closing(started(tmp_path / "project")) as studio:
        for name in ("red", "blue"):
            added = studio.session.add_class(coloured(name, 1), name)
            for seed in range(2, 6):
                studio.session.add_sample(coloured(name, seed), added.id)
        yield studio


def answer(studio: Studio, content: bytes) -> tuple[str, str | None, float]:
    view = studio.models.get(TAUGHT).answer(content)
    return view["state"], view["label"], view["score"]


def correct(studio: Studio, content: bytes, label: str | None, model: str = TAUGHT) -> tuple[str, str | None]:
    held = studio.asking.ask(model, content)["picture"]
    view = studio.asking.correct(model, held, label)
    assert view["counts"]
    return view["answer"]["state"], view["answer"]["label"]


@pytest.mark.parametrize("label", ["blue", "something new", None])
def test_a_correction_is_in_the_next_answers_and_undo_brings_back_the_former(studio: Studio, label: str | None) -> None:
    asked = [coloured(name, seed) for name in COLOURS for seed in (7, 8)]
    before = [answer(studio, one) for one in asked]
    picture = coloured("yellow" if label else "red", 7)  # yellow is unknown by itself
    corrected = correct(studio, picture, label)
    assert corrected == (("label", label) if label else ("unknown", corrected[1]))
    similar = answer(studio, picture)
    assert similar[0] == ("label" if label else "unknown")
    assert [answer(studio, one) for one in asked] != before
    studio.project.dataset.undo()
    assert [answer(studio, one) for one in asked] == before


def test_corrections_count_after_a_restart(studio: Studio, tmp_path: Path) -> None:
    correct(studio, coloured("yellow", 7), "yellow")
    known = answer(studio, coloured("yellow", 7))
    studio.close()
    with closing(started(tmp_path / "project")) as again:
        assert answer(again, coloured("yellow", 7)) == known
        again.project.dataset.rename_label("yellow", "gold")
        assert answer(again, coloured("yellow", 7))[1] == "gold"


def test_pictures_that_a_correction_costs_are_shown_until_it_is_undone(studio: Studio) -> None:
    correct(studio, encoded(drawn(3, COLOURS["red"]), quality=60), "blue")
    studio.guard.wait()
    found = studio.guard.view()
    assert found["count"] == len(found["lost"]) > 0
    assert {(one["label"], one["answer"]) for one in found["lost"]} == {("red", "blue")}
    studio.project.dataset.undo()
    assert (studio.guard.view()["edit"], studio.guard.view()["lost"]) == (0, [])


def test_a_harmless_correction_costs_nothing(studio: Studio) -> None:
    correct(studio, coloured("red", 9), "red")
    studio.guard.wait()
    found = studio.guard.view()
    assert (found["done"], found["count"]) == (found["total"], 0)


def strangeness(studio: Studio, content: bytes) -> float:
    learner = studio.session.learner
    found = learner.classify_pixels(learner.preprocess.pixels(content)).strangeness
    assert found is not None
    return found


def test_a_stranger_marks_what_is_taught_until_it_is_unmarked_unless_it_is_held_out(studio: Studio) -> None:
    asked = [coloured(name, 8) for name in COLOURS]
    before = [strangeness(studio, one) for one in asked]
    dataset = studio.project.dataset
    dataset.add(coloured("yellow", 7), "_strangers", split="test")
    assert [strangeness(studio, one) for one in asked] == before
    dataset.add(coloured("green", 7), "_strangers", split="training")
    green = [*COLOURS].index("green")
    assert strangeness(studio, asked[green]) > before[green]
    dataset.undo()
    assert [strangeness(studio, one) for one in asked] == before


def test_a_corrected_stranger_counts_once_and_its_copies_no_more_than_it(studio: Studio) -> None:
    picture = coloured("yellow", 7)
    correct(studio, picture, None)
    (key,) = studio.project.dataset.strangers()
    if not studio.project.dataset.strangers("training"):
        studio.project.dataset.set_split([key], "training")
    marked = [strangeness(studio, coloured(name, 8)) for name in COLOURS]
    for quality in (94, 93):
        studio.project.dataset.add(
            encoded(drawn(7, COLOURS["yellow"]), quality=quality), "_strangers", split="training"
        )
    again = [strangeness(studio, coloured(name, 8)) for name in COLOURS]
    assert again == pytest.approx(marked, rel=0.05)


def samples(studio: Studio) -> list[int]:
    """Samples of red and of blue in the feature file."""
    content = studio.session.feature_file()
    assert content == studio.session.feature_file()
    return samples_on_disk(studio.project.dataset.root.parent)


def samples_on_disk(project: Path) -> list[int]:
    owners = load_features(project / "my_classes.bin", PixelEmbedder().dim, PixelEmbedder().id).owners
    return [owners.count(place) for place in range(2)]


def test_the_feature_file_has_what_was_corrected_to_its_classes_until_that_is_undone(studio: Studio) -> None:
    dataset = studio.project.dataset
    before, former = studio.session.feature_file(), [answer(studio, coloured(name, 8)) for name in ("red", "blue")]
    assert samples(studio) == [4, 4]
    correct(studio, coloured("yellow", 7), "blue")
    (key,) = (one.key for one in corrections(dataset))
    dataset.set_split([key], "training")
    assert samples(studio) == [4, 5]
    correct(studio, coloured("green", 7), "something new")
    correct(studio, coloured("yellow", 9), None)
    assert samples(studio) == [4, 5]
    assert [answer(studio, coloured(name, 8)) for name in ("red", "blue")] == former
    dataset.set_split([key], "test")
    assert studio.session.feature_file() == before
    dataset.set_split([key], "training")
    dataset.relabel([key], "red")
    assert samples(studio) == [5, 4]
    dataset.delete([key.replace("blue/", "red/")])
    assert studio.session.feature_file() == before


def test_corrections_are_in_the_feature_file_once_the_studio_has_ended(tmp_path: Path) -> None:
    with closing(started(tmp_path / "project")) as studio:
        for name in ("red", "blue"):
            added = studio.session.add_class(coloured(name, 1), name)
            studio.session.add_sample(coloured(name, 2), added.id)
        for seed in (7, 9):
            correct(studio, coloured("yellow", seed), "blue")
        dataset = studio.project.dataset
        dataset.set_split([one.key for one in corrections(dataset)], "training")
    assert samples_on_disk(tmp_path / "project") == [1, 3]


@pytest.mark.parametrize("label", ["", "_strangers", "Red"])
def test_what_cannot_be_a_label_changes_nothing(studio: Studio, label: str) -> None:
    held = studio.asking.ask(TAUGHT, coloured("yellow", 7))
    edits = studio.project.dataset.edits
    with pytest.raises(DataError):
        studio.asking.correct(TAUGHT, held["picture"], label)
    assert studio.project.dataset.edits == edits


def test_what_is_no_picture_or_no_longer_held_is_refused(studio: Studio) -> None:
    with pytest.raises(ImageError):
        studio.asking.ask(TAUGHT, b"no picture")
    first = studio.asking.ask(TAUGHT, coloured("red", 7))["picture"]
    for seed in range(20):
        studio.asking.ask(TAUGHT, coloured("red", seed))
    with pytest.raises(DataError, match="no longer held"):
        studio.asking.correct(TAUGHT, first, "red")


def test_a_trained_model_follows_corrections_too(
    studio: Studio, taught: TaughtModel, photographs: dict[str, Path]
) -> None:
    studio.project.models.mkdir(exist_ok=True)
    taught.save(studio.project.models / "pets.tflite")
    studio.choose_model("file:pets")
    content = next(iter(photographs.values())).read_bytes()
    before = studio.models.get("file:pets").answer(content)
    assert correct(studio, content, "a new class", "file:pets") == ("label", "a new class")
    studio.choose_model("file:pets")
    studio.project.dataset.undo()
    studio.asking.ask("file:pets", content)
    studio._attendant.submit(lambda: None).result()
    after = studio.models.get("file:pets").answer(content)
    assert (after["label"], after["classes"]) == (before["label"], before["classes"])


def test_why_says_that_a_correction_decided_and_what_the_model_says_without_it(studio: Studio) -> None:
    picture = coloured("yellow", 7)
    held = studio.asking.ask(TAUGHT, picture)["picture"]
    alone = studio.why(TAUGHT, None, held=held)
    assert alone["corrected"] is None and alone["unknown_by"]
    studio.asking.correct(TAUGHT, held, "yellow")
    why = studio.why(TAUGHT, None, held=held)
    said = why["corrected"]
    assert said is not None and (why["best"], why["unknown_by"]) == ("yellow", "")
    assert said["unknown"], "without the correction"
    assert (said["label"], said["model"], said["distance"]) == ("yellow", alone["best"], pytest.approx(0, abs=1e-3))
    assert said["id"] is not None
    assert studio.project.dataset.by_hash(said["id"]).label == "yellow"
    studio.asking.correct(TAUGHT, held, None)
    said = studio.why(TAUGHT, None, held=held)["corrected"]
    assert said is not None and said["label"] is None


def test_a_held_picture_is_answered_again_after_undo(studio: Studio) -> None:
    asked = studio.asking.ask(TAUGHT, coloured("yellow", 7))
    held, before = asked["picture"], asked["answer"]
    studio.asking.correct(TAUGHT, held, "yellow")
    assert studio.asking.again(TAUGHT, held)["answer"]["label"] == "yellow"
    studio.project.dataset.undo()
    after = studio.asking.again(TAUGHT, held)["answer"]
    assert {**after, "time": before["time"], "age": before["age"], "ms": before["ms"]} == before
