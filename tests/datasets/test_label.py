"""Labels are any text a person can read; folders are what every file system can hold."""

import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from whatsit.datasets.label import (
    UNLABELLED,
    check_label,
    folder_name,
    label_of,
    refuse_twin,
    safe_file_name,
)
from whatsit.errors import DataError


@pytest.mark.parametrize("label", ["t-shirt", "Café au lait", "罐头", "🦜", "1", "not_a_thing", UNLABELLED, "a.b"])
def test_a_harmless_label_is_its_own_folder(label):
    assert folder_name(label) == label
    assert label_of(label) == label


@pytest.mark.parametrize(
    ("label", "folder"),
    [
        ("a/b", "a%2Fb"),
        ("..", "%2E%2E"),
        (".hidden", "%2Ehidden"),
        ("100%", "100%25"),
        ("ends.", "ends%2E"),
        ("CON", "%43ON"),
        ("com1.txt", "%63om1.txt"),
        ("what?", "what%3F"),
        (r"C:\x", "C%3A%5Cx"),
        ("%2F", "%252F"),
    ],
)
def test_an_unsafe_label_is_escaped_and_comes_back(label, folder):
    assert folder_name(label) == folder
    assert label_of(folder) == label


@settings(deadline=None)
@given(st.text(min_size=1, max_size=64))
def test_every_label_that_is_allowed_comes_back_from_one_plain_folder_name(label):
    try:
        folder = folder_name(label)
    except DataError:
        assume(False)
    assert label_of(folder) == label
    assert "/" not in folder and "\0" not in folder and not folder.startswith(".") and folder not in ("", ".", "..")
    assert len(folder.encode()) <= 200


@settings(deadline=None)
@given(st.text(alphabet="%25aFf2.", min_size=1, max_size=12))
def test_two_labels_never_share_a_folder(label):
    assume(label == label.strip())
    assert label_of(folder_name(label)) == label


@pytest.mark.parametrize(
    "label",
    ["", " ", " cat", "cat ", "a\0b", "a\nb", "x" * 65, "\u202egnp", "a\ud800", "_Unlabelled", "é" * 64 + "x", 7],
)
def test_a_label_that_cannot_be_shown_or_stored_is_refused_by_name(label):
    with pytest.raises(DataError, match="label"):
        check_label(label)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Cat", "cat"), ("STRASSE", "straße"), ("café", unicodedata.normalize("NFD", "café")), ("ﬁsh", "fish")],
)
def test_twins_by_case_or_unicode_form_are_refused(one, other):
    with pytest.raises(DataError, match="differs from"):
        refuse_twin(one, [other])
    refuse_twin(one, [one, "another"])


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("photo.jpg", "photo.jpg"),
        ("photo.JPEG", "photo.JPEG"),
        ("../../etc/passwd", "passwd.jpg"),
        ("..", "picture.jpg"),
        (".hidden.jpg", "hidden.jpg"),
        ("a\nb.jpg", "a_b.jpg"),
        ("NUL.jpg", "_NUL.jpg"),
        ("picture.png", "picture.jpg"),
        (r"C:\x\y.jpg", "y.jpg"),
    ],
)
def test_a_file_name_loses_its_path_and_its_dangers(name, safe):
    assert safe_file_name(name, ".jpg") == safe
