"""The few-shot classifier: taught by a few pictures, it answers for the picture it is given."""

import numpy as np
import pytest

from whatsit import (
    ArgumentError,
    BackboneChoice,
    Classifier,
    DataError,
    FewShotClassifier,
    Fit,
    ImageArgumentError,
    ImageError,
    ModelError,
    PixelEmbedder,
    SelfLearnClassifier,
    load_image,
    verify,
)


def colour(red, green, blue, seed=0):
    noise = np.random.default_rng(seed).integers(-25, 26, (30, 40, 3))
    return np.clip(np.array([red, green, blue]) + noise, 0, 255).astype(np.uint8)


THINGS = {"mug": (210, 40, 40), "leaf": (40, 190, 60), "sky": (50, 80, 220)}
WALL = (128, 128, 128)


def taught(shots=4, backbone=None):
    things = FewShotClassifier(backbone or PixelEmbedder())
    for seed in range(shots):
        for label, shade in THINGS.items():
            things.add(colour(*shade, seed), label)
    things.learn()
    return things


def test_three_things_shown_four_times_each_are_told_apart_and_a_stranger_is_unknown():
    things = taught()
    assert things.labels == ("mug", "leaf", "sky")
    assert things.counts == {"mug": 4, "leaf": 4, "sky": 4}
    for label, shade in THINGS.items():
        answer = things.classify(colour(*shade, 99), top_k=2)
        assert (len(answer), answer[0].label, answer.unknown) == (2, label, False)
        assert answer.distances[0] == answer.distance < answer.distances[1]
    assert things.classify(colour(*WALL)).unknown


def test_every_answer_is_for_the_picture_just_given():
    things = taught()
    shades = [(label, colour(*shade, seed)) for seed in range(50, 53) for label, shade in THINGS.items()]
    assert [things.classify(picture)[0].label for _, picture in shades] == [label for label, _ in shades]


def test_many_pictures_keep_their_order_and_an_unreadable_one_its_place(tmp_path):
    things = taught()
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    pictures = [colour(*THINGS["sky"]), tmp_path / "broken.jpg", colour(*THINGS["mug"])]
    first, second, third = things.classify_many(iter(pictures), errors="return")
    assert isinstance(second, ImageError) and (first[0].label, third[0].label) == ("sky", "mug")
    with pytest.raises(ImageError, match=r"broken\.jpg"):
        list(things.classify_many(pictures))
    with pytest.raises(ArgumentError, match="one picture; expected several"):
        things.classify_many("mug.jpg")
    with pytest.raises(ArgumentError, match="expected raise or return"):
        things.classify_many([], errors="ignore")


def test_a_picture_without_a_label_joins_the_nearest_class_when_learning():
    things = taught(shots=1)
    before = things.classify(colour(*THINGS["mug"], 7)).distance
    things.add(colour(*THINGS["mug"], 7))
    assert things.classify(colour(*THINGS["mug"], 7)).distance == before
    assert things.learn() == 1
    assert things.classify(colour(*THINGS["mug"], 7)).distance < before
    assert things.counts["mug"] == 1


def test_a_class_can_be_renamed_and_removed_with_its_pictures():
    things = taught()
    things.rename("leaf", "plant")
    assert things.classify(colour(*THINGS["leaf"]))[0].label == "plant"
    things.remove("mug")
    assert things.counts == {"plant": 4, "sky": 4}
    for wrong in (lambda: things.remove("mug"), lambda: things.rename("mug", "cup")):
        with pytest.raises(ArgumentError, match="'mug' names 0 classes: the classes are plant, sky"):
            wrong()
    with pytest.raises(ArgumentError, match="'sky' exists"):
        things.rename("plant", "sky")
    with pytest.raises(ValueError, match="zero byte"):
        things.add(colour(*WALL), "a\0b")
    things.clear()
    assert things.labels == () and things.classify(colour(*WALL)).unknown


def test_before_the_first_class_everything_is_unknown_and_unlabelled_pictures_cannot_be_learnt():
    things = FewShotClassifier(PixelEmbedder())
    assert things.learn() == 0
    answer = things.classify(colour(*WALL))
    assert len(answer) == 0 and answer.unknown
    things.add(colour(*WALL))
    with pytest.raises(DataError, match="add a class first"):
        things.learn()


def test_what_was_saved_answers_the_same_and_is_read_by_maixpys_class(tmp_path):
    path, questions = tmp_path / "things.bin", [colour(*shade, 99) for shade in (*THINGS.values(), WALL)]
    before = taught()
    before.save(path)
    after = FewShotClassifier.from_file(path, PixelEmbedder())
    assert list(after.classify_many(questions)) == list(before.classify_many(questions))
    assert after.threshold == before.threshold
    maixpy = SelfLearnClassifier(PixelEmbedder(), dual_buff=False)
    assert maixpy.load(path) == ["mug", "leaf", "sky"]
    assert maixpy.classify(questions[0])[0] == (0, before.classify(questions[0]).distance)


def test_it_is_a_recogniser_for_prepared_pixels_and_refuses_others():
    things = taught()
    pixels = things.preprocess.pixels(colour(*THINGS["sky"], 99))
    assert things.classify_pixels(pixels, 1)[0].label == "sky"
    for wrong in (pixels[1:], pixels.astype(np.float32)):
        with pytest.raises(ImageArgumentError, match="the backbone takes uint8 of"):
            things.classify_pixels(wrong)


def test_what_cannot_be_a_backbone_a_fit_or_a_number_is_refused():
    for wrong, expected in (
        (lambda: FewShotClassifier(3), "backbone 3: expected a name"),
        (lambda: FewShotClassifier(PixelEmbedder(), fit="crop"), "fit 'crop': expected one of"),
        (lambda: FewShotClassifier(PixelEmbedder(), unknown_rate=1.0), "unknown rate 1.0: expected"),
        (lambda: taught().classify(colour(*WALL), top_k=0), "top_k 0: expected a whole number"),
    ):
        with pytest.raises(ArgumentError, match=expected):
            wrong()


def test_with_another_fit_it_sees_the_edges():
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = 255
    covering, squashing = (FewShotClassifier(PixelEmbedder(), fit=fit) for fit in (None, "squash"))
    for things in (covering, squashing):
        things.add(np.full((20, 20, 3), 255, np.uint8), "white")
    assert 10 * covering.classify(wide).distance < squashing.classify(wide).distance
    assert squashing.preprocess.fit is Fit.SQUASH


@pytest.fixture(scope="module")
def things(patches):
    """Two photographs, taught by six parts of each."""
    things = FewShotClassifier(BackboneChoice(size=96))
    for picture, label in patches[::2]:
        things.add(picture, label)
    things.learn()
    return things


class TestOnANetwork:
    def test_its_model_file_answers_as_it_does(self, things, patches, photographs):
        pictures = [*(picture for picture, _ in patches), *(load_image(path) for path in photographs.values())]
        answers = list(things.classify_many(pictures))
        # Its own embeddings are int8 too; the float32 network differs from them by a few hundredths.
        for dtype, tolerance in (("int8", 0.03), ("float32", 0.15)):
            content = things.to_tflite(dtype)
            assert verify(content) == []
            model = Classifier(content)
            assert model.labels == things.labels
            assert (model.threshold, len(model.card.golden)) == (pytest.approx(things.threshold), 2)
            for ours, its in zip(answers, model.classify_many(pictures), strict=True):
                scores = {one.label: one.score for one in its}
                assert all(scores[one.label] == pytest.approx(one.score, abs=tolerance) for one in ours), dtype

    def test_many_and_one_at_a_time_give_the_same(self, things, patches):
        pictures = [picture for picture, _ in patches]
        assert list(things.classify_many(pictures)) == [things.classify(picture) for picture in pictures]

    def test_what_was_saved_opens_on_its_own_backbone(self, things, patches, tmp_path):
        things.save(tmp_path / "things.bin")
        again = FewShotClassifier.from_file(tmp_path / "things.bin")
        assert again.backbone.id == things.backbone.id
        assert again.classify(patches[0][0]) == things.classify(patches[0][0])

    def test_a_model_needs_two_classes_and_a_network(self, things):
        with pytest.raises(DataError, match="teaching needs at least 2"):
            FewShotClassifier(PixelEmbedder()).to_tflite()
        with pytest.raises(ModelError, match="'pixels@64': neither built in nor a .tflite file"):
            taught().to_tflite()
