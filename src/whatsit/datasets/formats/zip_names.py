"""The names in a zip archive that does not say their encoding: UTF-8 where they are, else a guess that is said."""

import re
import struct
import unicodedata
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from zipfile import ZipInfo

_UTF8_FLAG = 0x800
_INSIDE_A_WORD = re.compile(r"[A-Za-z][^\x00-\x7f]+[A-Za-z]")
_BESIDE_LATIN = re.compile(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]")
_UNICODE_PATH = 0x7075
"""Info-ZIP's extra field: the name again, in UTF-8 (APPNOTE 4.6.9)."""


def names_of(entries: Sequence[ZipInfo]) -> tuple[dict[int, str], list[str]]:
    """The name of each entry by its place, and where the encoding had to be guessed that, and others that fit too.

    Windows writes the code page of its language and says nothing; Debian's ``zip`` and older macOS write UTF-8 and say
    nothing. One archive has one encoding.
    """
    names: dict[int, str] = {}
    unsaid: dict[int, bytes] = {}
    for place, entry in enumerate(entries):
        names[place] = entry.filename
        if entry.flag_bits & _UTF8_FLAG or entry.orig_filename.isascii():
            continue
        try:
            raw = entry.orig_filename.encode("cp437")
        except UnicodeEncodeError:  # zipfile has used the extra field
            continue
        if (said := _unicode_path(entry.extra, raw)) is not None:
            names[place] = said
        else:
            unsaid[place] = raw
    raws = list(unsaid.values())
    encodings = _encodings(raws)
    names |= {place: raw.decode(encodings[0], errors="replace") for place, raw in unsaid.items()}
    # A few Chinese names in GBK are UTF-8 by chance, of accented letters.
    is_sure = encodings[0] == "utf-8" and not (unsaid and _fits(raws, "gb2312", _is_wide))
    return names, [] if is_sure else encodings


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and len(field) > 5 and field[0] == 1:
            if int.from_bytes(field[1:5], "little") != zlib.crc32(raw):
                return None
            try:
                return field[5:].decode()
            except UnicodeDecodeError:
                return None
    return None


def _encodings(names: Sequence[bytes]) -> list[str]:
    """The encodings in which every name is text that somebody can have typed, the likeliest first; cp437 where there
    is none."""
    found = [encoding for encoding, is_typed in _CANDIDATES if _fits(names, encoding, is_typed)]
    if {"gb2312", "euc_kr"} <= {*found} and found[0] == "gb2312" and _is_rather_korean(b"".join(names)):
        found.insert(0, found.pop(found.index("euc_kr")))
    return found or ["cp437"]


def _is_rather_korean(text: bytes) -> bool:
    """Every Korean syllable in EUC-KR is a Chinese character in GB 2312 and the other way round: of the two, the
    language whose usual characters are there oftener."""
    korean, chinese = ([c for c in text.decode(encoding) if not c.isascii()] for encoding in ("euc_kr", "gb2312"))
    usual = sum(c in _USUAL_KOREAN for c in korean)
    return 3 * usual > len(korean) and usual > sum(c in _USUAL_CHINESE for c in chinese)


def _fits(names: Sequence[bytes], encoding: str, is_typed: Callable[[str], bool]) -> bool:
    try:
        return all(is_typed(name.decode(encoding)) for name in names)
    except UnicodeDecodeError:
        return False


def _is_text(text: str) -> bool:
    # The second byte of some East Asian characters is a backslash, but nothing that is typed has one before a slash.
    return (
        "\\/" not in text
        and "\\\\" not in text
        and all(unicodedata.category(character) not in ("Cc", "Cn", "Cs", "Co") for character in text)
    )


def _is_latin(text: str) -> bool:
    """True where the accents are on letters, most letters have none, and no capital follows a small letter."""
    strange = [c for c in text if not c.isascii()]
    plain = sum(c.isascii() and c.isalpha() for c in text)
    are_latin = all(unicodedata.name(c, "").startswith("LATIN ") for c in strange)
    return _is_text(text) and are_latin and len(strange) <= max(1, plain) and _has_sound_capitals(text)


def _has_sound_capitals(text: str) -> bool:
    return not any(
        before.islower() and after.isupper() and not (before.isascii() and after.isascii())
        for before, after in pairwise(text)
    )


def _is_wide(text: str) -> bool:
    """True where everything beyond ASCII is a full character of East Asia, and none stands inside a Latin word."""
    return (
        _is_text(text)
        and not _INSIDE_A_WORD.search(text)
        and all(character.isascii() or unicodedata.east_asian_width(character) in ("W", "F") for character in text)
    )


def _is_chinese(text: str) -> bool:
    """As ``_is_wide``, with the Cyrillic letters that GB 2312 has too."""
    return _is_wide("".join(c for c in text if not "\u0400" <= c <= "\u04ff"))


def _is_cyrillic(text: str) -> bool:
    letters = all(c.isascii() or "\u0410" <= c <= "\u044f" or c in "\u0401\u0451" for c in text)
    return _is_text(text) and letters and _has_sound_capitals(text) and not _BESIDE_LATIN.search(text)


def _is_korean(text: str) -> bool:
    return _is_text(text) and all(c.isascii() or unicodedata.name(c, "").startswith("HANGUL SYLLABLE") for c in text)


# From those that fit rarely by chance to those that fit often: GB 2312 is the common part of GBK.
_CANDIDATES: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("utf-8", _is_text), ("cp437", _is_latin), ("cp850", _is_latin), ("cp866", _is_cyrillic), ("gb2312", _is_chinese),
    ("shift_jis", _is_wide), ("cp1252", _is_latin), ("euc_kr", _is_korean), ("cp1251", _is_cyrillic),
    ("big5", _is_wide), ("gbk", _is_wide), ("cp932", _is_text),
)  # fmt: skip
_USUAL_KOREAN = frozenset(
    "이다는을가에의은고한하로지기를도서나사리자인대해시있것라들어만수그보아일정으부주장전상면여스제소오원과구성공조간동세무화신중"
    "우경안생문선연마미실계관분용방심적유양모국비물회식차행강발재개치약말결집거체내타품년학작업단교남당노산위람현진속운민음복표려"
    "호요설불터트바판러카파포토피크키컵책상의병빨란초록색검흰꽃나무새닭소돼늑호랑곰꼬털눈코입귀손발머옷신발가방시계안경전화"
)
"""Syllables that half of Korean text consists of, and those of everyday things."""
_USUAL_CHINESE = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多"
    "经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日者意无力它与长把机十民第公此已工使情明性知全"
    "三又关点正业外将两高间由问很最重并物手应向头文体美相见被利什二等产或新制身果加西月话合回特代内信表化老给世位次度门常先海通"
    "东声提立比水名真处走各入口条平气活别打女变四神电数安少太量再接场件市直金区形空马五书白光色路品类北边红黄绿蓝黑花草树鸟鱼猫"
    "狗牛羊猪鸡鸭鼠虎兔龙蛇猴熊苹桃梨瓜菜肉米面茶杯碗瓶车船飞球衣鞋帽包灯床桌椅纸笔刀"
)
"""Characters that half of Chinese text consists of, and those of everyday things."""
