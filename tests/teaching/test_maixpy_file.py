"""MaixPy's my_classes.bin: read and written byte for byte, and nothing broken gets in."""

import math
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from whatsit.errors import DataError
from whatsit.teaching.maixpy_file import Features, parse, serialise

floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


@st.composite
def feature_sets(draw):
    n, m, f = draw(st.integers(1, 4)), draw(st.integers(0, 4)), draw(st.integers(1, 5))
    labels = draw(st.none() | st.lists(names, min_size=n, max_size=n).map(tuple))
    return Features(labels, draw(arrays(np.float32, (n, f), elements=floats)),
                    draw(arrays(np.float32, (m, f), elements=floats)))  # fmt: skip


def by_hand(labels, classes, samples):
    """An independent writer, from the published layout alone."""
    content = struct.pack("<B", 0) + struct.pack("<i", len(classes)) + struct.pack("<i", len(samples))
    content += struct.pack("<i", len(classes[0])) + struct.pack("<B", 1 if labels else 0)
    for label in labels or []:
        content += label.encode("utf-8") + b"\x00"
    for vector in [*classes, *samples]:
        for value in vector:
            content += struct.pack("<f", value)
    return content


def a_file(labels=("mug", "Flasche 瓶"), f=3):
    classes = np.arange(2 * f, dtype=np.float32).reshape(2, f) / 7
    samples = -np.arange(3 * f, dtype=np.float32).reshape(3, f) * 1.5
    return Features(labels, classes, samples)


def one_line(caught):
    text = str(caught.value)
    return text and "\n" not in text and len(text) < 200


def test_a_file_written_by_an_independent_struct_script_is_read():
    features = parse(by_hand(["mug", "瓶"], [[1.5, -2], [0, 4]], [[7, 8]]))
    assert features.labels == ("mug", "瓶")
    assert features.classes.tolist() == [[1.5, -2], [0, 4]]
    assert features.samples.tolist() == [[7, 8]]


def test_a_file_without_labels_or_samples_is_read():
    features = parse(by_hand(None, [[1.5, -2]], []))
    assert features.labels is None
    assert features.samples.shape == (0, 2)


@given(feature_sets())
@settings(max_examples=300, deadline=None)
def test_ours_is_byte_identical_to_the_independent_writers(features):
    assert serialise(features) == by_hand(features.labels, features.classes.tolist(), features.samples.tolist())


@given(feature_sets())
@settings(max_examples=300, deadline=None)
def test_what_is_written_comes_back_bit_for_bit(features):
    again = parse(serialise(features), dim=features.classes.shape[1])
    assert again.labels == features.labels
    assert again.classes.tobytes() == features.classes.tobytes()
    assert again.samples.tobytes() == features.samples.tobytes()


@given(feature_sets())
@settings(max_examples=150, deadline=None)
def test_a_file_cut_at_any_byte_is_refused(features):
    content = serialise(features)
    for end in range(len(content)):
        with pytest.raises(DataError) as caught:
            parse(content[:end])
        assert one_line(caught)


@given(feature_sets(), st.binary(min_size=1, max_size=40))
@settings(max_examples=300, deadline=None)
def test_bytes_after_the_end_are_refused(features, more):
    with pytest.raises(DataError) as caught:
        parse(serialise(features) + more)
    assert one_line(caught)


@given(feature_sets(), st.lists(st.tuples(st.integers(0, 2**16), st.integers(1, 255)), min_size=1, max_size=3))
@settings(max_examples=800, deadline=None)
def test_flipped_bytes_are_refused_or_give_a_sound_file(features, flips):
    content = bytearray(serialise(features))
    for place, change in flips:
        content[place % len(content)] ^= change
    try:
        damaged = parse(bytes(content))
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert serialise(damaged) == bytes(content)
        assert np.isfinite(damaged.classes).all() and np.isfinite(damaged.samples).all()


@given(st.binary(max_size=80))
@settings(max_examples=1000, deadline=None)
def test_noise_is_refused_or_gives_a_sound_file(noise):
    for content in (noise, b"\0" + noise):
        try:
            features = parse(content)
        except DataError as error:
            assert "\n" not in str(error)
        else:
            assert serialise(features) == content


@given(*[st.sampled_from([-(2**31), -1, 0, 1, 2, 2**16, 2**31 - 1])] * 3, st.booleans())
@settings(max_examples=400, deadline=None)
def test_no_header_makes_the_reader_allocate_what_it_announces(n, m, f, has_labels):
    content = struct.pack("<BiiiB", 0, n, m, f, has_labels) + bytes(64)
    tracemalloc.start()
    try:
        parse(content)
    except DataError as error:
        assert "\n" not in str(error)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 100_000


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", ["classes", "samples"])
def test_a_feature_that_is_not_a_number_is_refused_reading_and_writing(value, place):
    parts = {"classes": [[1.0, 2.0], [3.0, 4.0]], "samples": [[5.0, 6.0]]}
    parts[place][-1][1] = value
    with pytest.raises(DataError, match="NaN or infinite") as caught:
        parse(by_hand(["a", "b"], parts["classes"], parts["samples"]))
    assert one_line(caught)
    with pytest.raises(DataError, match="NaN or infinite"):
        Features(None, np.array(parts["classes"], np.float32), np.array(parts["samples"], np.float32))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\x01" + serialise(a_file())[1:], "version 1"),
        (b"\x89PNG\r\n", "version 137"),
        (struct.pack("<BiiiB", 0, 0, 0, 3, 0), "0 classes"),
        (struct.pack("<BiiiB", 0, -1, 0, 3, 0), "-1 classes"),
        (struct.pack("<BiiiB", 0, 1, -1, 3, 0) + bytes(12), "-1 samples"),
        (struct.pack("<BiiiB", 0, 1, 0, 0, 0), "0 floats"),
        (struct.pack("<BiiiB", 0, 2**31 - 1, 2**31 - 1, 2**31 - 1, 1), "truncated"),
        (by_hand(["a"], [[1.0]], []).replace(b"a\0", b"\xff\0"), "UTF-8"),
        (by_hand(["a", "b"], [[1.0], [1.0]], []).replace(b"a\0b\0", b"a\0bc"), "labels"),
        (by_hand(["a", "b"], [[1.0], [1.0]], []).replace(b"a\0b\0", b"a\0\0b"), "each ended by a zero byte"),
        (by_hand(["a", "bc"], [[1.0], [1.0]], []).replace(b"a\0bc\0", b"a\0bcd"), "each ended by a zero byte"),
        (serialise(a_file()) + b"\0", "labels"),
        (serialise(a_file(labels=None)) + b"\0", "more than"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused_in_one_line_that_says_why(content, says):
    with pytest.raises(DataError, match=says) as caught:
        parse(content)
    assert one_line(caught)


def test_features_of_another_backbone_are_refused_naming_both_lengths():
    with pytest.raises(DataError, match=r"3 floats per feature, but the backbone gives 1280"):
        parse(serialise(a_file()), dim=1280)


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (("a",), "1 labels for 2 classes"),
        (("a", "b", "c"), "3 labels for 2 classes"),
        (("a", "b\0c"), "zero byte"),
        (("a", "\ud800"), "UTF-8"),
        (("a", 5), "a label is text"),
    ],
)
def test_labels_the_file_cannot_carry_are_refused(labels, says):
    with pytest.raises(DataError, match=says) as caught:
        a_file(labels=labels)
    assert one_line(caught)


@pytest.mark.parametrize(
    ("classes", "samples"),
    [((0, 3), (0, 3)), ((1, 0), (0, 0)), ((1, 3), (1, 2)), ((3,), (1, 3)), ((1, 3), (3,))],
)
def test_shapes_that_make_no_file_are_refused(classes, samples):
    with pytest.raises(DataError) as caught:
        Features(None, np.zeros(classes, np.float32), np.zeros(samples, np.float32))
    assert one_line(caught)
