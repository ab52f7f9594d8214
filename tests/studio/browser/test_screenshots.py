"""Every page as people see it, written to ``screenshots/`` to be looked at."""

from collections.abc import Callable

import pytest
from looks import LOOKS, SCREENSHOTS, inaccessible, sideways
from picture_studio import Untaught
from playwright.sync_api import Browser, Page, expect

WAIT = 30_000
CLOSELY = ("phone-390-light", "desk-1600-dark")
"""Where axe-core looks at every page: once in each colour scheme."""
LABELS = {
    "en": {"mug": "Red mug", "plant": "Plant", "duck": "Duck"},
    "zh": {"mug": "红杯子", "plant": "盆栽", "duck": "鸭子"},
}


def taught(page: Page, labels: dict[str, str]) -> None:
    """Teach three things with a few samples each, and collect some pictures."""
    for thing, label in labels.items():
        page.evaluate(
            """async ([thing, label]) => {
              const post = (path, body) => fetch(path, { method: "POST", body: JSON.stringify(body),
                headers: { "content-type": "application/json" } }).then((answer) => answer.json());
              await post("/api/camera/show", { name: thing });
              const { values } = await post("/api/lesson/class", { label });
              for (let n = 0; n < 5; n++) {
                await post("/api/lesson/sample", { class_id: values.class_id, burst: thing });
                await post("/api/collect/take", { label, burst: thing });
              }
            }""",
            [thing, label],
        )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_screenshots_of_every_page(studio: Untaught, chromium: Callable[..., Browser], language: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    browser = chromium()

    def shoot(page: Page, name: str) -> None:
        assert sideways(page) <= 0, name
        if name.endswith(CLOSELY):
            assert inaccessible(page) == [], name
        page.screenshot(path=SCREENSHOTS / f"{name}-{language}.png")

    pages = {}
    for look, width, scheme, locale in LOOKS:
        if locale.startswith(language):
            context = browser.new_context(
                viewport={"width": width, "height": 860}, color_scheme=scheme, has_touch=look == "phone", locale=locale
            )
            pages[f"{look}-{width}-{scheme}"] = context.new_page()
    for look, page in pages.items():
        page.goto(studio.url)
        expect(page.locator("#picture")).to_be_visible(timeout=WAIT)
        shoot(page, f"teach-empty-{look}")
    taught(page, LABELS[language])
    for look, page in pages.items():
        for path in ("", "collect", "live"):
            page.goto(f"{studio.url}{path}")
            expect(page.locator("#picture")).to_be_visible(timeout=WAIT)
            expect(page.locator("#bars .bar")).not_to_have_count(0, timeout=WAIT)
            if path != "collect":
                expect(page.locator("#answer-label")).to_have_text(LABELS[language]["duck"], timeout=WAIT)
            else:
                page.locator("#label").fill(LABELS[language]["duck"])
                page.locator("#label").blur()
                expect(page.locator("#latest img").first).to_be_visible(timeout=WAIT)
            shoot(page, f"{path or 'teach'}-{look}")
            if path == "collect":
                page.locator("#take").click()
                expect(page.locator("#taken-now")).to_have_text("1", timeout=WAIT)
                page.locator("#finish").click()
                shoot(page, f"collect-summary-{look}")
        page.goto(studio.url)
        expect(page.locator(".thumbs img").first).to_be_visible(timeout=WAIT)
        page.locator("#camera-button").click()
        expect(page.locator(".choice").first).to_be_visible(timeout=WAIT)
        shoot(page, f"teach-camera-{look}")
        page.keyboard.press("Escape")
        page.locator(".card .thumbs button").first.click()
        shoot(page, f"teach-picture-{look}")
        page.keyboard.press("Escape")
        page.locator("#more").click()
        shoot(page, f"teach-menu-{look}")
        page.locator("#clear").click()
        shoot(page, f"teach-clear-{look}")
