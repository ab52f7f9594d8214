"""Names in archives that do not say their encoding: UTF-8 where they are, else a guess that is said."""

import struct
import zipfile
import zlib

import pytest

from arriving_trees import UnsaidName
from drawn_pictures import jpeg
from whatsit.datasets.formats.zip_source import ZipSource


def contents(path, names, encoding, extra=None):
    with zipfile.ZipFile(path, "w") as archive:
        for number, name in enumerate(names):
            entry = UnsaidName(f"{name}/{number}.jpg".encode(encoding))
            entry.extra = extra(entry.raw, f"{name}/{number}.jpg") if extra else b""
            archive.writestr(entry, jpeg(number))
    with ZipSource(path) as source:
        return source.contents()


@pytest.mark.parametrize(
    ("encoding", "names", "said"),
    [
        ("utf-8", ("Äpfel", "猫", "кошка"), ""),
        ("gbk", ("猫", "狗", "苹果"), "gb2312"),
        ("gbk", ("囧囧", "猫"), "gbk"),
        ("shift_jis", ("猫", "犬"), "shift_jis"),
        ("shift_jis", ("りんご", "ネコ"), "shift_jis"),
        ("shift_jis", ("表", "ソ"), "shift_jis"),  # their second byte is a backslash
        ("cp437", ("Äpfel", "Größe", "Café"), "cp437"),
        ("cp1252", ("Äpfel", "Größe", "Crème"), "cp1252"),
        ("cp866", ("Кошка", "собака"), "cp866"),
        ("big5", ("貓", "狗"), "big5"),
        ("euc_kr", ("고양이", "강아지", "사과"), "euc_kr"),
        ("cp949", ("빨간색", "파란색"), "euc_kr"),
        ("gbk", ("合格", "不合格", "划痕"), "gb2312"),
    ],
)
def test_names_are_read_in_the_encoding_they_were_written_in_and_a_guess_is_said(tmp_path, encoding, names, said):
    found = contents(tmp_path / "in.zip", names, encoding)
    assert {path.split("/")[0] for path in found.paths} == set(names)
    assert [f"were read as {said};" in note.reason for note in found.notes] == ([True] if said else [])


def test_other_encodings_in_which_the_names_are_text_too_are_named(tmp_path):
    korean = contents(tmp_path / "k.zip", ("고양이", "강아지"), "euc_kr").notes[0].reason
    assert "were read as euc_kr; as gb2312 or" in korean and "unpack the archive" in korean
    rare = contents(tmp_path / "r.zip", ("금속",), "euc_kr")
    assert "were read as gb2312; as euc_kr or" in rare.notes[0].reason
    assert "they are text too" not in contents(tmp_path / "u.zip", ("кошка", "собака"), "cp866").notes[0].reason


def test_a_few_chinese_names_that_are_utf8_by_chance_are_doubted(tmp_path):
    found = contents(tmp_path / "in.zip", ("猫",), "gbk")
    assert found.paths == ["è/0.jpg"] and "read as utf-8" in found.notes[0].reason


def test_the_name_in_the_extra_field_of_info_zip_counts_where_it_is_of_the_same_name(tmp_path):
    def extra(raw, name, wrong=0):
        field = b"\x01" + struct.pack("<L", zlib.crc32(raw) ^ wrong) + name.encode()
        return struct.pack("<HH", 0x7075, len(field)) + field

    assert contents(tmp_path / "a.zip", ("고양이",), "cp949", extra).paths == ["고양이/0.jpg"]
    lying = contents(tmp_path / "b.zip", ("Größe",), "cp1252", lambda raw, _: extra(raw, "evil/0.jpg", 1))
    assert lying.paths == ["Größe/0.jpg"]


def test_bytes_that_are_text_in_no_encoding_are_refused_by_name(tmp_path):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr(UnsaidName(b"a\x01\xff\xfe/1.jpg"), jpeg(1))
    with ZipSource(tmp_path / "in.zip") as source:
        found = source.contents()
    assert found.paths == [] and [skip.reason for skip in found.skips] == ["name with control characters"]
