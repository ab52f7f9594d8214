"""The rule of the split: ratios kept in every class, decided by content, never changed by later pictures."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whatsit.datasets.split import Group, Split, SplitRatios, assign, split_named
from whatsit.datasets.splits_csv import SplitRecord, SplitRecords
from whatsit.errors import DataError


def groups(count, label="cat", start=0):
    return [Group((f"{number:064x}",), label) for number in range(start, start + count)]


def counts(assigned):
    return [list(assigned.values()).count(split) for split in Split]


@settings(deadline=None)
@given(st.integers(1, 60), st.tuples(st.integers(1, 9), st.integers(0, 9), st.integers(0, 9)))
def test_every_class_gets_its_ratios_to_within_a_picture(number, parts):
    ratios = SplitRatios(*(part / sum(parts) for part in parts))
    found = counts(assign(groups(number), {}, ratios))
    for held, ratio in zip(found[1:], ratios.values()[1:], strict=True):
        assert held < ratio * number + 1
    assert sum(found) == number


def test_sixty_twenty_twenty_is_exact_where_it_can_be():
    assert counts(assign(groups(50), {}, SplitRatios())) == [30, 10, 10]


def test_pictures_that_come_later_do_not_change_what_was_decided():
    first = assign(groups(10), {}, SplitRatios())
    both = assign(groups(10) + groups(10, start=50), {}, SplitRatios())
    assert {hash_: both[hash_] for hash_ in first} == first


def test_a_group_stays_together_and_follows_its_older_members():
    group = Group(("a" * 64, "b" * 64, "c" * 64), "cat", Split.TEST)
    assert set(assign([group], {"cat": [1, 0, 0]}, SplitRatios()).values()) == {Split.TEST}


def test_the_first_picture_of_a_class_trains():
    assert {split for label in "abcdefgh" for split in assign(groups(1, label), {}, SplitRatios()).values()} == {
        Split.TRAINING
    }


@pytest.mark.parametrize("text", ["60/20", "60/20/30", "a/b/c", "0/50/50", "120/-10/-10", ""])
def test_ratios_that_do_not_add_up_are_refused(text):
    with pytest.raises(DataError, match="split ratios"):
        SplitRatios.parse(text)
    assert str(SplitRatios.parse("70/15/15")) == "70/15/15"


def test_other_tools_names_for_splits_are_known():
    assert [split_named(n) for n in ("Train", "val", "TESTING", "cat")] == ["training", "validation", "test", None]


def test_a_torn_line_of_the_record_is_passed_over_and_written_after(tmp_path):
    records = SplitRecords(tmp_path / "splits.csv")
    one, other = (SplitRecord(letter * 64, Split.TEST, source='a,"b"\nc', time=12.5) for letter in "ab")
    records.append([one])
    whole = records.path.read_bytes()
    for cut in range(1, 90):
        records.path.write_bytes(whole + whole.splitlines(keepends=True)[1][:cut].replace(b"a", b"c"))
        records.append([other])
        kept = {record.hash: record for record in records.read()}
        assert kept["a" * 64].source == 'a,"b" c'
        assert "b" * 64 in kept
