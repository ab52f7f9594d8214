"""The region of interest drawn on the picture, in real Chromium."""

import re
from collections.abc import Callable

from picture_studio import Untaught
from playwright.sync_api import Browser, Page, expect

WAIT = 30_000


def test_a_region_is_drawn_by_mouse_and_changed_by_keys(
    studio: Untaught, chromium: Callable[..., Browser], troubles: Callable[[Page], Page]
) -> None:
    page = troubles(chromium().new_page(viewport={"width": 1024, "height": 860}, locale="en-GB"))
    page.goto(f"{studio.url}collect")
    expect(page.locator("#picture")).to_be_visible(timeout=WAIT)
    button = page.get_by_role("button", name="Region")
    button.click()
    expect(page.locator("#region")).to_be_focused(timeout=WAIT)
    frame = page.locator("#region").bounding_box()
    assert frame is not None
    page.mouse.move(frame["x"] + frame["width"] * 0.2, frame["y"] + frame["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] * 0.6, frame["y"] + frame["height"] * 0.8)
    page.mouse.up()
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Only this part of the picture is used now", timeout=WAIT)
    expect(button).to_have_class(re.compile("active"), timeout=WAIT)
    used = "fetch('/api/camera').then((answer) => answer.json()).then((view) => view.region)"
    before = page.evaluate(used)
    assert [round(share, 1) for share in before] == [0.2, 0.2, 0.4, 0.6]
    button.click()
    expect(page.locator("#region")).to_be_focused(timeout=WAIT)
    page.locator("#region").press("ArrowRight")
    page.locator("#region").press("Escape")
    expect(page.locator("#region")).to_be_hidden(timeout=WAIT)
    assert page.evaluate(used) == before
    button.click()
    expect(page.locator("#region")).to_be_focused(timeout=WAIT)
    page.locator("#region").press("Shift+ArrowDown")
    page.locator("#region").press("Enter")
    expect(page.locator("#region")).to_be_hidden(timeout=WAIT)
    assert page.evaluate(used)[3] > before[3]
