"""The Teach page in real Chromium."""

from collections.abc import Callable
from pathlib import Path

from fake_camera import MARK, SHOWN, film
from picture_studio import Untaught
from playwright.sync_api import Browser, Page, expect

from studio_process import StudioProcess

Chromium = Callable[..., Browser]
Watch = Callable[[Page], Page]
WAIT = 30_000


def open_page(browser: Browser, url: str, **context: object) -> Page:
    page = browser.new_context(**context).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(WAIT)
    page.goto(url)
    return page


def teach_one(page: Page, name: str, place: int, samples: int = 3) -> None:
    """+ Class, its name, and a held key for samples: the keyboard alone."""
    page.keyboard.press("c")
    expect(page.get_by_role("textbox", name="Class name")).to_be_focused(timeout=WAIT)
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    card = page.locator(".card").nth(place)
    expect(card.locator("button.name")).to_have_text(name, timeout=WAIT)
    page.keyboard.down(str(place + 1))
    page.wait_for_function(
        "([place, count]) => document.querySelectorAll('.card')[place].querySelectorAll('.thumbs img').length >= count",
        arg=[place, samples + 1],
    )
    page.keyboard.up(str(place + 1))


def sees(page: Page, name: str) -> None:
    """Wait until the answer on the picture is ``name``."""
    expect(page.locator("#answer")).to_have_attribute("data-state", "label", timeout=WAIT)
    expect(page.locator("#answer-label")).to_have_text(name, timeout=WAIT)


def show(page: Page, thing: str) -> None:
    """Have the demonstration scene show one thing."""
    with page.expect_response("**/api/camera/show"):
        page.get_by_role("button", name=thing, exact=True).click()


def until_shown(page: Page, thing: str) -> None:
    """Wait until the fake camera has just begun to show ``thing``."""
    for shown in (f"(({MARK})()) !== '{thing}'", f"(({MARK})()) === '{thing}'"):
        page.wait_for_function(f"() => {shown}", polling=50)
    # What the page shows now reaches the server within a few frames.
    page.wait_for_function(
        "() => { window.since ??= performance.now(); return performance.now() - window.since > 500; }"
    )
    page.evaluate("() => { delete window.since; }")


def recognises_all(page: Page) -> None:
    for thing in SHOWN:
        page.wait_for_function(
            f"""() => ({MARK})() === '{thing}' && document.getElementById("answer").dataset.state === "label"
                && document.getElementById("answer-label").textContent === '{thing}'""",
            polling=50,
            timeout=2 * WAIT,
        )


def test_three_things_taught_through_the_browsers_camera_survive_reload_and_restart(
    studio_process: StudioProcess, chromium: Chromium, troubles: Watch, tmp_path: Path
) -> None:
    browser = chromium(film(tmp_path / "things.y4m"))
    page = troubles(open_page(browser, studio_process.url))
    page.locator("#use-own").click()
    for place, thing in enumerate(SHOWN):
        until_shown(page, thing)
        teach_one(page, thing, place)
    page.reload()
    expect(page.locator(".card button.name")).to_have_text(list(SHOWN), timeout=WAIT)
    recognises_all(page)
    studio_process.end()
    expect(page.locator("body")).to_have_class("offline", timeout=WAIT)
    studio_process.start()
    expect(page.locator("body")).not_to_have_class("offline", timeout=WAIT)
    expect(page.locator(".card button.name")).to_have_text(list(SHOWN), timeout=WAIT)
    recognises_all(page)
    assert len(list((studio_process.folder / "dataset").rglob("*.jpg"))) >= 12


def test_a_newcomer_teaches_two_things_of_the_demonstration_scene_by_mouse(
    studio_process: StudioProcess, chromium: Chromium, troubles: Watch
) -> None:
    page = troubles(open_page(chromium(), studio_process.url))
    for place, thing in enumerate(["mug", "duck"]):
        show(page, thing)
        page.get_by_role("button", name="+ Class").click()
        page.get_by_role("textbox", name="Class name").fill(f"my {thing}")
        page.get_by_role("textbox", name="Class name").press("Enter")
        expect(page.locator(".card button.name").nth(place)).to_have_text(f"my {thing}", timeout=WAIT)
    sees(page, "my duck")
    show(page, "mug")
    sees(page, "my mug")
    expect(page.locator(".card.seen button.name")).to_have_text("my mug", timeout=WAIT)
    expect(page.locator("#bars .best .name")).to_have_text("my mug", timeout=WAIT)
    expect(page.locator("#spoken")).to_have_text("my mug", timeout=WAIT)


def test_everything_on_the_teach_page_can_be_done_by_keyboard(
    studio: Untaught, chromium: Chromium, troubles: Watch
) -> None:
    page = troubles(open_page(chromium(), studio.url))
    expect(page.locator("#picture")).to_be_visible(timeout=WAIT)
    page.keyboard.press("Space")
    expect(page.locator("#toasts")).to_have_text("+Class first please", timeout=WAIT)
    teach_one(page, "first", 0)
    page.keyboard.press("Space")
    unlabelled = page.locator(".card.unlabelled .thumbs img")
    expect(unlabelled).not_to_have_count(0, timeout=WAIT)
    page.keyboard.press("l")
    expect(page.locator("#toasts")).to_have_text("Already learned", timeout=WAIT)
    for _ in range(unlabelled.count()):  # a key that is let go late has added more than one
        page.keyboard.press("u")
    expect(unlabelled).to_have_count(0, timeout=WAIT)
    page.locator("#auto-learn").focus()
    page.keyboard.press("Space")
    expect(page.locator("#auto-learn")).not_to_be_checked(timeout=WAIT)
    page.locator(".card button.name").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.type("renamed")
    page.keyboard.press("Enter")
    expect(page.locator(".card button.name")).to_have_text(["renamed"], timeout=WAIT)
    page.locator(".card .thumbs button").first.focus()
    # What changes on another page draws the cards anew and leaves the focus where it is.
    page.evaluate(
        """() => fetch("/api/lesson/auto-learn", { method: "POST", body: JSON.stringify({ on: true }),
          headers: { "content-type": "application/json" } })"""
    )
    expect(page.locator("#auto-learn")).to_be_checked(timeout=WAIT)
    expect(page.locator(".card .thumbs button").first).to_be_focused(timeout=WAIT)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Remove picture").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_have_text("Picture removed", timeout=WAIT)
    page.locator("#more").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Clear").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_have_count(0, timeout=WAIT)
    page.keyboard.press("u")
    expect(page.locator(".card button.name")).to_have_text(["renamed"], timeout=WAIT)


def test_a_label_of_markup_is_shown_as_text(studio: Untaught, chromium: Chromium, troubles: Watch) -> None:
    page = troubles(open_page(chromium(), studio.url))
    expect(page.locator("#picture")).to_be_visible(timeout=WAIT)
    label = "<img src=x onerror=document.title='owned'>"
    teach_one(page, label, 0, samples=0)
    sees(page, label)
    for path in ("collect", "live"):
        page.goto(f"{studio.url}{path}")
        expect(page.locator("#bars .name")).to_have_text([label], timeout=WAIT)
    assert "owned" not in page.title()
    assert page.locator("main img[src='x']").count() == 0


def test_every_control_is_large_enough_and_has_a_name_for_screen_readers(studio: Untaught, chromium: Chromium) -> None:
    browser = chromium()
    teach_one(open_page(browser, studio.url), "thing", 0, samples=1)
    for width in (390, 1280):
        page = open_page(browser, studio.url, viewport={"width": width, "height": 844}, has_touch=width == 390)
        for path in ("", "collect", "live"):
            page.goto(f"{studio.url}{path}")
            expect(page.locator("#picture")).to_be_visible(timeout=WAIT)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            small = page.evaluate(
                """() => [...document.querySelectorAll("main button, main select, nav a, main input[type=text]")]
                  .filter((control) => control.offsetParent && (control.offsetHeight < 40 || control.offsetWidth < 40))
                  .map((control) => control.outerHTML)"""
            )
            assert small == []
            nameless = page.evaluate(
                """() => [...document.querySelectorAll("button, a, input:not([type=file]), select")].filter((control) =>
                  control.offsetParent && !control.textContent.trim() && !control.getAttribute("aria-label")
                  && !control.labels?.length).map((control) => control.outerHTML)"""
            )
            assert nameless == []
            assert page.locator("h1").count() == 1


def test_the_page_speaks_the_browsers_language_until_another_is_chosen(
    studio: Untaught, chromium: Chromium, troubles: Watch
) -> None:
    browser = chromium()
    chinese = troubles(open_page(browser, studio.url, locale="zh-CN"))
    expect(chinese.get_by_role("button", name="+ 类别")).to_be_visible(timeout=WAIT)
    page = troubles(open_page(browser, studio.url, locale="en-GB"))
    expect(page.get_by_role("button", name="+ Class")).to_be_visible(timeout=WAIT)
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_role("button", name="学习", exact=True)).to_be_visible(timeout=WAIT)
    page.goto(f"{studio.url}live")
    expect(page.locator("nav").get_by_role("link", name="教学")).to_be_visible(timeout=WAIT)


def test_six_tabs_of_one_browser_all_stay_live(studio: Untaught, chromium: Chromium) -> None:
    context = chromium().new_context()
    pages = [context.new_page() for _ in range(6)]
    for number, page in enumerate(pages):
        page.goto(f"{studio.url}{['', 'collect', 'live'][number % 3]}", timeout=WAIT)
    for page in pages:
        expect(page.locator("#picture")).to_be_visible(timeout=WAIT)
    for page in pages:
        before = page.locator("#picture").get_attribute("src")
        expect(page.locator("#picture")).not_to_have_attribute("src", before or "", timeout=WAIT)
    # And each still gets an answer to a request of its own.
    assert all(page.evaluate("() => fetch('/api/lesson').then((answer) => answer.status)") == 200 for page in pages)
