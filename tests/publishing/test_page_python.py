"""Python in the page, in a real browser: opened from a folder, with the network off."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest

from optcourse import journal
from optcourse.grading.marking import grade_notebook
from optcourse.inpage import Lesson
from optcourse.publishing import lite, vendor
from optcourse.publishing.site import python
from optcourse.publishing.site.build import read_pyodide
from optcourse.publishing.site.writing import POLICY_WITH_PYTHON
from optcourse.publishing.slides.page import build as lecture
from optcourse.saved import is_damaged, progress_in
from tests.accessibility.harness import violations
from tests.publishing.decks import WAKE, opened
from tests.publishing.test_lite import distribution
from tests.publishing.test_site import dropped_in

pytestmark = pytest.mark.timeout(900)
PAGE = "lessons/03_gradient_descent"
ANSWER = """def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        w -= learning_rate * compute_gradient(w)
    return w
"""
# Ask the page's Python what a figure asks, and get the answer.
ASK = """([cell, message]) => new Promise((done) => {
    const receive = (words, buffers) => done([words, [...new Uint8Array(buffers[0] ?? [])]]);
    optcourse.python.send({ el: { dataset: { call: cell } }, state() {}, conversation: { receive } }, message);
})"""


@pytest.fixture(scope="module")
def page(chromium, alive: Path) -> Iterator:
    """One page for all tests of the module: starting Python takes seconds."""
    context = chromium.new_context(viewport={"width": 1100, "height": 1000}, offline=True)
    page = context.new_page()
    page.trouble, page.asked = [], []
    page.on("console", lambda m: page.trouble.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: page.trouble.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto((alive / f"{PAGE}.html").as_uri())
    yield page
    context.close()


def written(editor) -> str:
    """The text of a cell's editor."""
    editor.wait_for()
    return "\n".join(line.rstrip("\n") for line in editor.locator(".cm-line").all_inner_texts())


def lesson_of(alive: Path, page: str) -> Lesson:
    cells = nbformat.read(alive / f"{page}.ipynb", as_version=4).cells
    return Lesson(json.dumps([{"id": c.id, "source": c.source} for c in cells if c.cell_type == "code"]))


@pytest.mark.browser
@pytest.mark.slow
def test_a_page_that_is_not_touched_loads_what_it_loaded_before(page, alive, site):
    stage = page.locator(".stage").first
    stage.scroll_into_view_if_needed()
    page.wait_for_selector(".stage[data-ready]")
    page.locator("[id='03-valley'] [data-control=learning_rate] input[type=range]").press("End")
    page.wait_for_function("() => document.getElementById('03-valley').stage.values.learning_rate === 1")
    later = ("python-", ".notebook.js", "codemirror")
    assert not [url for url in page.asked if any(name in url for name in later)]
    plain = (site.folder / f"{PAGE}.html").read_text(encoding="utf-8")
    sources = re.compile(r'<(?:script|link)[^>]* (?:src|href)="([^"?]+)')
    assert sources.findall((alive / f"{PAGE}.html").read_text(encoding="utf-8")) == sources.findall(plain)
    assert page.trouble == [] and "data-python" not in plain


@pytest.mark.browser
@pytest.mark.slow
def test_two_sliders_a_drag_a_wrong_and_a_right_answer_and_an_endless_loop(page):
    stage = "document.getElementById('03-valley').stage"
    shown = f"() => JSON.stringify({stage}.conversation.shown) === JSON.stringify({stage}.values)"
    # the second slider of two: no table has both
    page.locator("[id='03-valley'] [data-control=condition_number] input[type=range]").press("End")
    page.locator(
        "[id='03-valley'] .oc-state", has_text=re.compile(r"\d+\.\d of 1\d\.\d MB|is starting")
    ).wait_for()
    assert page.evaluate(f"[{stage}.values.learning_rate, {stage}.values.condition_number]") == [1, 100]
    page.locator("[id='03-valley'] .oc-state").get_by_role("button", name="Cancel").click()
    assert page.evaluate(f"[{stage}.values.learning_rate, {stage}.values.condition_number]") == [1, 20]
    slider = "[id='03-valley'] [data-control=condition_number] input[type=range]"
    page.wait_for_selector(f"{slider}[aria-valuetext^='20']")  # at its end, the key would move nothing
    page.locator(slider).press("End")
    page.wait_for_function(shown)
    assert page.evaluate(f"[{stage}.values.learning_rate, {stage}.values.condition_number]") == [1, 100]

    place = page.evaluate(
        f"""() => {{ const [panel] = {stage}.panels, [x, y] = panel.view.at(...{stage}.values.start);
        const box = panel.picture.getBoundingClientRect(), k = {stage}.painter.scale;
        return [box.x + x * k, box.y + y * k]; }}"""
    )
    page.mouse.move(*place)
    page.mouse.down()
    page.mouse.move(place[0] + 60, place[1] + 30, steps=4)
    page.mouse.up()
    page.wait_for_function(shown)
    x, y = page.evaluate(f"{stage}.values.start")
    assert x > -3 and y < 2

    box = page.locator(".box.exercise").first
    box.get_by_role("button", name="Edit").click()
    editor, answer = box.locator(".cm-content"), box.locator(".answer")
    assert "your code here" in written(editor)
    editor.fill("")
    page.keyboard.type("if True:\nw = 1")  # the second line is indented by itself
    page.keyboard.press("Tab")
    assert written(editor) == "if True:\n    w = 1   "
    for keys in (("Escape", "Tab"), ("Shift+Tab", "Tab", "Tab")):  # left once, and not for ever
        for key in keys:
            page.keyboard.press(key)
        assert page.evaluate("document.activeElement.className") == (
            "plain" if keys[0] == "Escape" else "cm-content"
        )
    editor.fill(ANSWER.replace("-=", "+="))
    box.get_by_role("button", name="Check").click()
    answer.get_by_text("Your loop walks uphill").wait_for()
    editor.fill(ANSWER)
    box.get_by_role("button", name="Check").click()
    answer.get_by_text("3 of 3 points").wait_for()
    for follows in ("03-valley-2", "03-basins"):  # the second was not drawn yet when the answer was checked
        page.locator(f"[id='{follows}']").scroll_into_view_if_needed()
        page.wait_for_function(
            "(id) => document.getElementById(id).stage?.frame.runs.some((run) => run.name === 'your code')",
            arg=follows,
        )

    editor.fill("import itertools\nsum(itertools.count())")
    box.get_by_role("button", name="Run").click()
    box.get_by_text("Python is still working at this.").wait_for()
    editor.fill("print(gradient_descent(lambda w: w, [1.0], 0.5, 1))")
    said = box.evaluate_handle(
        """(box) => { const line = box.querySelector('.state'), said = [];
        new MutationObserver(() => said.push(line.textContent)).observe(line, { childList: true });
        const named = (name) => [...box.querySelectorAll('button')].find((button) => button.textContent === name);
        named('Stop').click();
        setTimeout(() => named('Run').click());
        return said; }"""
    )
    answer.get_by_text("[0.5]").wait_for()  # the cell that had ended was run again
    said = said.json_value()
    starting = [words for words in said if "is starting" in words]
    assert said[0] == "Stopped." and starting
    assert "Python is at it." in said[said.index(starting[-1]) :]
    assert page.trouble == []
    assert violations(page) == []
    page.trouble.clear()  # axe asks for the style sheets, which the page's policy forbids


@pytest.mark.browser
@pytest.mark.slow
def test_frames_of_the_page_are_those_of_cpython(page, alive, own_home):
    """All figures of lesson 03, without a reader's code, which a busy machine might end."""
    chance = random.Random(3)
    here = lesson_of(alive, PAGE)
    exercise = page.locator("[data-edit]").first.get_attribute("data-edit")
    page.evaluate(
        "([cell, source]) => optcourse.python.ask({ act: 'run', cell, source }, { say() {} })",
        [exercise, here.sources[exercise]],
    )
    cells = page.evaluate("[...document.querySelectorAll('[data-call]')].map((e) => e.dataset.call)")
    assert len(cells) == 9
    for cell in cells:
        figure = here.figure(cell)
        values = {control.name: chance.choice(control.values) for control in figure.controls}
        message = {"kind": "frame", "key": "k", "values": json.loads(json.dumps(values))}
        words, data = here.reply(cell, json.dumps(message))
        there, numbers = page.evaluate(ASK, [cell, message])
        assert same(json.loads(words), there), cell
        mine, theirs = (np.frombuffer(bytes(block), np.float32) for block in (data, bytes(numbers)))
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6, err_msg=cell)


@pytest.mark.browser
@pytest.mark.slow
def test_a_table_gives_way_to_a_check_and_ends_when_nobody_wants_it(page):
    exercise = page.locator("[data-edit]").first.get_attribute("data-edit")
    page.locator("[id='03-valley']").scroll_into_view_if_needed()
    page.wait_for_selector("[id='03-valley'][data-ready]")
    order = page.evaluate(
        """async (exercise) => {
            const order = [], { stage } = document.getElementById("03-valley"), { python } = optcourse;
            const control = stage.spec.controls.find(({ table, values }) => table && values.length > 16).name;
            const want = (key, fetching = { key }) => {
                const told = { fetching, key: () => fetching.key };
                told.fetched = () => order.push(`${key} dropped`);
                told.receive = (words) => order.push(`${key} ${words.kind}`);
                const message = { kind: "table", control, key, values: stage.values };
                python.send({ el: stage.el, state() {}, conversation: told }, message);
            };
            const check = async () => {
                await python.ask({ act: "run", cell: exercise, source: "1" }, { say() {} });
                order.push("check");
            };
            const until = async (sign, times = 1) => {
                while (order.filter((one) => one === sign).length < times) await new Promise((later) => setTimeout(later, 20));
            };
            want("first"); await check(); await until("first table");
            // the figures of the page may ask for tables of their own: the second is unwanted once it has its turn
            const second = { key: "second" }, { postMessage } = Worker.prototype;
            Worker.prototype.postMessage = function (message) {
                postMessage.call(this, message);
                if (message.act !== "table" || !message.message.includes('"second"')) return;
                Worker.prototype.postMessage = postMessage;
                second.key = "another";
                queueMicrotask(check);
            };
            want("second", second);
            await until("second dropped"); await until("check", 2);
            want("third"); await until("third table");
            return order;
        }""",
        exercise,
    )
    assert order == ["check", "first table", "second dropped", "check", "third table"]


def same(mine, theirs) -> bool:
    """Alike, numbers to nine digits: another machine adds in another order."""
    if isinstance(mine, dict):
        return mine.keys() == theirs.keys() and all(same(mine[key], theirs[key]) for key in mine)
    if isinstance(mine, list):
        return len(mine) == len(theirs) and all(map(same, mine, theirs))
    if isinstance(mine, float):
        return mine == pytest.approx(theirs, rel=1e-9)
    return mine == theirs


@pytest.mark.browser
@pytest.mark.slow
def test_a_reload_brings_back_what_was_written_and_the_first_page_says_what_is_done(page, alive, tmp_path):
    page.reload()
    editor = page.locator(".box.exercise .cm-content").first
    editor.fill("x = 1  # not run")
    asked = page.locator(".box.quiz form").first
    asked.get_by_role("radio").nth(1).check()
    asked.get_by_role("radio").first.check()
    told = asked.locator(".oc-told").inner_text()
    page.reload()
    assert (
        told
        and asked.locator(".oc-told").inner_text() == told
        and asked.get_by_role("radio").first.is_checked()
    )
    assert written(editor) == "x = 1  # not run"
    assert page.evaluate("optcourse.python.awake") is False
    page.locator(".box.predict").first.get_by_role("radio").first.check()
    page.locator(".box.predict").first.get_by_role("button", name="Commit").click()
    page.asked.clear()
    page.goto((alive / "index.html").as_uri())
    done = page.locator("[data-done]")
    assert done.get_by_role("link", name="Go on with lesson 03").get_attribute("href") == f"{PAGE}.html"
    assert "◐ begun, " in page.locator("[data-lesson-row='03_gradient_descent']").inner_text()
    with page.expect_download() as download:
        done.get_by_role("button", name="Take it along").click()
    download.value.save_as(taken := tmp_path / "progress.jsonl")
    reading = journal.read(taken)
    assert reading.remarks == [] and reading.events[-1]["id"] == "03-larger-steps"
    assert page.trouble == []
    page.once("dialog", lambda dialog: dialog.accept())
    done.get_by_role("button", name="Erase it here").click()
    assert not done.is_visible() and page.evaluate("localStorage.length") == 0
    assert dropped_in(page) == 0 and page.evaluate("window.refused") >= 4
    page.trouble.clear()  # what was refused


@pytest.mark.browser
@pytest.mark.slow
def test_work_is_saved_as_a_notebook_that_is_graded(page, alive, tmp_path):
    page.goto((alive / f"{PAGE}.html").as_uri())
    box = page.locator(".box.exercise").first
    box.get_by_role("button", name="Edit").click()
    box.locator(".cm-content").fill(f"# größer, kleiner 🙂 \ud83d\n{ANSWER}")
    page.locator(".box.predict").first.get_by_role("radio").first.check()
    page.locator(".box.predict").first.get_by_role("button", name="Commit").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save my work").click()
    page.get_by_text("with 1 cell that you wrote and 1 answer. ").wait_for()
    assert download.value.suggested_filename == f"{Path(PAGE).name}.ipynb"
    download.value.save_as(saved := tmp_path / "saved.ipynb")
    data = saved.read_bytes()
    assert not is_damaged(data) and json.loads(progress_in(data))["id"] == "03-larger-steps"
    notebook = nbformat.reads(data.decode(), as_version=4)
    nbformat.validate(notebook)
    given = nbformat.read(alive / f"{PAGE}.ipynb", as_version=4)
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in given.cells]
    marks = grade_notebook(saved, seed=1, sandboxed=False)
    assert (marks.lesson, marks.exercises[0].id, marks.exercises[0].points) == (
        "03",
        "03-gradient-descent",
        3,
    )
    assert page.trouble == []


@pytest.mark.browser
@pytest.mark.slow
def test_a_lesson_is_done_whole_on_a_phone(chromium, alive):
    """375 px wide, by touch alone: predicted, moved, written, checked and answered; and all of it is there after a reload."""
    context = chromium.new_context(
        viewport={"width": 375, "height": 667}, has_touch=True, is_mobile=True, offline=True
    )
    page = context.new_page()
    page.goto((alive / f"{PAGE}.html").as_uri())
    for card in page.locator(".box.predict").all():
        if (entry := card.locator(".oc-entry input")).count():
            entry.fill("1")
        else:
            card.locator(".oc-option").first.tap()
        card.get_by_role("button", name="Commit").tap()
    figure = page.locator("[id='03-valley']")
    figure.scroll_into_view_if_needed()
    page.wait_for_selector("[id='03-valley'][data-ready]")
    for name in ("learning_rate", "condition_number"):
        slider = figure.locator(f"[data-control={name}] input[type=range]")
        slider.tap(position={"x": slider.bounding_box()["width"] - 4, "y": 8})
    page.wait_for_function(
        """() => {
            const { values, conversation } = document.getElementById("03-valley").stage;
            return values.condition_number > 50 && JSON.stringify(conversation.shown) === JSON.stringify(values);
        }"""
    )
    solved = nbformat.read(alive / f"{PAGE.replace('lessons', 'solutions')}.ipynb", as_version=4)
    answers = {cell.id: cell.source for cell in solved.cells}
    boxes = page.locator(".box.exercise:has([data-edit])").all()
    for box in boxes:
        box.get_by_role("button", name="Edit").tap()
        box.locator(".cm-content").fill(answers[box.locator("[data-edit]").get_attribute("data-edit")])
        box.get_by_role("button", name="Check").tap()
        box.locator(".answer").get_by_text(re.compile(r"(\d) of \1 point")).wait_for()
    for question in page.locator(".box.quiz form").all():
        question.locator(".oc-option").first.tap()
    assert len(boxes) == 6 and page.evaluate("document.documentElement.scrollWidth") == 375
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []  # the lines of an editor are longer than the window
    page.reload()
    assert page.get_by_text("It was right when you last checked it.").count() == len(boxes)
    told = page.locator(".box.quiz .oc-told, .box.predict .oc-told").all_inner_texts()
    assert len(told) > 4 and all(told)
    page.goto((alive / "index.html").as_uri())
    assert page.locator("[data-lesson-row='03_gradient_descent']").inner_text() == "✔ done"
    context.close()


def test_every_shared_style_sheet_and_script_is_asked_for_with_its_sum(alive):
    """A browser may keep what it was given under an address."""
    seen = set()
    for page in alive.rglob("*.html"):
        if page.is_relative_to(alive / "lite"):
            continue
        text = page.read_text(encoding="utf-8")
        found = re.findall(r'="(?:\.\./)*(?:assets/)?([\w.-]+\.(?:js|css))(?:\?(\w*))?"', text)
        for name, asked in found:
            if (asset := alive / "assets" / name).exists():
                assert asked == hashlib.sha256(asset.read_bytes()).hexdigest()[:8], (
                    f"{page.name} asks for {name}"
                )
                seen.add(name)
    shared = {path.name for path in (alive / "assets").iterdir() if path.suffix in (".js", ".css")}
    assert seen == shared


@pytest.mark.browser
@pytest.mark.slow
def test_where_python_cannot_start_a_sentence_says_so_and_the_page_is_as_without_it(chromium, alive):
    context = chromium.new_context(viewport={"width": 1100, "height": 1000})
    for name in ("manifest", "codemirror"):
        context.route(f"**/{name}.js*", lambda route: route.abort())
    page = context.new_page()
    page.goto((alive / f"{PAGE}.html").as_uri())
    figure = page.locator("[id='03-valley']")
    figure.scroll_into_view_if_needed()
    page.wait_for_selector("[id='03-valley'][data-ready]")
    figure.locator("[data-control=learning_rate] input[type=range]").press("End")
    figure.locator("[data-control=condition_number] input[type=range]").press("End")
    figure.get_by_text("Python cannot start here (manifest.js cannot be loaded).").wait_for()
    values = page.evaluate("document.getElementById('03-valley').stage.values")
    assert (values["learning_rate"], values["condition_number"]) == (1, 20)
    figure.locator("[data-control=condition_number] input[type=range]").press(
        "End"
    )  # its table came with the page
    page.wait_for_function("() => document.getElementById('03-valley').stage.values.condition_number === 100")
    box = page.locator(".box.exercise").first
    assert box.get_by_text("Not checked here.").is_visible()
    box.get_by_role("button", name="Edit").click()
    page.wait_for_function("() => document.querySelector('script[src*=\"codemirror.js?\"]')")
    box.locator("textarea").fill("w = 1")  # the plain field stays
    page.reload()
    assert box.locator("textarea").input_value() == "w = 1" and page.locator(".cm-editor").count() == 0
    context.close()


@pytest.mark.browser
@pytest.mark.slow
def test_an_exported_lecture_answers_from_one_file_what_no_table_has(chromium, alive, site, tmp_path):
    folder, name = next(alive.glob("python-*")), f"solutions/{Path(PAGE).name}.ipynb"
    scripts = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.js")}
    laid = python.Python(folder.name, "", scripts, "", 0, True)
    (deck := tmp_path / "deck.html").write_text(lecture(site.executed[name], Path(name), python=laid))
    assert sum(map(len, scripts.values())) == pytest.approx(15e6, rel=0.1)  # docs/lecturer.md
    with opened(chromium, deck.as_uri(), offline=True) as page:
        trouble = []
        page.on("console", lambda m: trouble.append(m.text) if m.type in ("error", "warning") else None)
        while not page.locator(".slide.now .figure[data-call]").count():
            page.keyboard.press("ArrowRight")
        page.wait_for_selector(".slide.now .figure[data-ready]")
        stage = "document.querySelector('.slide.now .figure').stage"
        values = f"[{stage}.values.learning_rate, {stage}.values.condition_number]"
        shown = f"() => JSON.stringify({stage}.conversation.shown) === JSON.stringify({stage}.values)"
        picture = f"{stage}.panels[0].picture.toDataURL()"
        rate, condition = (
            page.locator(f".slide.now [data-control={name}]")
            for name in ("learning_rate", "condition_number")
        )
        rate.locator("[type=range]").press("End")
        page.wait_for_function(shown)
        assert page.evaluate(values) == [1, 20]
        assert page.locator("[data-carried]").count() == len(scripts) + 1  # as it was opened

        condition.locator("[type=range]").press("End")
        state = page.locator(".slide.now .oc-state")
        state.get_by_text("Python is starting; then it goes on here.").wait_for()
        state.get_by_role("button", name="Cancel").click()
        page.wait_for_selector(".slide.now [data-control=condition_number] [aria-valuetext^='20']")
        before = page.evaluate(picture)
        assert page.evaluate(values) == [1, 20]
        condition.locator("[type=range]").press("End")
        page.wait_for_function(shown)
        assert page.evaluate(values) == [1, 100] and page.evaluate(picture) != before

        typed = rate.locator("input:not([type=range])")
        typed.fill("0.0123")
        typed.press("Enter")
        page.wait_for_function(f"() => {values}[0] === 0.0123")
        page.wait_for_function(shown)
        page.evaluate(WAKE)
        answers = page.evaluate(
            """() => Promise.all([...document.querySelectorAll("[data-call]")].map(async ({ dataset, stage }) => {
                const message = JSON.stringify({ kind: "frame", key: "k", values: stage.values });
                return (await optcourse.python.ask({ act: "reply", cell: dataset.call, message }, { say() {} })).words.kind;
            }))"""
        )
        assert answers == ["frame"] * 9 and trouble == []


def packed(file: Path) -> int:
    """What goes over the wire."""
    data = file.read_bytes()
    return len(data) if file.suffix in (".woff2", ".png") else len(gzip.compress(data))


@pytest.mark.slow
def test_what_a_reader_loads_keeps_to_its_budget(alive):
    assert sum(map(packed, alive.glob("python-*/*.js"))) < 11e6
    fonts = sum(
        packed(alive / "assets" / "fonts" / f"source-{name}-latin-wght-normal.woff2")
        for name in ("sans-3", "serif-4")
    )
    for path in (alive / "index.html", *alive.glob("lessons/*.html")):
        text = path.read_text(encoding="utf-8")
        shared = re.findall(r'<(?:script|link)[^>]* (?:src|href)="([^"?]+)', text)
        first = packed(path) + fonts + sum(packed(path.parent / name) for name in shared)
        figures = sum(
            packed(alive / "figures" / f"{name}.js") for name in set(re.findall(r'data-figure="(\w+)"', text))
        )
        assert first < 300_000 or path.name != "index.html", first
        editor = packed(alive / "assets" / "codemirror.js")
        assert first + figures + editor < 2_000_000, (path.name, first + figures + editor)


def test_every_page_of_a_site_with_python_has_a_policy_that_allows_a_worker_and_no_text_as_script():
    assert "worker-src blob:" in POLICY_WITH_PYTHON and "'unsafe-eval'" not in POLICY_WITH_PYTHON
    assert (
        "script-src 'self' file: 'wasm-unsafe-eval';" in POLICY_WITH_PYTHON
        and "connect-src" not in POLICY_WITH_PYTHON
    )


def test_a_distribution_without_numpy_gives_no_python_and_says_so(tmp_path):
    with pytest.raises(lite.LiteError, match="has no contourpy, NumPy, which the figures need"):
        python.lay(tmp_path, distribution(tmp_path / "d"))
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


@pytest.mark.slow
def test_the_licence_of_each_part_is_handed_on_and_what_names_none_is_not(alive, site):
    listed = (alive / "assets" / "licences.txt").read_text(encoding="utf-8")
    plain = (site.folder / "assets" / "licences.txt").read_text(encoding="utf-8")
    for name in sorted(path.parent.name for path in vendor.FOLDER.glob("*/LICENSE")):
        assert f"{name}\n" in listed
        assert (f"{name}\n" in plain) is (name != vendor.EDITOR.parent.name)
    for words in (
        "Mozilla Public License",
        "Python Software Foundation",
        "numpy-2",
        "contourpy-1",
        "Neither the name",
    ):
        assert words in listed
    with pytest.raises(lite.LiteError, match="lonely.whl says nowhere under which licence"):
        python.licence_of("lonely.whl", lite.pack("lonely", "1.0", {}).data)


@pytest.mark.slow
def test_a_pyodide_with_one_wrong_byte_is_not_laid(pyodide, tmp_path):
    shutil.copytree(pyodide, tmp_path / "d", copy_function=os.link)
    data = bytearray((tmp_path / "d" / "pyodide.asm.wasm").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "d" / "pyodide.asm.wasm").unlink()
    (tmp_path / "d" / "pyodide.asm.wasm").write_bytes(data)
    with pytest.raises(lite.LiteError, match=r"pyodide\.asm\.wasm from .* is damaged, or not Pyodide's"):
        python.lay(tmp_path, tmp_path / "d")
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


def test_pyodide_314_is_laid_as_a_script_and_its_list_names_no_version(tmp_path):
    """Its main part is a module; a worker that is made of a text cannot load one."""
    place = distribution(tmp_path / "d")
    (place / "pyodide.js").write_text("var loadPyodide;")
    (place / "pyodide.asm.mjs").write_text(
        "var it = import.meta.url;\nexport default _createPyodideModule;\n"
    )
    found = lite.Distribution.at(place)
    assert found.lock["info"] == {"python": "3.14.2"}
    code = python._code(found)
    assert b"var it = self.location.href" in code and b"export" not in code and b"loadPyodide" in code
    made = python._in_pieces(found, {"code": (code, True)}, "", False)
    assert "with node on the path" in made.sentence and "core could not be checked" in made.sentence
    assert "optcourse.python.manifest(" in made.files["manifest.js"]


def test_a_pyodide_is_found_where_it_was_unpacked_and_the_network_is_asked_only_with_lite(
    tmp_path, monkeypatch
):
    assert lite.kept(tmp_path) is None and read_pyodide(None, lite=False) is None
    (tmp_path / ".optcourse").mkdir()
    place = distribution(tmp_path / ".optcourse" / "pyodide")
    assert lite.kept(tmp_path) == str(place) and read_pyodide(lite.kept(tmp_path), lite=False).where == str(
        place
    )
    asked = []
    monkeypatch.setattr(
        lite.urllib.request,
        "urlopen",
        lambda address, timeout: asked.append(address) or place_of(place, address),
    )
    found = read_pyodide(None, lite=True)
    assert found.where == lite.default_address() and lite.Distribution.at(found) is found
    found.read("python_stdlib.zip"), found.read("python_stdlib.zip")
    assert [address.rsplit("/", 1)[1] for address in asked] == [
        "pyodide-lock.json",
        "pyodide.mjs",
        "python_stdlib.zip",
    ]


def place_of(folder: Path, address: str):
    return (folder / address.rsplit("/", 1)[1]).open("rb")
