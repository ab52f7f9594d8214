"""The self-learning classifier: taught by pictures, exact about files, honest about strangers."""

import json
import re
import struct
import threading
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whatsit.backbones.embedder import PixelEmbedder
from whatsit.errors import ArgumentError, DataError, ImageError, ModelError
from whatsit.imaging.preprocess import Colour, Fit, Preprocess
from whatsit.teaching import feature_store
from whatsit.teaching.feature_store import load_features, sidecar_path
from whatsit.teaching.maixpy_file import parse
from whatsit.teaching.maixpy_types import Err, Format, MaixFit
from whatsit.teaching.selflearn import SelfLearnClassifier
from whatsit.teaching.support_set import SupportSet


class Known:
    """An embedder whose answers the test decides: picture ``n`` (see ``picture``) has embedding
    ``table[n]``.
    """

    def __init__(self, table, name="known"):
        self.table = np.asarray(table, np.float32)
        self.id = name
        self.dim = self.table.shape[1]
        self.preprocess = Preprocess(2, 2)

    def embed_pixels(self, pixels):
        return self.table[int(pixels[0, 0, 0]) * 256 + int(pixels[0, 0, 1])]

    def embed_many(self, images):
        return (self.embed_pixels(image) for image in images)


def picture(number):
    return np.full((2, 2, 3), (number // 256, number % 256, 0), np.uint8)


def taught(table, classes, samples=(), dual_buff=False, **options):
    """A classifier with the pictures of these numbers as classes and (number, label) or numbers as
    samples.
    """
    classifier = SelfLearnClassifier(Known(table, **options), dual_buff)
    for number in classes:
        classifier.add_class(picture(number))
    for sample in samples:
        number, label = sample if isinstance(sample, tuple) else (sample, None)
        classifier.add_sample(picture(number), label=label)
    return classifier


def prototypes(classifier):
    """What the classifier learnt, by way of the file it writes."""
    classifier.save("prototypes.bin")
    return parse(Path("prototypes.bin").read_bytes()).classes


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def colour(red, green, blue, seed=0):
    noise = np.random.default_rng(seed).integers(-25, 26, (30, 40, 3))
    return np.clip(np.array([red, green, blue]) + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def fails(caplog):
    """Do something that fails as MaixPy's methods do: with a code and one logged line."""

    def check(code, says, act, *arguments):
        caplog.clear()
        assert act(*arguments) is code
        (logged,) = caplog.messages
        assert re.search(says, logged) and "\n" not in logged

    return check


MUG, LEAF, SKY, WALL = (210, 40, 40), (40, 190, 60), (50, 80, 220), (128, 128, 128)


# --- the main job ------------------------------------------------------------------------------


def test_three_things_shown_once_with_four_samples_each_are_told_apart_and_a_stranger_is_unknown():
    classifier = SelfLearnClassifier(PixelEmbedder(), dual_buff=False)
    for thing in (MUG, LEAF, SKY):
        classifier.add_class(colour(*thing))
    for seed in range(1, 5):
        for thing in (MUG, LEAF, SKY):
            classifier.add_sample(colour(*thing, seed))
    assert (classifier.class_num(), classifier.sample_num()) == (3, 12)
    assert classifier.learn() >= 1
    for index, thing in enumerate((MUG, LEAF, SKY)):
        answer = classifier.classify(colour(*thing, 99))
        assert answer[0][0] == index
        assert sorted(place for place, _ in answer) == [0, 1, 2]
        assert not classifier.is_unknown(answer[0][1])
        seen = classifier.recognise_pixels(classifier.preprocess.pixels(colour(*thing, 99)))
        assert (seen[0].label, seen[0].index, seen.unknown) == (f"class {index}", index, False)
    assert classifier.is_unknown(classifier.classify(colour(*WALL))[0][1])
    assert classifier.recognise_pixels(classifier.preprocess.pixels(colour(*WALL))).unknown


def test_classify_gives_every_class_with_its_raw_euclidean_distance_nearest_first():
    classifier = taught([[0, 0], [3, 4], [6, 8]], classes=[2, 1, 0])
    assert classifier.classify(picture(0)) == [(2, 0.0), (1, 5.0), (0, 10.0)]


def test_before_the_first_class_there_is_nothing_to_classify_and_nothing_to_learn():
    classifier = taught([[0, 0]], classes=[])
    assert classifier.classify(picture(0)) == []
    assert classifier.learn() == 0
    seen = classifier.recognise_pixels(picture(0))
    assert len(seen) == 0 and seen.unknown
    classifier.add_sample(picture(0))
    with pytest.raises(DataError, match="add a class first"):
        classifier.learn()


def test_clear_forgets_classes_samples_and_thresholds():
    classifier = taught([[0, 0], [1, 0]], classes=[0], samples=[1])
    classifier.learn()
    classifier.clear()
    assert (classifier.class_num(), classifier.sample_num(), classifier.threshold) == (0, 0, None)
    assert classifier.labels == []


def test_pictures_may_be_files_bytes_or_arrays_and_the_fit_an_enum_or_its_name(tmp_path):
    from PIL import Image

    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = 255
    Image.fromarray(wide).save(tmp_path / "wide.png")
    classifier = SelfLearnClassifier(PixelEmbedder(), dual_buff=False)
    classifier.add_class(wide)
    assert classifier.classify(tmp_path / "wide.png", "cover")[0][1] == 0
    assert classifier.classify((tmp_path / "wide.png").read_bytes(), Fit.COVER)[0][1] == 0
    assert classifier.classify(wide, "squash")[0][1] > 1
    assert classifier.classify(wide, MaixFit.FIT_COVER)[0][1] == 0
    assert classifier.classify(wide, MaixFit.FIT_FILL) == classifier.classify(wide, Fit.SQUASH)
    with pytest.raises(DataError, match="cover, contain, squash"):
        classifier.classify(wide, "crop")


# --- learning ----------------------------------------------------------------------------------


def reference(pictures, samples, labels):
    """The published rule, in plain loops."""
    centres = [picture.copy() for picture in pictures]
    while True:
        groups = [[picture] for picture in pictures]
        for sample, label in zip(samples, labels, strict=True):
            nearest = min(range(len(centres)), key=lambda k: float(((sample - centres[k]) ** 2).sum()))
            groups[nearest if label is None else label].append(sample)
        moved = [np.mean(group, axis=0) for group in groups]
        if all(np.array_equal(a, b) for a, b in zip(moved, centres, strict=True)):
            return np.array(moved)
        centres = moved


@st.composite
def lessons(draw):
    n, m = draw(st.integers(1, 5)), draw(st.integers(0, 20))
    seed = draw(st.integers(0, 2**32 - 1))
    table = np.random.default_rng(seed).normal(size=(n + m, draw(st.integers(1, 6)))).astype(np.float32)
    labels = draw(st.lists(st.none() | st.integers(0, n - 1), min_size=m, max_size=m))
    return table, n, labels


FAST = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def shown(table, n, samples):
    """The pure value behind the classifier: ``n`` classes, then samples as (number, label)."""
    value = SupportSet.empty(table.shape[1])
    for embedding in table[:n]:
        value = value.with_class(embedding, None)
    for number, label in samples:
        value = value.with_samples(table[number], (label,))
    return value


def samples_of(table, n, labels):
    return list(zip(range(n, len(table)), labels, strict=True))


@FAST
@given(lessons())
def test_learn_agrees_with_a_plain_reference(lesson):
    table, n, labels = lesson
    value, rounds = shown(table, n, samples_of(table, n, labels)).learnt(0.05)
    expected = reference(table[:n].astype(float), table[n:].astype(float), labels)
    np.testing.assert_allclose(value.centres, expected, rtol=1e-5, atol=1e-6)
    assert (rounds > 0) == bool(labels)


@FAST
@given(lessons())
def test_learning_again_changes_nothing_and_says_so(lesson):
    table, n, labels = lesson
    once, _ = shown(table, n, samples_of(table, n, labels)).learnt(0.05)
    twice, rounds = once.learnt(0.05)
    assert rounds == 0
    assert twice.centres.tobytes() == once.centres.tobytes()
    assert twice.calibration == once.calibration


@FAST
@given(lessons(), st.randoms(use_true_random=False))
def test_the_order_of_additions_and_of_learning_in_between_does_not_matter(lesson, random):
    table, n, labels = lesson
    samples = samples_of(table, n, labels)
    first, _ = shown(table, n, samples).learnt(0.05)
    random.shuffle(samples)
    second = shown(table, n, [])
    for number, label in samples:
        second, _ = second.with_samples(table[number], (label,)).learnt(0.05)
    np.testing.assert_allclose(second.centres, first.centres, rtol=1e-6)
    np.testing.assert_allclose(second.unit_centres, first.unit_centres, rtol=1e-6)


def test_on_clear_clusters_learn_finds_what_k_means_finds():
    from sklearn.cluster import KMeans

    rng = np.random.default_rng(3)
    corners = np.eye(4, 8) * 10
    table = np.concatenate([corners + rng.normal(size=(4, 8)) for _ in range(12)]).astype(np.float32)
    classifier = taught(table, range(4), range(4, 48))
    classifier.learn()
    peer = KMeans(4, init=table[:4], n_init=1).fit(table)
    np.testing.assert_allclose(prototypes(classifier), peer.cluster_centers_, rtol=1e-5)


def test_a_labelled_sample_stays_with_its_label_however_near_another_class_is():
    classifier = taught([[0.0], [10.0], [9.0]], classes=[0, 1], samples=[(2, 0)])
    assert classifier.learn() == 1
    assert prototypes(classifier).ravel().tolist() == [4.5, 10]


def test_removing_a_sample_or_a_class_and_learning_gives_what_never_adding_it_would_have():
    table = np.random.default_rng(1).normal(size=(12, 3))
    classifier = taught(table, [0, 1, 2], [3, (4, 1), 5, (6, 2), (7, 0), 8])
    classifier.learn()
    classifier.rm_sample(0)
    classifier.rm_class(1)  # and with it sample 4, which was labelled with it
    assert classifier.sample_labels == [None, 1, 0, None]
    classifier.learn()
    never = taught(table, [0, 2], [5, (6, 1), (7, 0), 8])
    never.learn()
    assert prototypes(classifier).tobytes() == prototypes(never).tobytes()


def test_a_class_added_after_learning_is_in_use_at_once_and_leaves_the_others_alone():
    classifier = taught([[0.0], [2.0], [50.0]], classes=[0], samples=[1])
    classifier.learn()
    classifier.add_class(picture(2))
    assert classifier.classify(picture(2)) == [(1, 0.0), (0, 49.0)]


@pytest.mark.parametrize("index", [-1, 1, 2**40])
def test_an_index_that_is_not_there_is_refused_in_one_line(index, fails):
    classifier = taught([[0.0], [1.0]], classes=[0], samples=[1])
    for remove in (classifier.rm_class, classifier.rm_sample):
        fails(Err.ERR_ARGS, rf"{index}: no such .* there are 1 \(0 to 0\)", remove, index)
    with pytest.raises(DataError, match="no such class"):
        classifier.add_sample(picture(1), label=index)
    fails(Err.ERR_ARGS, "whole number", classifier.rm_class, "0.5")
    assert (classifier.class_num(), classifier.sample_num()) == (1, 1)


# --- labels ------------------------------------------------------------------------------------


def test_classes_have_names_and_samples_can_be_labelled_by_them():
    classifier = SelfLearnClassifier(Known([[0.0], [10.0], [6.0]]), dual_buff=False)
    classifier.add_class(picture(0), label="mug")
    classifier.add_class(picture(1))
    classifier.add_sample(picture(2), label="mug")
    assert classifier.labels == ["mug", "class 1"]
    assert classifier.sample_labels == [0]
    classifier.labels = ["cup", "leaf"]
    assert classifier.recognise_pixels(picture(0))[0].label == "cup"
    with pytest.raises(DataError, match="'mug' names 0 classes: the classes are cup, leaf"):
        classifier.add_sample(picture(2), label="mug")
    with pytest.raises(DataError, match="'cup' exists"):
        classifier.add_class(picture(2), label="cup")
    with pytest.raises(DataError, match="1 labels for 2 classes"):
        classifier.labels = ["cup"]
    with pytest.raises(DataError, match="zero byte"):
        classifier.add_class(picture(2), label="a\0b")
    assert classifier.labels == ["cup", "leaf"]


# --- scores and unknown ------------------------------------------------------------------------


def test_scores_add_up_to_one_and_fall_with_distance():
    table = np.random.default_rng(5).normal(size=(20, 6)) + np.eye(20, 6) * 4
    for samples in ([], range(4, 16)):
        classifier = taught(table, range(4), samples)
        classifier.learn()
        seen = classifier.recognise_pixels(picture(17))
        nearest = classifier.classify(picture(17))
        assert [one.index for one in seen] == [index for index, _ in nearest]
        assert seen.distance == nearest[0][1]
        assert sum(one.score for one in seen) == pytest.approx(1, abs=1e-6)
        assert sorted((one.score for one in seen), reverse=True) == [one.score for one in seen]


def test_a_single_class_or_equal_classes_share_the_score_without_a_warning():
    assert taught([[1.0]], classes=[0]).recognise_pixels(picture(0))[0].score == 1
    assert [one.score for one in taught([[1.0]], classes=[0, 0]).recognise_pixels(picture(0))] == [0.5, 0.5]


def test_nothing_is_unknown_before_two_pictures_of_a_class_were_compared():
    classifier = taught([[1.0, 0], [0, 1.0], [-9, -9]], classes=[0, 1])
    classifier.learn()
    assert classifier.threshold is None
    assert not classifier.is_unknown(1e9)
    assert not classifier.recognise_pixels(picture(2)).unknown


def test_the_threshold_is_the_quantile_of_leave_one_out_distances_where_classes_overlap():
    table = np.random.default_rng(8).normal(size=(24, 5)).astype(np.float32)
    classifier = taught(table, [0, 1, 2], [(number, number % 3) for number in range(3, 24)])
    own = []
    for number in range(24):
        others = [table[n] for n in range(24) if n % 3 == number % 3 and n != number]
        correction = np.sqrt((1 + 1 / 8) / (1 + 1 / 7))
        own.append(np.linalg.norm(table[number] - np.mean(others, axis=0)) * correction)
    for unknown_rate in (0.0, 0.05, 0.2):
        classifier.unknown_rate = unknown_rate
        classifier.learn()
        assert classifier.threshold == pytest.approx(np.quantile(own, 1 - unknown_rate), rel=1e-5)
    classifier.unknown_rate = 1.0
    with pytest.raises(DataError, match=r"unknown rate 1.0: expected a share from 0 to below 1"):
        classifier.learn()


def test_copies_of_one_picture_leave_room_for_the_noise_of_coding_it():
    """The embeddings of one thing differ by 0.19 of their length between float32 and int8."""
    classifier = taught([[100.0, 0.0], [100.0, 18.0], [0.0, 100.0]], classes=[0], samples=[(0, 0), (0, 0)])
    classifier.learn()
    assert not classifier.recognise_pixels(picture(1)).unknown
    assert not classifier.is_unknown(classifier.classify(picture(1))[0][1])
    assert classifier.recognise_pixels(picture(2)).unknown


def test_where_a_gap_separates_the_classes_the_threshold_stands_in_its_middle():
    table = [[0.0, 0], [0, 1], [100, 0], [100, 1]]
    classifier = taught(table, [0, 2], [1, 3])
    classifier.unknown_rate = 0.0
    classifier.learn()
    own = 1 * np.sqrt((1 + 1 / 2) / (1 + 1 / 1))
    other = np.linalg.norm([100, 0.5])
    assert classifier.threshold == pytest.approx((own + other) / 2)


def test_unknown_is_judged_on_direction_so_a_brighter_embedding_of_the_same_thing_is_known():
    table = [[1.0, 0.01], [1, -0.01], [0.01, 1], [-0.01, 1], [3, 0], [0.5, 0.5]]
    classifier = taught(table, [0, 2], [1, 3])
    classifier.learn()
    assert classifier.is_unknown(classifier.classify(picture(4))[0][1])
    assert not classifier.recognise_pixels(picture(4)).unknown
    assert not classifier.is_unknown(picture(4)) and classifier.is_unknown(picture(5))


def test_pixels_of_another_shape_are_refused():
    classifier = taught([[1.0]], classes=[0])
    for wrong in (np.zeros((3, 2, 3), np.uint8), np.zeros((2, 2, 3), np.float32)):
        with pytest.raises(ImageError, match=r"uint8 of shape \(2, 2, 3\)"):
            classifier.recognise_pixels(wrong)


# --- streams: one picture is prepared while the network computes the one before ----------------


class Gated(Known):
    """Embeds picture ``n`` only once ``gate[n]`` is open, and says when it has begun."""

    def __init__(self, count):
        super().__init__(np.arange(count)[:, np.newaxis])
        self.begun = [threading.Event() for _ in range(count)]
        self.gate = [threading.Event() for _ in range(count)]
        self.threads = []

    def embed_pixels(self, pixels):
        number = int(pixels[0, 0, 1])
        self.threads.append(threading.current_thread())
        self.begun[number].set()
        assert self.gate[number].wait(60)
        return super().embed_pixels(pixels)

    def open(self, *numbers):
        for number in numbers:
            self.gate[number].set()


@pytest.fixture
def gated():
    embedder = Gated(8)
    yield embedder
    embedder.open(*range(8))


def test_every_answer_is_for_the_picture_it_was_asked_for_with_and_without_dual_buffers():
    for dual_buff in (True, False):
        classifier = taught(np.arange(8)[:, np.newaxis], classes=[0], dual_buff=dual_buff)
        before = threading.active_count()
        assert [classifier.classify(picture(number))[0][1] for number in (5, 2, 7)] == [5, 2, 7]
        assert threading.active_count() == before
        stream = classifier.classify_stream(picture(number) for number in (5, 2, 7))
        assert [answer[0][1] for answer in stream] == [5, 2, 7]


def test_a_stream_fetches_the_next_picture_while_the_network_computes(gated):
    gated.open(0)
    classifier = SelfLearnClassifier(gated)
    classifier.add_class(picture(0))

    def camera():
        yield picture(1)
        assert gated.begun[1].wait(60)  # the network has the first picture, and is held at its gate
        gated.open(1, 2)
        yield picture(2)

    assert list(classifier.classify_stream(camera())) == [[(0, 1.0)], [(0, 2.0)]]
    assert threading.current_thread() not in gated.threads[1:]
    assert not any(thread.is_alive() for thread in gated.threads[1:])


def test_classes_changed_in_between_are_those_the_answers_of_a_stream_speak_of():
    classifier = taught(np.arange(8)[:, np.newaxis], classes=[0, 3, 7], dual_buff=True)
    stream = classifier.classify_stream(picture(6) for _ in range(3))
    assert next(stream)[0] == (2, 1.0)
    classifier.rm_class(2)
    assert next(stream) == [(1, 3.0), (0, 6.0)]
    classifier.clear()
    assert next(stream) == []


def test_a_camera_of_a_stream_may_reuse_its_buffer(gated):
    gated.open(0)
    classifier = SelfLearnClassifier(gated)
    classifier.add_class(picture(0))

    def camera():
        frame = picture(0)
        for number in (3, 2, 5):
            frame[:] = picture(number)
            yield frame
        gated.open(3, 2, 5)

    def drawn_ahead():  # the network begins only once the camera has drawn over the frame it was given
        for frame in camera():
            yield frame
            frame[:] = 0
        gated.open(3, 2, 5)

    gated.open(3, 2, 5)
    assert [answer[0][1] for answer in classifier.classify_stream(drawn_ahead())] == [3, 2, 5]


class Failing(Known):
    def embed_pixels(self, pixels):
        if int(pixels[0, 0, 1]) == 4:
            raise ModelError(f"no inference for picture {int(pixels[0, 0, 1])}")
        return super().embed_pixels(pixels)


@pytest.mark.parametrize(("wrong", "error"), [(picture(4), ModelError), (b"not a picture", ImageError)])
def test_what_goes_wrong_in_a_stream_comes_in_its_place_after_the_answers_before_it(wrong, error):
    classifier = SelfLearnClassifier(Failing(np.arange(8)[:, np.newaxis]))
    classifier.add_class(picture(0))
    stream = classifier.classify_stream([picture(1), picture(2), wrong, picture(3)])
    assert [next(stream), next(stream)] == [[(0, 1.0)], [(0, 2.0)]]
    with pytest.raises(error):
        next(stream)


def test_one_thread_may_recognise_while_another_teaches():
    classifier = taught(TABLE, [0, 1], [2, 3])
    done, failures, answers = threading.Event(), [], []

    def watch():
        try:
            while not done.is_set() or not answers:
                seen = classifier.recognise_pixels(picture(9))
                answers.append(seen)
                assert sorted(one.index for one in seen) == list(range(len(seen)))
        except BaseException as error:
            failures.append(error)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for number in range(300):
        classifier.add_class(picture(number % 16))
        classifier.add_sample(picture((number + 3) % 16), label=number % 3)
        classifier.learn()
        classifier.rm_class(number % 3)
    done.set()
    watcher.join()
    assert not failures
    assert {len(seen) for seen in answers} <= {2, 3}


# --- the backbone ------------------------------------------------------------------------------


def test_what_the_backbone_wants_is_told_in_maixpys_terms():
    embedder = Known([[0.0]])
    embedder.preprocess = Preprocess(320, 224, mean=(127.0,), std=(128.0,))
    classifier = SelfLearnClassifier(embedder)
    size = classifier.input_size()
    assert (size, size.width(), size.height(), str(size)) == ((320, 224), 320, 224, "Size(320x224)")
    assert (classifier.input_width(), classifier.input_height()) == (320, 224)
    assert classifier.input_shape() == [1, 224, 320, 3]
    assert classifier.input_format() is Format.FMT_RGB888
    assert classifier.mean == [127.0] * 3
    assert classifier.scale == [1 / 128] * 3
    embedder.preprocess = Preprocess(96, 96, colour=Colour.GREY)
    assert (classifier.input_format(), classifier.input_shape()) == (Format.FMT_GRAYSCALE, [1, 96, 96, 1])


def test_another_backbone_is_refused_while_something_is_taught_and_taken_after_clear(fails):
    classifier = taught([[0.0], [1.0]], classes=[0])
    assert classifier.load_model(Known([[5.0], [1.0]])) is Err.ERR_NONE  # the same id: the same features
    other = Known([[0.0, 0.0]], name="other")
    fails(Err.ERR_ARGS, r"'known'.*'other'.*clear\(\) first", classifier.load_model, other)
    fails(Err.ERR_ARGS, "no such file", classifier.load_model, "none.tflite")
    assert classifier.classify(picture(1)) == [(0, 1.0)]
    classifier.clear()
    classifier.load_model(Known([[0.0, 3.0], [4.0, 0.0]], name="other"))
    classifier.add_class(picture(0))
    assert classifier.classify(picture(1)) == [(0, 5.0)]


def test_an_empty_model_name_waits_for_load_model():
    classifier = SelfLearnClassifier("")
    for ask in (lambda: classifier.add_class(picture(0)), classifier.input_size, classifier.class_num):
        with pytest.raises(ModelError, match="no model is loaded: call load_model first"):
            ask()
    assert classifier.load_model(Known([[0.0], [1.0]])) is Err.ERR_NONE
    classifier.add_class(picture(0))
    assert classifier.classify(picture(1)) == [(0, 1.0)]


def test_what_is_no_model_is_refused_in_one_line():
    with pytest.raises(ArgumentError, match=r"backbone 5: expected a name, the path of a \.tflite, or an Embedder"):
        SelfLearnClassifier(5)


def test_a_backbone_that_gives_nonsense_is_named_and_nothing_is_taught():
    classifier = taught([[np.nan, 1.0]], classes=[])
    with pytest.raises(ModelError, match="'known' gave shape"):
        classifier.add_class(picture(0))
    assert classifier.class_num() == 0


# --- saving and loading ------------------------------------------------------------------------

TABLE = np.random.default_rng(11).normal(size=(16, 4)).astype(np.float32)


def by_hand(labels, classes, samples):
    """MaixPy's format, written from its published layout."""
    content = struct.pack("<BiiiB", 0, len(classes), len(samples), len(classes[0]), bool(labels))
    content += b"".join(label.encode() + b"\0" for label in labels)
    return content + b"".join(struct.pack(f"<{len(row)}f", *row) for row in [*classes, *samples])


def a_lesson(**options):
    classifier = taught(TABLE, [0, 1], [2, (3, 1), 4, (5, 0)], **options)
    classifier.labels = ["mug", "瓶"]
    classifier.learn()
    return classifier


def state(classifier):
    distances = [classifier.classify(picture(number)) for number in range(16)]
    unknown = [classifier.recognise_pixels(picture(number)).unknown for number in range(16)]
    return (distances, unknown, classifier.labels, classifier.sample_labels, classifier.threshold,
            [classifier.recognise_pixels(picture(number)).strangeness for number in range(16)])  # fmt: skip


def test_a_restart_comes_back_exactly_where_it_was_and_has_nothing_new_to_learn(tmp_path):
    before = a_lesson()
    before.add_class(picture(6))
    before.add_sample(picture(7), label=2)  # not learnt yet
    before.save(tmp_path / "my_classes.bin")
    after = SelfLearnClassifier(Known(TABLE), dual_buff=False)
    assert after.load(tmp_path / "my_classes.bin") == ["mug", "瓶", "class 2"]
    assert state(after) == state(before)
    assert after.label_path == str(tmp_path / "my_classes.bin")
    assert after.learn() == before.learn() > 0
    assert after.learn() == 0
    assert state(after) == state(before)


def test_the_file_is_byte_for_byte_what_maixpys_layout_says(tmp_path):
    classifier = taught(TABLE, [0, 1], [2, 3])
    classifier.save(tmp_path / "plain.bin")
    assert (tmp_path / "plain.bin").read_bytes() == by_hand([], TABLE[:2].tolist(), TABLE[2:4].tolist())
    classifier.save(tmp_path / "named.bin", labels=["mug", "瓶"])
    assert (tmp_path / "named.bin").read_bytes() == by_hand(["mug", "瓶"], TABLE[:2].tolist(), TABLE[2:4].tolist())
    assert classifier.labels == ["mug", "瓶"]


def test_a_file_from_a_maixpy_device_loads_without_sidecar_and_can_be_taught_on(tmp_path):
    (tmp_path / "device.bin").write_bytes(by_hand(["mug", "leaf"], TABLE[:2].tolist(), TABLE[2:5].tolist()))
    classifier = SelfLearnClassifier(Known(TABLE), dual_buff=False)
    assert classifier.load(tmp_path / "device.bin") == ["mug", "leaf"]
    assert (classifier.class_num(), classifier.sample_num()) == (2, 3)
    assert classifier.classify(picture(0))[0] == (0, 0.0)
    assert classifier.learn() > 0
    classifier.save(tmp_path / "device.bin")
    assert SelfLearnClassifier(Known(TABLE)).load(tmp_path / "device.bin") == ["mug", "leaf"]


def test_a_file_without_labels_gets_default_ones_and_stays_without(tmp_path):
    content = by_hand([], TABLE[:2].tolist(), [])
    (tmp_path / "device.bin").write_bytes(content)
    classifier = SelfLearnClassifier(Known(TABLE), dual_buff=False)
    assert classifier.load(tmp_path / "device.bin") == []
    assert classifier.labels == ["class 0", "class 1"]
    classifier.save(tmp_path / "again.bin")
    assert (tmp_path / "again.bin").read_bytes() == content


def refuses(classifier, path, says):
    before = state(classifier)
    with pytest.raises(DataError, match=says) as caught:
        classifier.load(path)
    assert "\n" not in str(caught.value)
    assert state(classifier) == before


def test_features_of_another_backbone_are_refused_by_name(tmp_path):
    a_lesson(name="lite0@224").save(tmp_path / "my_classes.bin")
    refuses(a_lesson(name="lite0@96"), tmp_path / "my_classes.bin", "'lite0@224', but 'lite0@96'")
    short = SelfLearnClassifier(Known(TABLE[:, :3], name="pixels"), dual_buff=False)
    refuses(short, tmp_path / "my_classes.bin", "'lite0@224', but 'pixels'")
    (tmp_path / "my_classes.bin.json").unlink()
    refuses(short, tmp_path / "my_classes.bin", "4 floats per feature, but the backbone gives 3")


def test_a_backbone_changed_and_saved_over_an_old_file_loads_with_the_new_one(tmp_path):
    a_lesson(name="old").save(tmp_path / "my_classes.bin")
    new = a_lesson(name="new")
    new.add_sample(picture(9))
    new.save(tmp_path / "my_classes.bin")
    new.load(tmp_path / "my_classes.bin")
    refuses(a_lesson(name="old"), tmp_path / "my_classes.bin", "'new', but 'old'")


def test_a_file_cut_at_any_byte_leaves_the_old_classes_in_place_with_or_without_its_sidecar(tmp_path):
    path = tmp_path / "my_classes.bin"
    a_lesson().save(path)
    classifier, content = taught(TABLE, [6, 7, 8], [9]), path.read_bytes()
    before = state(classifier)
    for sidecar in (True, False):
        if not sidecar:
            (tmp_path / "my_classes.bin.json").unlink()
        for end in range(len(content)):
            path.write_bytes(content[:end])
            with pytest.raises(DataError) as caught:
                classifier.load(path)
            assert "\n" not in str(caught.value)
            assert str(path) in str(caught.value)
    assert state(classifier) == before


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The two files of a lesson: their folder, and their bytes as they should be."""
    path = tmp_path_factory.mktemp("saved") / "my_classes.bin"
    a_lesson().save(path)
    return path, path.read_bytes(), sidecar_path(path).read_bytes()


@FAST
@given(st.integers(0, 2**16), st.integers(1, 255))
def test_one_changed_byte_in_the_feature_file_is_noticed(saved, place, change):
    path, features, sidecar = saved
    sidecar_path(path).write_bytes(sidecar)
    content = bytearray(features)
    content[place % len(content)] ^= change
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"my_classes\.bin") as caught:
        load_features(path, 4, "known")
    assert "\n" not in str(caught.value)


@FAST
@given(st.integers(0, 2**16), st.integers(0, 3), st.binary(max_size=3))
def test_a_damaged_sidecar_is_refused_in_one_line_or_read_soundly(saved, place, length, patch):
    path, features, sidecar = saved
    path.write_bytes(features)
    start = place % len(sidecar)
    sidecar_path(path).write_bytes(sidecar[:start] + patch + sidecar[start + length :])
    try:
        value = load_features(path, 4, "known")
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert value.names == ("mug", "瓶")
        value.learnt(0.05)


@pytest.mark.parametrize(
    "damage",
    [
        {"owners": [None, 1, None, 2]}, {"owners": [None, 1, None, -1]}, {"owners": [None, 1, None, True]},
        {"owners": [None]}, {"owners": 5}, {"named": [True]}, {"named": [1, 1]}, {"pictures": ""},
        {"pictures": "AAAA"}, {"pictures": 7}, {"pictures": "!"}, {"pictures": "AADAfwAAwH8AAMB/AADAfw=="},
        {"calibration": []}, {"calibration": {"threshold": 1}},
        {"calibration": {"threshold": -1, "unit_threshold": 1, "spread": 1}},
        {"calibration": {"threshold": 10**400, "unit_threshold": 1, "spread": 1}},
        {"calibration": {"threshold": float("nan"), "unit_threshold": 1, "spread": 1}},
        {"calibration": {"threshold": "1", "unit_threshold": 1, "spread": 1}},
        {"unknown": {}}, {"unknown": 5}, {"strangers": "!"}, {"strangers": 7},
    ],
)  # fmt: skip
def test_a_sidecar_that_contradicts_the_features_is_refused(tmp_path, damage):
    path, sidecar = tmp_path / "my_classes.bin", tmp_path / "my_classes.bin.json"
    a_lesson().save(path)
    document = json.loads(sidecar.read_text())
    document["records"][0] |= damage
    sidecar.write_text(json.dumps(document))
    refuses(taught(TABLE, [6, 7, 8], [9]), path, "my_classes.bin.json: damaged")


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "5", "[" * 100_000, '{"whatsit_features": 1, "records": [5]}',
        '{"whatsit_features": 2, "records": [{"sha256": ""}]}',
    ],
)  # fmt: skip
def test_a_sidecar_that_is_something_else_is_refused(tmp_path, text):
    path = tmp_path / "my_classes.bin"
    a_lesson().save(path)
    (tmp_path / "my_classes.bin.json").write_text(text)
    refuses(taught(TABLE, [6, 7, 8], [9]), path, "my_classes.bin.json: damaged")


def test_missing_folders_and_devices_are_refused_in_one_line(tmp_path):
    classifier = a_lesson()
    refuses(classifier, tmp_path / "none.bin", "no such file")
    refuses(classifier, tmp_path, "not a file")
    refuses(classifier, "/dev/zero", "not a file")
    refuses(classifier, "a\0b", r"a.x00b")
    (tmp_path / "huge.bin").touch()
    with (tmp_path / "huge.bin").open("r+b") as file:
        file.truncate(feature_store.MAX_BYTES + 1)
    refuses(classifier, tmp_path / "huge.bin", "more than")


def test_what_cannot_be_saved_leaves_the_old_file_and_the_old_labels(tmp_path, fails):
    path = tmp_path / "my_classes.bin"
    classifier = a_lesson()
    classifier.save(path)
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    for labels in (["one"], ["one", "two", "three"], ["one", "t\0wo"], ["one", "\udc00"]):
        fails(Err.ERR_ARGS, "label", classifier.save, path, labels)
    fails(Err.ERR_ARGS, "0 classes", taught(TABLE, []).save, path)
    two = ["one", "two"]
    fails(Err.ERR_IO, "cannot write", classifier.save, tmp_path / "no such folder" / "my_classes.bin", two)
    fails(Err.ERR_ARGS, "no file can have this name", classifier.save, "my\0classes.bin", two)
    fails(Err.ERR_IO, "it is a folder", classifier.save, tmp_path, two)
    assert classifier.label_path == str(path)
    assert classifier.labels == ["mug", "瓶"]
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == files


@pytest.mark.parametrize("sidecar_before", [True, False])
@pytest.mark.parametrize("never_written", ["my_classes.bin", "my_classes.bin.json"])
def test_a_power_cut_at_either_file_leaves_the_old_lesson_readable(
    tmp_path, monkeypatch, sidecar_before, never_written
):
    path = tmp_path / "my_classes.bin"
    a_lesson().save(path)
    if not sidecar_before:
        (tmp_path / "my_classes.bin.json").unlink()
    old = SelfLearnClassifier(Known(TABLE), dual_buff=False)
    old.load(path)
    expected, write_file = state(old), feature_store.write_file

    def power_cut(target, content):
        if target == tmp_path / never_written:
            raise DataError("the power is gone")
        write_file(target, content)

    monkeypatch.setattr(feature_store, "write_file", power_cut)
    for number in (6, 7):  # twice in a row, too
        newer = a_lesson()
        newer.add_sample(picture(number))
        assert newer.save(path) is Err.ERR_IO
        after = SelfLearnClassifier(Known(TABLE), dual_buff=False)
        after.load(path)
        assert state(after) == expected


def test_every_order_of_teaching_saving_and_loading_gives_the_same_answers(tmp_path):
    results = set()
    for order in permutations(range(2, 5)):
        classifier = taught(TABLE, [0, 1])
        for number in order:
            classifier.add_sample(picture(number))
            classifier.learn()
            classifier.save(tmp_path / "my_classes.bin")
            classifier = SelfLearnClassifier(Known(TABLE), dual_buff=False)
            classifier.load(tmp_path / "my_classes.bin")
        results.add(tuple(classifier.classify(picture(9))))
    assert len(results) == 1
