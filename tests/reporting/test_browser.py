"""The page in a browser: sorting, filters, slider, themes, small screens, paper; and no request."""

from __future__ import annotations

import base64
import io
import json
import shutil
import wave
from collections.abc import Iterator
from typing import Any

import pytest

from ganbench.reporting.write import write_report
from ganbench.results.media import FRAMES_FOLDER, frame_file

from ..steering import until
from .runs_folder import small

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed"
)

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--no-first-run", "--window-size=1280,900", "--autoplay-policy=no-user-gesture-required"),
)


SECONDS = 2


def silence() -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(bytes([128]) * SECONDS * 8000)
    return stream.getvalue()


MEDIA = {
    ".wav": silence(),
    ".txt": b"a line that is longer than any strip is wide, and then some more of it\n" * 8,
    ".csv": b"height,children,colour,weight,answer\n" + b"178.2,3,turquoise,81.4,perhaps\n" * 8,
}
"""Beside the picture of every frame of one run."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("browser")
    store = small(folder / "runs")
    run = next(one for one in store.read_all().records if one["status"] == "ok")
    for index in range(len(run["points"])):
        for place, (suffix, content) in enumerate(MEDIA.items(), start=1):
            name = frame_file(index, place, suffix)
            (store.folder(run["run_id"]) / FRAMES_FOLDER / name).write_bytes(content)
    write_report(store.root, folder / "report.html")
    return (folder / "report.html").as_uri()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def browser(chromium: Any, page: str) -> Any:
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    visit(chromium, page)
    return chromium


def visit(browser: Any, address: str) -> None:
    """Open a page afresh, and wait for all of it.

    `get` of the address that is open may come back from the document that is about to go, or from
    half of the next one; so there is an empty page between them.
    """
    browser.get("about:blank")
    browser.get(address)
    loaded = "return location.href === arguments[0] && document.readyState === 'complete'"
    until(lambda: browser.execute_script(loaded, address))


def names(browser: Any, section: str) -> list[str]:
    """Variants of the first body of that section's first table, in their order."""
    script = (
        "return [...document.querySelector(`#${arguments[0]} tbody`)"
        ".querySelectorAll('tr[data-variant]:not(.out) th')].map((cell) => cell.innerText)"
    )
    found: list[str] = browser.execute_script(script, section)
    return found


def head(browser: Any, section: str, name: str) -> Any:
    path = f"//section[@id='{section}']//th[.//button[starts-with(normalize-space(.), '{name}')]]"
    return browser.find_element("xpath", path)


def colour(browser: Any) -> str:
    script = "return getComputedStyle(document.body).backgroundColor"
    return str(browser.execute_script(script))


def press(browser: Any, *keys: str) -> None:
    browser.switch_to.active_element.send_keys(*keys)


def test_a_heading_sorts_best_first_then_worst_first_then_as_it_was(browser: Any) -> None:
    at_first = names(browser, "leaderboard")
    utility = head(browser, "leaderboard", "utility")
    button = utility.find_element("tag name", "button")
    orders = []
    for _ in range(3):
        button.click()
        orders.append((utility.get_attribute("aria-sort"), names(browser, "leaderboard")))
    assert orders == [
        ("descending", ["wgan-gp", "dcgan", "vanilla", "stillborn[lr=1.0]"]),
        ("ascending", ["stillborn[lr=1.0]", "vanilla", "dcgan", "wgan-gp"]),
        ("none", at_first),
    ]


def test_a_heading_sorts_by_keyboard(browser: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    variant = head(browser, "leaderboard", "variant")
    browser.execute_script("arguments[0].focus()", variant.find_element("tag name", "button"))
    press(browser, Keys.ENTER)
    assert variant.get_attribute("aria-sort") == "ascending"
    assert names(browser, "leaderboard") == ["dcgan", "stillborn[lr=1.0]", "vanilla", "wgan-gp"]
    press(browser, Keys.SPACE)
    assert variant.get_attribute("aria-sort") == "descending"
    rank = head(browser, "leaderboard", "rank")
    press(browser, Keys.SHIFT, Keys.TAB)
    press(browser, Keys.ENTER)
    assert (rank.get_attribute("aria-sort"), variant.get_attribute("aria-sort")) == (
        "ascending",
        "none",
    )


def test_what_is_missing_is_last_in_either_order(browser: Any) -> None:
    button = head(browser, "runs", "final distance").find_element("tag name", "button")
    script = (
        "return [...document.querySelectorAll('#runs td:nth-child(5)')].map((one) => one.dataset.o)"
    )
    for sign in (1, -1):
        button.click()
        values = browser.execute_script(script)
        known = [sign * float(value) for value in values if value]
        assert known == sorted(known)
        assert values[len(known) :] == ["", ""]


def test_sorting_leaves_reference_rows_last(browser: Any) -> None:
    path = "//section[@id='leaderboard']//table[contains(@class, 'distance')]"
    table = browser.find_element("xpath", path)
    buttons = table.find_elements("css selector", "thead button")
    for _ in range(2):
        buttons[-1].click()
        for body in table.find_elements("tag name", "tbody"):
            rows = [row.get_attribute("class") for row in body.find_elements("tag name", "tr")]
            assert rows[0] == "group"
            assert "reference" in rows
            assert rows.index("reference") == len(rows) - rows.count("reference")


def count(browser: Any) -> str:
    return str(browser.find_element("id", "f-count").text)


def shown(browser: Any, selector: str) -> int:
    script = (
        "return [...document.querySelectorAll(arguments[0])]"
        ".filter((one) => one.getClientRects().length).length"
    )
    return int(browser.execute_script(script, selector))


def test_filters_by_text_task_variant_and_status(browser: Any) -> None:
    assert count(browser) == "51 of 51 runs"
    browser.find_element("id", "f-text").send_keys("wgan ring8")
    assert count(browser) == "5 of 51 runs"
    assert names(browser, "leaderboard") == []  # the ranking is of no single task
    assert shown(browser, "#curves .series") == 1
    browser.find_element("css selector", ".filters [type=reset]").click()
    until(lambda: count(browser) == "51 of 51 runs")  # a form is reset after its click

    def choose(name: str, value: str) -> None:
        from selenium.webdriver.support.select import Select

        Select(browser.find_element("id", f"f-{name}")).select_by_visible_text(value)

    choose("task", "digits")
    assert count(browser) == "17 of 51 runs"
    assert shown(browser, "#curves .chart") == 1
    choose("variant", "vanilla")
    assert count(browser) == "5 of 51 runs"
    assert names(browser, "leaderboard") == ["vanilla"]
    assert shown(browser, "#samples .strip") == 5
    choose("status", "timeout")
    assert count(browser) == "1 of 51 runs"
    assert shown(browser, ".failure") == 1
    assert shown(browser, "#curves .seed") == 1


def test_the_slider_shows_the_sheets_of_its_mark(browser: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    slider = browser.find_element("css selector", "#samples input[type=range]")
    reel = slider.find_element("xpath", "ancestor::div[@class='reel']")
    output = reel.find_element("tag name", "output")

    def shades() -> list[int]:
        """Grey of the visible sheets: 20 for each evaluation before theirs, plus the seed."""
        script = (
            "return Promise.all([...arguments[0].querySelectorAll('.frame:not([hidden]) img')]"
            ".map(async (image) => { await image.decode();"
            "const context = new OffscreenCanvas(1, 1).getContext('2d');"
            "context.drawImage(image, 0, 0);"
            "return context.getImageData(0, 0, 1, 1).data[0]; }))"
        )
        found: list[int] = browser.execute_script(script, reel)
        return sorted({shade // 20 for shade in found})

    assert output.text == "100 %"
    assert max(shades()) == 9
    slider.send_keys(Keys.HOME)
    assert (output.text, shades()) == ("10 %", [0])
    slider.send_keys(Keys.ARROW_RIGHT)
    assert (output.text, shades()) == ("20 %", [1])
    assert slider.get_attribute("aria-valuetext") == "20 % of the budget"
    slider.send_keys(Keys.END)
    assert shades()[-1] == 9


def test_sounds_can_be_played_and_end_with_their_mark(browser: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    assert shown(browser, "#samples audio") == 1
    play = (
        "const [done] = [...arguments].slice(-1); const sound ="
        "document.querySelector('#samples .frame:not([hidden]) audio'); sound.muted = true;"
        "sound.loop = true; window.sound = sound;"
        "sound.play().then(() => done(sound.duration), (error) => done(String(error)))"
    )
    assert browser.execute_async_script(play) == SECONDS  # the policy lets it load
    slider = browser.execute_script(
        "return window.sound.closest('.reel').querySelector('input[type=range]')"
    )
    assert not browser.execute_script("return window.sound.paused")
    slider.send_keys(Keys.HOME)
    assert browser.execute_script("return window.sound.paused")
    assert shown(browser, "#samples audio") == 1


def test_marks_tell_their_value_to_pointer_and_keyboard(browser: Any) -> None:
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.keys import Keys

    tip = browser.find_element("id", "tip")
    assert not tip.is_displayed()
    mark = browser.find_element("css selector", "#curves .series .mark")
    ActionChains(browser).scroll_to_element(mark).move_to_element(mark).perform()
    assert "at 10 % of the budget, geometric mean of" in tip.text
    browser.execute_script("document.querySelector('#samples-h').scrollIntoView()")
    summary = browser.find_element("css selector", "#curves summary")
    browser.execute_script("arguments[0].focus()", summary)
    press(browser, Keys.SHIFT, Keys.TAB)
    assert "at 100 % of the budget" in tip.text
    press(browser, Keys.ARROW_LEFT)
    assert "at 90 % of the budget" in tip.text
    press(browser, Keys.ESCAPE)
    assert not tip.is_displayed()


def test_dark_by_the_system_and_by_the_button(browser: Any) -> None:
    light = colour(browser)
    feature = {"name": "prefers-color-scheme", "value": "dark"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    dark = colour(browser)
    assert dark != light
    button = browser.find_element("id", "theme")
    assert button.text == "Light theme"
    button.click()
    assert (colour(browser), button.text) == (light, "Dark theme")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_screen_has_to_be_scrolled_sideways(browser: Any, width: int) -> None:
    size = {"width": width, "height": 740, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        script = (
            "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        needed, there = browser.execute_script(script)
        assert needed == there <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_on_paper_everything_is_open_and_there_is_nothing_to_press(browser: Any) -> None:
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert shown(browser, "button:not(th button), input, select, nav") == 0
    assert shown(browser, ".failure pre") == 2
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    pdf = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    assert base64.b64decode(pdf["data"]).startswith(b"%PDF")


def test_without_scripts_everything_can_be_read(browser: Any, page: str) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        visit(browser, page)
        assert shown(browser, "button, input, select, .needs-js") == 0
        assert shown(browser, ".strip img") == shown(browser, ".strip") > 20
        assert shown(browser, "table.runs tr") == 52
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_the_first_stop_of_the_keyboard_leads_to_the_results(browser: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.find_element("tag name", "body").send_keys(Keys.TAB)
    assert browser.switch_to.active_element.get_attribute("class") == "skip"
    press(browser, Keys.ENTER)
    assert browser.switch_to.active_element.get_attribute("id") == "main"


def test_no_error_and_no_request_leaves_the_page(chromium: Any, page: str) -> None:
    """Last, of all that the tests before have done."""
    visit(chromium, page)
    chromium.find_element("css selector", "#samples input").click()
    assert chromium.get_log("browser") == []
    messages = [json.loads(one["message"])["message"] for one in chromium.get_log("performance")]
    asked = {
        message["params"]["request"]["url"].partition(":")[0]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
        and message["params"]["documentURL"].startswith("file:")
    }
    assert "file" in asked
    assert asked <= {"file", "data"}
