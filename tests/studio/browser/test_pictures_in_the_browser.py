"""Dataset, Explore and Check in a real browser, with mouse, touch, keyboard and dropped files."""

import io
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from looks import every_look
from picture_studio import EACH, LABELS, NumberEmbedder, jpeg, scene, serving, ten_thousand
from playwright.sync_api import APIResponse, Browser, Page, Route, expect

from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.issues.finding import Kind
from whatsit.datasets.project import Project

WAIT = 60_000
Chromium = Callable[..., Browser]
Watch = Callable[[Page], Page]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wall") / "project"
    ten_thousand(folder)
    return folder


@pytest.fixture
def wall(built: Path) -> Iterator[Path]:
    """A project of 10,000 pictures. A test that changes it puts it back; where one failed half way, it is made anew."""
    before = contents(built)
    yield built
    if contents(built) != before:
        shutil.rmtree(built)
        ten_thousand(built)


def contents(folder: Path) -> set[tuple[str, str, str]]:
    with Project(folder) as project:
        return {(sample.label, sample.path.name, sample.split.value) for sample in project.dataset}


@pytest.fixture
def big(wall: Path) -> Iterator[str]:
    with serving(wall, NumberEmbedder()) as url:
        yield url


@pytest.fixture
def page(chromium: Callable[..., Browser], troubles: Callable[[Page], Page]) -> Page:
    return troubles(chromium().new_page(viewport={"width": 1280, "height": 820}))


def files(folder: Path, label: str) -> set[str]:
    return {path.name for path in (folder / "dataset" / label).glob("*.jpg")}


def test_a_wall_of_ten_thousand_pictures_fetches_only_what_is_in_sight(big: str, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{big}dataset")
    expect(page.locator(".tile img[src]").first).to_be_visible(timeout=WAIT)
    expect(page.locator("#splits [data-split=''] small")).to_have_text("10,000")
    page.wait_for_load_state("networkidle")
    tiles = [url for url in asked if "/dataset/tile/" in url]
    assert 20 < len(tiles) < 150
    assert len([url for url in asked if "/api/dataset/pictures" in url]) == 1
    # To the end in one go: what lies between is never fetched.
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    last = page.locator(f".tile[data-index='{len(LABELS) * EACH - 1}']")
    expect(last).to_contain_text(LABELS[-1], timeout=WAIT)
    expect(last.locator("img[src]")).to_be_visible(timeout=WAIT)
    page.wait_for_load_state("networkidle")
    assert len([url for url in asked if "/dataset/tile/" in url]) < 300
    assert len([url for url in asked if "/api/dataset/pictures" in url]) <= 4
    assert page.locator(".tile").count() < 150


def test_selected_pictures_are_relabelled_and_the_undo_brings_them_back(big: str, page: Page, wall: Path) -> None:
    page.goto(f"{big}dataset?label={LABELS[2]}")
    before = files(wall, LABELS[2])
    page.locator("[data-index='1']").click()
    page.locator("[data-index='4']").click(modifiers=["Shift"])
    page.locator("[data-index='8']").click(modifiers=["ControlOrMeta"])
    page.locator("[data-index='3']").click(modifiers=["ControlOrMeta"])
    expect(page.locator("#selection-count")).to_have_text("4 selected")
    page.keyboard.press("r")
    page.keyboard.type("rare <b>thing</b>")
    page.keyboard.press("Enter")
    expect(page.locator(".labels .name", has_text="rare <b>thing</b>")).to_be_visible(timeout=WAIT)
    moved = {f"{2 * EACH + place:05d}.jpg" for place in (1, 2, 4, 8)}
    assert files(wall, "rare %3Cb%3Ething%3C%2Fb%3E") == moved
    assert files(wall, LABELS[2]) == before - moved
    expect(page.locator("#selection")).to_be_hidden()
    page.keyboard.press("u")
    expect(page.locator("#splits [data-split=''] small")).to_have_text("1,000", timeout=WAIT)
    assert files(wall, LABELS[2]) == before


def test_the_keyboard_alone_selects_moves_and_deletes(big: str, page: Page, wall: Path) -> None:
    page.goto(f"{big}dataset?label={LABELS[5]}&split=test")
    expect(page.locator(".tile").first).to_be_visible(timeout=WAIT)
    grid = page.locator("#grid")
    grid.focus()
    page.keyboard.press("ArrowRight")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#selection-count")).to_have_text("4 selected")
    page.keyboard.press("Delete")
    expect(page.locator("#splits [data-split='test'] small")).to_have_text("329", timeout=WAIT)
    assert len(files(wall, LABELS[5])) == EACH - 4
    page.keyboard.press("Control+z")
    expect(page.locator("#splits [data-split='test'] small")).to_have_text("333", timeout=WAIT)
    grid.focus()
    page.keyboard.press("Control+a")
    expect(page.locator("#selection-count")).to_have_text("333 selected")
    page.locator("#move").select_option("training")
    expect(page.locator("#splits [data-split='training'] small")).to_have_text("667", timeout=WAIT)
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(page.locator("#splits [data-split='test'] small")).to_have_text("333", timeout=WAIT)


class Held:
    """Answers to requests that match ``address``: worked out by the server at once, held back until ``release``."""

    def __init__(self, page: Page, address: str) -> None:
        self._page = page
        self._kept: list[tuple[Route, APIResponse]] = []
        self._free = False
        page.route(address, self._answer)

    def _answer(self, route: Route) -> None:
        answer = route.fetch()
        if self._free:
            route.fulfill(response=answer)
        else:
            self._kept.append((route, answer))

    def wait(self) -> None:
        """Return once there is one."""
        while not self._kept:
            self._page.evaluate("0")  # lets the handler above run

    def release(self) -> None:
        """Let the page have them, and further answers without delay."""
        self._free = True
        for route, answer in self._kept:
            route.fulfill(response=answer)


def total(page: Page, text: str) -> None:
    expect(page.locator("#splits [data-split=''] small")).to_have_text(text, timeout=WAIT)


def test_a_late_answer_to_an_edit_leaves_what_was_selected_since(big: str, page: Page, wall: Path) -> None:
    page.goto(f"{big}dataset?label={LABELS[6]}")
    page.locator("[data-index='0']").click()
    page.locator("[data-index='1']").click(modifiers=["Shift"])
    late = Held(page, "**/api/dataset/delete")
    page.keyboard.press("Delete")
    total(page, "998")  # the socket was faster
    expect(page.locator("#selection")).to_be_hidden()
    page.locator("[data-index='5']").click()
    late.release()
    expect(page.locator(".toast")).to_have_text("2 pictures deleted")
    expect(page.locator("#selection-count")).to_have_text("1 selected")
    late = Held(page, "**/api/dataset/undo")
    page.keyboard.press("u")
    # What was the sixth picture is the eighth again, and still the one a range begins at.
    expect(page.locator("[data-index='7']")).to_have_attribute("aria-selected", "true", timeout=WAIT)
    page.locator("[data-index='3']").click(modifiers=["Shift"])
    expect(page.locator("#selection-count")).to_have_text("5 selected")
    late.release()
    expect(page.locator(".toast")).to_have_text("Undone: delete 2 pictures")
    expect(page.locator("#selection-count")).to_have_text("5 selected")
    assert len(files(wall, LABELS[6])) == EACH


def test_what_is_deleted_elsewhere_is_selected_no_more(big: str, page: Page, wall: Path) -> None:
    page.goto(f"{big}dataset?label={LABELS[8]}")
    names = [f"{LABELS[8]}/{8 * EACH + number:05d}.jpg" for number in (0, 2, 900)]
    elsewhere = "keys => import('/static/requests.js').then(({ post }) => post('/api/dataset/delete', { keys }))"
    expect(page.locator(".tile").first).to_be_visible(timeout=WAIT)
    # All are asked for, one is deleted, and only then the answer comes that still has it.
    late = Held(page, "**/api/dataset/keys?*")
    page.locator("#grid").focus()
    page.keyboard.press("Control+a")
    late.wait()
    page.evaluate(elsewhere, names[2:])
    total(page, "999")
    late.release()
    expect(page.locator("#selection-count")).to_have_text("999 selected", timeout=WAIT)
    page.locator("[data-index='0']").click()
    page.locator("[data-index='3']").click(modifiers=["Shift"])
    expect(page.locator("#selection-count")).to_have_text("4 selected")
    page.evaluate(elsewhere, names[:2])
    expect(page.locator("#selection-count")).to_have_text("2 selected", timeout=WAIT)
    # All are asked for while the wall is not yet drawn anew.
    late = Held(page, "**/api/dataset/pictures?*")
    for _ in range(2):
        page.keyboard.press("Control+z")
    total(page, "1,000")
    page.keyboard.press("Control+a")
    expect(page.locator("#selection-count")).to_have_text("1,000 selected", timeout=WAIT)
    late.release()
    page.unroute_all(behavior="wait")  # the held answer arrives before the page goes
    assert len(files(wall, LABELS[8])) == EACH


def test_a_finger_opens_a_picture_and_a_long_press_selects(big: str, chromium: Callable[..., Browser]) -> None:
    context = chromium().new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{big}dataset?label={LABELS[1]}")
    page.locator("[data-index='2']").tap()
    expect(page.locator("#viewer-label")).to_have_value(LABELS[1], timeout=WAIT)
    page.locator("#viewer-close").tap()
    box = page.locator("[data-index='4']").bounding_box()
    assert box is not None
    client = context.new_cdp_session(page)
    point = {"x": box["x"] + 50, "y": box["y"] + 50}
    client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    expect(page.locator("#selection-count")).to_have_text("1 selected")
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.locator("[data-index='0']").tap()
    expect(page.locator("#selection-count")).to_have_text("2 selected")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def archive(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return path


def drop(page: Page, *paths: Path) -> None:
    """Drop files and folders of this machine on the page, as the mouse does."""
    client = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        client.send("Input.dispatchDragEvent", {"type": kind, "x": 600, "y": 400, "data": data})
        if kind == "dragEnter":  # as a hand would: what is let go before the page has seen it come is not dropped
            expect(page.locator("#drop-here")).to_be_visible(timeout=WAIT)


def test_a_dropped_archive_is_imported_and_what_did_not_arrive_is_named(tmp_path: Path, page: Page) -> None:
    entries = {f"cats/{number}.jpg": scene(number) for number in range(3)}
    entries |= {"dogs/a.jpg": scene(10), "dogs/torn.jpg": scene(11)[:200], "read me.txt": b"hello", "../up.jpg": b"x"}
    dropped = archive(tmp_path / "pets.zip", entries)
    with serving(tmp_path / "project", PixelEmbedder()) as url:
        page.goto(f"{url}dataset")
        expect(page.locator("#empty")).to_be_visible(timeout=WAIT)
        drop(page, dropped)
        report = page.locator("#upload-report")
        expect(report).to_contain_text("4 pictures added", timeout=WAIT)
        for word in ("3 skipped", "not a picture file", "read me.txt", "dogs/torn.jpg", "../up.jpg"):
            expect(report).to_contain_text(word)
        page.locator("#upload-cancel").click()
        expect(page.locator(".tile")).to_have_count(4)
        assert (tmp_path / "project/dataset/dogs/a.jpg").read_bytes() == entries["dogs/a.jpg"]


def test_a_dropped_folder_keeps_its_classes_and_loose_pictures_are_asked_for(tmp_path: Path, page: Page) -> None:
    for name in ("train/cup/1.jpg", "train/jug/2.jpg", "test/cup/3.jpg"):
        path = tmp_path / "tea" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(scene(int(path.stem)))
    loose = tmp_path / "loose.jpg"
    loose.write_bytes(scene(77))
    with serving(tmp_path / "project", PixelEmbedder()) as url:
        page.goto(f"{url}dataset")
        expect(page.locator("#empty")).to_be_visible(timeout=WAIT)
        drop(page, tmp_path / "tea", loose)
        page.locator("#upload-field").fill("saucer")
        page.keyboard.press("Enter")
        expect(page.locator("#upload-report")).to_contain_text("4 pictures added", timeout=WAIT)
    with Project(tmp_path / "project") as project:
        found = {(sample.path.name, sample.label, sample.split.value) for sample in project.dataset}
    assert {("1.jpg", "cup", "training"), ("2.jpg", "jug", "training"), ("3.jpg", "cup", "test")} < found
    assert ("loose.jpg", "saucer") in {row[:2] for row in found}


def test_the_whole_dataset_comes_back_as_an_archive(tmp_path: Path, page: Page) -> None:
    with Project(tmp_path / "project") as project:
        kept = {project.dataset.add(scene(n), "cup", name=f"{n}.jpg").path.name: scene(n) for n in range(3)}
    with serving(tmp_path / "project", PixelEmbedder()) as url:
        page.goto(f"{url}dataset")
        with page.expect_download(timeout=WAIT) as got:
            page.locator("#download").click()
        content = Path(got.value.path()).read_bytes()
    assert got.value.suggested_filename == "project.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert {Path(name).name: file.read(name) for name in file.namelist()} == kept


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a place of the map, 0..1, lies on the page while the whole map is shown."""
    box = page.locator("#map").bounding_box()
    assert box is not None
    pad, tools = 30, 78
    return (box["x"] + pad + x * (box["width"] - pad - tools), box["y"] + pad + y * (box["height"] - 2 * pad))


def test_a_cluster_among_ten_thousand_is_lassoed_and_relabelled(big: str, page: Page, wall: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{big}explore")
    expect(page.locator("#legend .count").first).to_have_text("1,000", timeout=WAIT)
    assert not [url for url in asked if "/dataset/tile/" in url]
    number = 7
    x, y = (number % 5 + 0.5) / 5, (number // 5 + 0.5) / 2
    page.mouse.move(*place(page, x, y))
    expect(page.locator("#peek")).to_be_visible()
    expect(page.locator("#peek-label")).to_have_text(LABELS[number])
    corners = [(x - 0.09, y - 0.2), (x + 0.09, y - 0.2), (x + 0.09, y + 0.2), (x - 0.09, y + 0.2)]
    page.mouse.move(*place(page, *corners[0]))
    page.mouse.down()
    for corner in [*corners[1:], corners[0]]:
        page.mouse.move(*place(page, *corner), steps=5)
    page.mouse.up()
    expect(page.locator("#selection-count")).to_have_text("1,000 selected")
    expect(page.locator("#chosen-labels")).to_have_text(f"{LABELS[number]} 1,000")
    page.keyboard.press("r")
    page.keyboard.type("found on the map")
    page.keyboard.press("Enter")
    expect(page.locator("#legend .name", has_text="found on the map")).to_be_visible(timeout=WAIT)
    assert files(wall, "found on the map") == {f"{number * EACH + at:05d}.jpg" for at in range(EACH)}
    assert files(wall, LABELS[number]) == set()
    page.keyboard.press("u")
    expect(page.locator("#legend .name", has_text="found on the map")).to_have_count(0, timeout=WAIT)
    assert len(files(wall, LABELS[number])) == EACH


def test_the_map_works_by_keyboard(big: str, page: Page) -> None:
    page.goto(f"{big}explore")
    expect(page.locator("#legend .count").first).to_have_text("1,000", timeout=WAIT)
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#peek")).to_be_visible()
    expect(page.locator("#map-said")).to_have_text(re.compile(r"thing \d, (Training|Validation|Test)"))
    # Somebody else changes the dataset and the map is fetched anew: the keyboard goes on from where it was.
    with page.expect_response("**/api/map/points"):
        page.evaluate(
            "import('/static/requests.js').then(({ post }) => post('/api/dataset/add-label', { label: 'new' }))"
        )
    expect(page.locator("#peek")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.locator("#selection-count")).to_have_text("1 selected")
    page.evaluate("import('/static/requests.js').then(({ post }) => post('/api/dataset/undo', {}))")
    page.keyboard.press("n")
    expect(page.locator("#selection-count")).to_have_text("11 selected")
    page.keyboard.press("Escape")
    expect(page.locator("#selection")).to_be_hidden()


def test_each_kind_of_finding_has_a_colour_of_its_own(big: str, page: Page) -> None:
    page.goto(f"{big}explore")
    kinds = [kind.name.lower() for kind in Kind]
    ask = "kinds => import('/static/explore/colours.js').then(({ findingColour }) => kinds.map(findingColour))"
    assert len({*page.evaluate(ask, kinds), page.evaluate(ask, ["none"])[0]}) == len(kinds) + 1


def test_what_happens_to_the_folder_is_seen_when_somebody_comes_back(big: str, page: Page, wall: Path) -> None:
    page.goto(f"{big}dataset?label={LABELS[3]}")
    total(page, "1,000")
    page.wait_for_load_state("networkidle")  # or a tile is asked for whose picture has gone
    picture = wall / "dataset" / LABELS[3] / f"{3 * EACH:05d}.jpg"
    kept = picture.read_bytes()
    picture.unlink()
    page.evaluate("dispatchEvent(new Event('focus'))")
    total(page, "999")
    picture.write_bytes(kept)
    page.evaluate("dispatchEvent(new Event('focus'))")
    total(page, "1,000")


def test_a_map_is_worked_out_in_the_background(tmp_path: Path, page: Page) -> None:
    with Project(tmp_path / "project") as project:
        for number in range(24):
            project.dataset.add(scene(number), "cup" if number % 2 else "jug")
    with serving(tmp_path / "project", PixelEmbedder()) as url:
        page.goto(f"{url}explore")
        expect(page.locator("#legend .count").first).to_have_text("12", timeout=WAIT)
        expect(page.locator("#map-work")).to_be_hidden()


def test_a_finding_is_mended_by_one_click_and_comes_back_by_undo(tmp_path: Path, page: Page) -> None:
    with Project(tmp_path / "project") as project:
        for number in range(24):
            project.dataset.add(scene(number), "cup" if number % 2 else "jug", name=f"{number}.jpg")
    cups = tmp_path / "project/dataset/cup"
    (cups / "copy.jpg").write_bytes((cups / "1.jpg").read_bytes())
    (cups / "torn.jpg").write_bytes(jpeg((9, 9, 9))[:100])
    with serving(tmp_path / "project", PixelEmbedder()) as url:
        page.goto(f"{url}check")
        page.locator("#begin").click()
        expect(page.locator("#verdict-title")).to_have_text("Not ready yet", timeout=WAIT)
        expect(page.locator("#verdict-text")).to_contain_text("Unreadable (1)")
        expect(page.locator("#verdict-next")).to_contain_text("18 more of jug")
        page.locator("#exact_copy button", has_text="Delete the copy").click()
        expect(page.locator("#exact_copy")).to_have_count(0, timeout=WAIT)
        assert {"1.jpg", "copy.jpg"} - files(tmp_path / "project", "cup") == {"copy.jpg"}
        page.keyboard.press("u")
        expect(page.locator("#exact_copy")).to_be_visible(timeout=WAIT)
        assert (cups / "copy.jpg").exists()
        page.locator("#unreadable button", has_text="Delete").click()
        expect(page.locator("#unreadable")).to_have_count(0, timeout=WAIT)
        assert not (cups / "torn.jpg").exists()


def test_pages_about_pictures_fit_every_screen(
    tmp_path: Path, chromium: Callable[..., Browser], troubles: Watch
) -> None:
    with Project(tmp_path / "project") as project:
        for number in range(48):
            project.dataset.add(
                scene(number), ("cup", "jug", "a thing with a long name")[number % 3], name=f"{number}.jpg"
            )
    cups = tmp_path / "project/dataset/cup"
    (cups / "copy.jpg").write_bytes((cups / "0.jpg").read_bytes())
    (cups / "torn.jpg").write_bytes(jpeg((9, 9, 9))[:100])
    (cups / "dark.jpg").write_bytes(jpeg((2, 2, 2)))
    browser = chromium()
    with serving(tmp_path / "project", PixelEmbedder()) as url:
        first = browser.new_page()
        first.goto(f"{url}check")
        first.locator("#begin").click()
        expect(first.locator("#exact_copy")).to_be_visible(timeout=WAIT)
        for page, fits in every_look(browser, troubles):
            for path, sign in (
                ("dataset", ".tile img[src]"),
                ("explore", "#legend .count"),
                ("check", "#exact_copy img"),
            ):
                page.goto(f"{url}{path}")
                expect(page.locator(sign).first).to_be_visible(timeout=WAIT)
                page.wait_for_load_state("networkidle")
                if path == "explore":
                    expect(page.locator("#map-work")).to_be_hidden(timeout=WAIT)
                fits(path)
