"""The Connect page: a rule is made and saved with the keyboard, a sink is tested, and the page fits every screen."""

import os
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from looks import every_look
from playwright.sync_api import Browser, Page, expect

from studio_process import StudioProcess
from whatsit.datasets.project import Project

WAIT = 30_000
pytest.importorskip("gpiozero", reason="gpiozero is not installed")
BESIDE_ITS_DOT = """(name) => {
  const text = document.createRange();
  text.selectNodeContents(name);
  return text.getClientRects()[0].left - name.getBoundingClientRect().left >= 20;
}"""


@pytest.fixture
def connected(tmp_path: Path) -> Iterator[StudioProcess]:
    """A studio with a sink that works, one that does not, and mock pins."""
    with Project(tmp_path / "things") as made:
        working = f'[[sinks]]\nto = "jsonl:{tmp_path}/seen.jsonl"  # for Grafana\n'
        broken = '[[sinks]]\nto = "mqtt://me@broker.invalid/a/long/topic"\npassword = "env:NOT_SET_ANYWHERE"\n'
        (made.path / "whatsit.toml").write_text(working + broken)
    pins = {"GPIOZERO_PIN_FACTORY": "mock", "GPIOZERO_MOCK_PIN_CLASS": "mockpwmpin"}
    running = StudioProcess(tmp_path / "things", os.environ | pins)
    yield running
    running.end()


def test_a_rule_is_made_tried_and_saved_and_a_sink_tested(
    connected: StudioProcess, chromium: Callable[..., Browser], troubles: Callable[[Page], Page], tmp_path: Path
) -> None:
    browser = chromium()
    page = troubles(browser.new_page(locale="en-GB"))
    page.goto(f"{connected.url}connect")
    sinks = page.locator("#sinks li")
    expect(sinks).to_have_count(2, timeout=WAIT)
    expect(sinks.nth(0)).to_have_attribute("data-state", "good", timeout=WAIT)
    expect(sinks.nth(1)).to_contain_text("NOT_SET_ANYWHERE is missing", timeout=WAIT)
    expect(page.locator("#changes li").first).to_be_visible(timeout=WAIT)

    page.locator("#add").press("Enter")
    expect(page.locator('#rules [name="name"]')).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("lamp")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("gpio:17")
    page.locator("#try").press("Enter")
    expect(page.locator("#tried")).to_contain_text("Nothing was switched", timeout=WAIT)
    page.keyboard.press("Tab")
    expect(page.locator("#save")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Rules saved", timeout=WAIT)
    text = (connected.folder / "whatsit.toml").read_text()
    assert tomllib.loads(text)["rules"] == [{"name": "lamp", "state": "unknown", "then": "gpio:17"}]
    assert "# for Grafana" in text

    sinks.nth(0).get_by_role("button").click()
    expect(page.locator("#toasts")).to_contain_text("Test sent", timeout=WAIT)
    page.locator('[data-copies="events"]').click()
    expect(page.locator("#toasts")).to_contain_text(re.compile("Copied|Ctrl"), timeout=WAIT)
    assert "whatsit test" in (tmp_path / "seen.jsonl").read_text()

    refused = browser.new_page(locale="en-GB")  # what is refused is an error in the browser's console
    refused.goto(f"{connected.url}connect")
    refused.locator('#rules [name="then"]').fill("17")
    refused.locator("#save").click()
    expect(refused.locator("#toasts")).to_contain_text("expected gpio:17", timeout=WAIT)
    refused.locator('#rules [name="seconds"]').fill("-1")
    refused.locator("#save").click()
    expect(refused.locator("#toasts > *")).to_have_count(0)
    refused.close()

    for other, fits in every_look(browser, troubles):
        other.goto(f"{connected.url}connect")
        expect(other.locator("#rules fieldset")).to_have_count(1, timeout=WAIT)
        expect(other.locator("#sinks li")).to_have_count(2, timeout=WAIT)
        assert other.locator("#sinks strong").nth(1).evaluate(BESIDE_ITS_DOT)
        fits("connect")
