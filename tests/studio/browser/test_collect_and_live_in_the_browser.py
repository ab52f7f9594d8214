"""The Collect and Live pages in real Chromium."""

import re
from collections.abc import Callable

from picture_studio import Untaught
from playwright.sync_api import Browser, Page, expect

Chromium = Callable[..., Browser]
Watch = Callable[[Page], Page]
WAIT = 30_000


def open_page(browser: Browser, url: str, **context: object) -> Page:
    page = browser.new_context(**context).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(WAIT)
    page.goto(url)
    expect(page.locator("#picture")).to_be_visible(timeout=WAIT)
    return page


def test_pictures_are_collected_label_by_label_and_summed_up(
    studio: Untaught, chromium: Chromium, troubles: Watch
) -> None:
    page = troubles(open_page(chromium(), f"{studio.url}collect"))
    page.keyboard.press("Space")
    expect(page.locator("#toasts")).to_have_text("Type a label first", timeout=WAIT)
    page.keyboard.type("mug")
    page.keyboard.press("Enter")
    page.keyboard.down("Space")
    page.wait_for_function("() => Number(document.getElementById('taken-now').textContent) >= 4")
    page.keyboard.up("Space")
    page.keyboard.press("n")
    page.keyboard.type("duck")
    page.keyboard.press("Enter")
    expect(page.locator("#taken-now")).to_have_text("0", timeout=WAIT)
    take = page.get_by_role("button", name="Take pictures")
    take.click()
    expect(page.locator("#taken-now")).to_have_text("1", timeout=WAIT)
    take.click()
    expect(page.locator("#taken-now")).to_have_text("2", timeout=WAIT)
    page.get_by_role("button", name="Remove this picture of duck").first.click()
    expect(page.locator("#taken-now")).to_have_text("1", timeout=WAIT)
    page.keyboard.press("f")
    summary = page.get_by_role("dialog")
    expect(summary.locator(".bar .name")).to_have_text(["mug", "duck"], timeout=WAIT)
    dataset = studio.folder / "dataset"
    assert len(list((dataset / "duck").iterdir())) == 1
    assert str(len(list((dataset / "mug").iterdir()))) == summary.locator(".bar .number").first.text_content()


def test_pictures_are_taken_every_so_many_seconds_until_stopped(
    studio: Untaught, chromium: Chromium, troubles: Watch
) -> None:
    page = troubles(open_page(chromium(), f"{studio.url}collect"))
    label, every = page.get_by_label("Label"), page.get_by_label("Every … seconds")
    label.fill("book")
    every.fill("soon")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#toasts")).to_have_text("soon is not a time: expected 0.5 to 3600 seconds", timeout=WAIT)
    every.fill("0,5")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(label).to_be_disabled()
    page.wait_for_function("() => Number(document.getElementById('taken-now').textContent) >= 3", timeout=WAIT)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(label).to_be_enabled()
    taken = page.locator("#taken-now").text_content()
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("dialog").locator(".bar .number")).to_have_text([str(taken)], timeout=WAIT)


def test_what_was_taught_is_seen_live_and_stopped(studio: Untaught, chromium: Chromium, troubles: Watch) -> None:
    page = troubles(open_page(chromium(), studio.url))
    for place, thing in enumerate(["mug", "duck"]):
        with page.expect_response("**/api/camera/show"):
            page.get_by_role("button", name=thing, exact=True).click()
        page.keyboard.press("c")
        page.keyboard.type(thing)  # at once: what is typed ahead belongs into the field
        page.get_by_role("textbox", name="Class name").press("Enter")
        expect(page.locator(".card button.name").nth(place)).to_have_text(thing, timeout=WAIT)
    page.get_by_role("link", name="Live", exact=True).click()
    expect(page.locator("#answer-label")).to_have_text("duck", timeout=WAIT)
    expect(page.locator("#bars .best .name")).to_have_text("duck", timeout=WAIT)
    expect(page.get_by_text("With one picture of each class")).to_be_visible()
    expect(page.locator("#fps")).to_have_text(re.compile(r"^[1-9]\d*(\.\d)?$|^0\.[1-9]$"), timeout=WAIT)
    expect(page.locator("#inference")).to_have_text(re.compile(r"^\d+(\.\d)? ms$"))
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#answer")).to_be_hidden(timeout=WAIT)
    expect(page.locator("#bars .bar")).to_have_count(0, timeout=WAIT)
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#answer-label")).to_have_text("duck", timeout=WAIT)


def test_the_threshold_makes_answers_uncertain(studio: Untaught, chromium: Chromium, troubles: Watch) -> None:
    page = troubles(open_page(chromium(), f"{studio.url}live"))
    page.get_by_role("combobox", name="Model").select_option("imagenet")
    threshold = page.get_by_role("slider")
    expect(page.locator("#bars .bar")).not_to_have_count(0, timeout=WAIT)
    expect(threshold).to_be_enabled(timeout=WAIT)
    threshold.focus()
    page.keyboard.press("End")
    expect(page.locator("#answer")).to_have_attribute("data-state", "uncertain", timeout=WAIT)
    page.keyboard.press("Home")
    expect(page.locator("#answer")).to_have_attribute("data-state", "label", timeout=WAIT)
    expect(page.locator("#bars .bar")).not_to_have_count(0, timeout=WAIT)


def test_the_camera_is_chosen_from_what_the_server_lists_or_by_its_address(
    studio: Untaught, chromium: Chromium, troubles: Watch
) -> None:
    page = troubles(open_page(chromium(), f"{studio.url}collect"))
    button, choices = page.locator("#camera-button"), page.locator("#camera-choices .choice")
    expect(button).to_have_text("Demonstration scene", timeout=WAIT)
    button.click()
    scene = choices.filter(has_text="Demonstration scene")
    expect(scene).to_have_attribute("aria-pressed", "true", timeout=WAIT)
    expect(scene).to_contain_text("Drawn by the studio")
    address = page.locator("#camera-address")
    expect(address).to_have_value("")
    expect(address).to_have_attribute("placeholder", re.compile(r"usb:0.*rtsp://…"))
    address.fill("synthetic:?object=duck")
    address.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden(timeout=WAIT)
    page.get_by_role("button", name="Demonstration scene").click()
    choices.filter(has_text="This device").first.click()
    expect(button).to_have_text("This device’s camera", timeout=WAIT)
    button.click()
    expect(scene).to_have_attribute("aria-pressed", "false", timeout=WAIT)
    scene.click()
    expect(button).to_have_text("Demonstration scene", timeout=WAIT)
