"""The pages in Chinese have the headings, tables, commands and code of the English ones; comments are translated."""

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TRANSLATED = sorted(str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.zh.md"), *ROOT.glob("docs/**/*.zh.md")))
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def english(page: str) -> str:
    return page.replace(".zh.md", ".md")


def headings(page: str) -> list[int]:
    """The level of each heading, in order."""
    return [len(found) for found in re.findall(r"^(#+) ", BLOCK.sub("", (ROOT / page).read_text()), re.MULTILINE)]


def rows(page: str) -> list[int]:
    """The cells of each row of each table, in order."""
    return [line.count("|") for line in (ROOT / page).read_text().splitlines() if line.startswith("|")]


def code(page: str) -> list[tuple[str, list[str]]]:
    """The language of each block and what is in it, without comments and what they are aligned with."""
    return [
        (language, _without_comments(language, text)) for language, text in BLOCK.findall((ROOT / page).read_text())
    ]


def _without_comments(language: str, text: str) -> list[str]:
    if language.startswith("python"):
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        return [token.string for token in tokens if token.type not in (tokenize.COMMENT, tokenize.NL)]
    return [re.sub(r"\s+# .*|\s+$", "", line) for line in text.splitlines()]


@pytest.mark.parametrize("page", TRANSLATED)
def test_a_page_in_chinese_has_the_outline_and_the_code_of_the_english_one(page: str) -> None:
    assert headings(page) == headings(english(page))
    assert rows(page) == rows(english(page))
    assert code(page) == code(english(page))


@pytest.mark.parametrize("page", TRANSLATED)
def test_the_two_lead_to_each_other(page: str) -> None:
    here, there = Path(page), Path(english(page))
    assert f"]({there.name})" in (ROOT / here).read_text()
    assert f"[中文]({here.name})" in (ROOT / there).read_text()


@pytest.mark.parametrize("page", TRANSLATED)
def test_a_page_in_chinese_names_the_options_and_names_of_the_english_one(page: str) -> None:
    def named(text: str) -> set[str]:
        return set(re.findall(r"`([^`\n]+)`", BLOCK.sub("", text)))

    of_english, of_chinese = (named((ROOT / each).read_text()) for each in (english(page), page))
    assert {name.replace("<标签>", "<label>") for name in of_chinese} == of_english


def test_there_are_pages_to_compare() -> None:
    assert {"README.zh.md", "docs/first-steps.zh.md", "docs/maixpy.zh.md"} <= set(TRANSLATED)
