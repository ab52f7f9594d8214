"""The screens that every page is looked at on, and what is asked of it there."""

from collections.abc import Callable, Iterator
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

SCREENSHOTS = Path(__file__).resolve().parents[3] / "screenshots"
LOOKS = (
    ("phone", 320, "dark", "zh-CN"),
    ("phone", 390, "light", "en-GB"),
    ("desk", 1600, "light", "zh-CN"),
    ("desk", 1600, "dark", "en-GB"),
)
"""Name, width in pixels, colour scheme, language."""

OTHER_SIZES = ((640, 860), (768, 1024), (844, 390), (900, 860), (1024, 860), (1280, 860))
"""Width and height of further screens on which a page must fit: a tablet and a phone held across among them."""

_SIDEWAYS = """async () => {
  const over = () => document.documentElement.scrollWidth - innerWidth;
  for (let frames = 0; frames < 120 && over() > 0; frames++) await new Promise(requestAnimationFrame);
  return over();
}"""
_NAMELESS = """() => [...document.querySelectorAll("button, a, input, select")].filter((control) =>
  control.offsetParent && !control.textContent.trim() && !control.getAttribute("aria-label")
  && !control.labels?.length && !control.querySelector("img[alt]")).map((control) => control.outerHTML)"""


def inaccessible(page: Page) -> list[str]:
    """What axe-core finds on a page that somebody cannot perceive or operate: rule and elements, a line each."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html']} {node['failureSummary']}" for one in found for node in one["nodes"]]


def sideways(page: Page) -> int:
    """How many pixels a page is wider than its screen, after the moment that drawings take to follow it."""
    return int(page.evaluate(_SIDEWAYS))


def every_look(browser: Browser, watch: Callable[[Page], Page]) -> Iterator[tuple[Page, Callable[[str], None]]]:
    """A page on each of the screens, and a check to call with a name.

    The page must fit there, on ``OTHER_SIZES`` too, and axe-core must find nothing.

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
            assert sideways(page) <= 0, name
            assert page.evaluate(_NAMELESS) == [], name
            assert not (found := inaccessible(page)), (name, found)
            if look.startswith("desk"):
                for size in OTHER_SIZES:
                    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))  # type: ignore[arg-type]
                    assert sideways(page) <= 0, (name, size)
                page.set_viewport_size({"width": width, "height": 860})
            page.screenshot(path=SCREENSHOTS / f"{name}-{look}.png", full_page=True)

        yield page, fits
