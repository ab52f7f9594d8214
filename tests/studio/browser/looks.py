"""The screens that every page is looked at on, and what is asked of it there."""

from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page

SCREENSHOTS = Path(__file__).resolve().parents[3] / "screenshots"
LOOKS = (
    ("phone", 320, "dark", "zh-CN"),
    ("phone", 390, "light", "en-GB"),
    ("tablet", 768, "dark", "en-GB"),
    ("tablet", 1024, "light", "zh-CN"),
    ("desk", 1600, "light", "en-GB"),
    ("desk", 1600, "dark", "zh-CN"),
)
"""Name, width in pixels, colour scheme, language."""

_NAMELESS = """() => [...document.querySelectorAll("button, a, input, select")].filter((control) =>
  control.offsetParent && !control.textContent.trim() && !control.getAttribute("aria-label")
  && !control.labels?.length && !control.querySelector("img[alt]")).map((control) => control.outerHTML)"""


def every_look(browser: Browser, watch: Callable[[Page], Page]) -> Iterator[tuple[Page, Callable[[str], None]]]:
    """A page on each of the screens, and a check to call with a name: the page must fit and its controls have names.

    The check writes the page to ``screenshots/<name>-<look>.png``.
    """
    SCREENSHOTS.mkdir(exist_ok=True)
    for look, width, scheme, locale in LOOKS:
        context = browser.new_context(
            viewport={"width": width, "height": 860}, color_scheme=scheme, locale=locale, has_touch=look == "phone"
        )
        page = watch(context.new_page())

        def fits(
            name: str, page: Page = page, width: int = width, look: str = f"{look}-{width}-{scheme}-{locale[:2]}"
        ) -> None:
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            assert page.evaluate(_NAMELESS) == [], name
            page.screenshot(path=SCREENSHOTS / f"{name}-{look}.png", full_page=True)

        yield page, fits
