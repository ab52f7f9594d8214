"""Every message that a page asks for exists and gets its values, and every message that exists is asked for."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from server_types import replies
from word_uses import uses

import whatsit
from whatsit.cameras.demo_scene.scene import EMPTY, OBJECTS
from whatsit.datasets.edit import EditKind
from whatsit.datasets.issues.finding import Kind
from whatsit.datasets.split import DecidedBy, Split
from whatsit.evaluation.caution import CautionKind
from whatsit.imaging.preprocess import Colour, Fit
from whatsit.studio.jobs.inspection import FIXED_TOGETHER, kind_name
from whatsit.studio.pages.shared.i18n import SOURCE, Languages
from whatsit.studio.pages.shared.page import find_pages
from whatsit.studio.watching.models import BUILT_IN, TAUGHT
from whatsit.training.design import TrainingMode
from whatsit.training.events import Phase, Remark

WORDS = Languages().own(SOURCE)
_PLURAL = re.compile(r"(.+)\.(one|other)")


def stem(key: str) -> str:
    """A key without its plural form; ``edit.other`` is none, because ``edit`` is a family of keys."""
    match = _PLURAL.fullmatch(key)
    if match is None or any(one.startswith(f"{match[1]}.") and not _PLURAL.fullmatch(one) for one in WORDS):
        return key
    return match[1]


STEMS = {stem(key): text for key, text in WORDS.items()}
SOURCES = "".join(path.read_text("utf-8") for path in Path(whatsit.__file__).parent.rglob("*.py"))
USES = uses()
LITERAL = {use.key for use in USES if "{}" not in use.key}


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_every_message_that_is_asked_for_exists() -> None:
    assert len(LITERAL) > 200
    assert [f"{use.place} {use.key}" for use in USES if "{}" not in use.key and use.key not in STEMS] == []


def test_every_message_that_exists_is_asked_for() -> None:
    asked = [re.escape(use.key).replace(r"\{\}", ".+") for use in USES if re.search(r"\w", use.key) and "{}" in use.key]
    patterns = [re.compile(pattern) for pattern in asked]
    unused = [key for key in STEMS if key not in LITERAL and not any(one.fullmatch(key) for one in patterns)]
    # Python names a message where it knows which one the page is to show.
    assert [key for key in unused if not key.startswith("language.") and f'"{key}"' not in SOURCES] == []


def test_every_placeholder_is_filled() -> None:
    empty = []
    for use in USES:
        if use.key in STEMS and use.values is not None:
            empty += [f"{use.place} {use.key}: {name}" for name in placeholders(STEMS[use.key]) - use.values]
            if f"{use.key}.other" in WORDS and "n" not in use.values:
                empty.append(f"{use.place} {use.key}: n")
    assert empty == []


@pytest.mark.parametrize(
    ("family", "members"),
    [
        ("nav", [page.name for page in find_pages()]),
        ("kind", map(kind_name, Kind)),
        ("about", map(kind_name, Kind)),
        ("fix_all", map(kind_name, FIXED_TOGETHER)),
        ("split", [*Split, "all"]),
        ("decided", DecidedBy),
        ("edit", EditKind),
        ("phase", [*Phase, "epochs", "starting"]),
        ("note", Remark),
        ("caution", CautionKind),
        ("design.mode", [name for mode in TrainingMode for name in (mode, f"{mode}_hint")]),
        ("design.fit", Fit),
        ("design.colour", Colour),
        ("scene", [*OBJECTS, EMPTY]),
        ("model", [TAUGHT, BUILT_IN]),
    ],
)
def test_there_is_one_message_for_each_thing_of_a_kind(family: str, members: Iterable[str]) -> None:
    keys = {key.removeprefix(f"{family}."): key in LITERAL for key in STEMS if key.startswith(f"{family}.")}
    known = set(members)
    assert known - keys.keys() == set()
    assert {key for key, literal in keys.items() if not literal} - known == set()


def test_what_is_said_after_a_change_has_a_source() -> None:
    said = {key.removeprefix("done.") for key in STEMS if key.startswith("done.") and key not in LITERAL}
    assert [message for message in said if f'"{message}"' not in SOURCES] == []


def test_a_reply_brings_the_values_of_what_it_says() -> None:
    assert len(replies()) > 20
    for message, values in replies():
        text = STEMS.get(f"done.{message}", "")
        assert placeholders(text) <= values, f"done.{message}: {text}"
        assert f"done.{message}.other" not in WORDS or "n" in values, f"done.{message}: n"
