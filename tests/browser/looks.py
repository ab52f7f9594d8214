"""The screens that every page is looked at on, and what is asked of it there."""

from pathlib import Path

from playwright.sync_api import Page

SCREENSHOTS = Path(__file__).resolve().parents[2] / "screenshots"
LOOKS = (
    ("desk", 1280, "light", "en-GB"),
    ("phone", 390, "light", "en-GB"),
    ("desk", 1280, "dark", "zh-CN"),
    ("phone", 390, "dark", "zh-CN"),
)
"""Name, width in pixels, colour scheme, language."""

_NAMELESS = """() => [...document.querySelectorAll("button, a, input, select")].filter((control) =>
  control.offsetParent && !control.textContent.trim() && !control.getAttribute("aria-label")
  && !control.labels?.length && !control.querySelector("img[alt]")).map((control) => control.outerHTML)"""


def nameless(page: Page) -> list[str]:
    """Controls in sight that a screen reader has no name for."""
    found: list[str] = page.evaluate(_NAMELESS)
    return found


def shoot(page: Page, name: str) -> None:
    """Keep the whole page as ``screenshots/<name>.png``."""
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
