"""The course as web pages: built once, every page opened in a browser; and what a build must refuse."""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import socket
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from optcourse.authoring.build import BuildError
from optcourse.place import WHOLE_COURSE
from optcourse.publishing import lite
from optcourse.publishing.site import SiteFailed, command
from optcourse.publishing.site.build import Site, build
from optcourse.publishing.site.inspection import inspect
from optcourse.publishing.site.terms import Section, find_places, read_terms
from optcourse.publishing.site.writing import MARKER, POLICY, with_places
from tests.accessibility import harness
from tests.accessibility.harness import violations
from tests.conftest import BuiltSite
from tests.publishing.test_lite import distribution

COURSE = Path(__file__).resolve().parents[2]
LESSONS = sorted(path.stem for path in (COURSE / "source").glob("*.py"))
PAGES = [
    "index.html",
    "terms.html",
    *(f"lessons/{name}.html" for name in LESSONS),
    *(f"solutions/{name}.html" for name in LESSONS if not name.startswith("99_")),
]
STILL = {"terms.html", "lessons/99_glossary.html"}  # no figure in them

# the whole course is run once for this module: a minute on two free cores, several on a busy machine
pytestmark = pytest.mark.timeout(900)

# a picture of a canvas as a short text, to see whether it has changed
PICTURE = "canvas => { let h = 0; for (const c of canvas.toDataURL()) h = (h * 31 + c.charCodeAt(0)) | 0; return h; }"


@dataclass
class Served:
    """The site in a folder and at an address; `seen` are the requests that no page may make."""

    folder: Path
    url: str
    result: Site
    cache: Path

    def file(self, page: str) -> str:
        return (self.folder / page).as_uri()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, site: BuiltSite) -> Iterator[Served]:
    """The whole course below a path of a plain static server; a copy, in which it is built again."""
    root = tmp_path_factory.mktemp("host")
    folder, cache = root / "somewhere" / "below", root / "cache"
    shutil.copytree(site.folder, folder)
    shutil.copytree(site.cache, cache)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Served(folder, f"http://127.0.0.1:{server.server_port}/somewhere/below/", site.result, cache)
        server.shutdown()


@dataclass
class Watched:
    """A browser page and everything about it that must not happen."""

    page: object
    home: str
    trouble: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda m: self.note(m.type in ("error", "warning"), f"console: {m.text}"))
        self.page.on("pageerror", lambda error: self.note(True, f"error: {error}"))
        self.page.on("requestfailed", lambda request: self.note(True, f"failed: {request.url}"))
        self.page.on("response", lambda r: self.note(r.status >= 400, f"{r.status}: {r.url}"))
        self.page.on(
            "request",
            lambda r: self.note(not r.url.startswith((self.home, "data:", "blob:")), f"elsewhere: {r.url}"),
        )

    def note(self, bad: bool, words: str) -> None:
        if bad:
            self.trouble.append(words)


@pytest.fixture(scope="module")
def context(chromium) -> Iterator:
    """One context without a network (the server is this machine's own), with time for a busy one."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1000}, color_scheme="light")
    yield context
    context.close()


@pytest.fixture
def watched(context, served: Served) -> Iterator[Watched]:
    page = context.new_page()
    yield Watched(page, served.url)
    page.close()


@pytest.fixture
def from_disk(chromium, served: Served) -> Iterator[Watched]:
    """As when a folder is opened with a double click, and the network is cut off."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1000}, offline=True)
    yield Watched(context.new_page(), served.folder.as_uri())
    context.close()


def move_a_slider(page) -> None:
    """Go to the first figure that has frames, move its controls to an end one after the other: the picture must follow."""
    for stage in page.locator("figure.live .stage").all():
        stage.scroll_into_view_if_needed()
        stage.locator(".oc-picture").first.wait_for()
        page.wait_for_function("stage => stage.dataset.ready", arg=stage.element_handle())
        before = [panel.evaluate(PICTURE) for panel in stage.locator(".oc-picture").all()]
        moved = [
            stage.locator(".oc-controls select:enabled"),
            stage.locator(".oc-controls input[type=range]:enabled"),
        ]
        for control in (one for kind in moved for one in kind.all()):
            if control.evaluate("e => e.tagName") == "SELECT":
                control.select_option(index=control.evaluate("e => e.selectedIndex === 0 ? 1 : 0"))
            else:
                control.focus()
                page.keyboard.press("End" if control.evaluate("e => e.value < e.max") else "Home")
            page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            if [panel.evaluate(PICTURE) for panel in stage.locator(".oc-picture").all()] != before:
                return
        assert not sum(kind.count() for kind in moved), "the picture of a figure did not follow its controls"
    raise AssertionError("no figure of this page can be moved")


# -- every page ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_site_has_all_pages_and_says_what_it_did(served):
    written = {path.relative_to(served.folder).as_posix() for path in served.folder.rglob("*.html")}
    assert written == set(PAGES)
    assert served.result.inspection.faults == []
    assert served.result.inspection.pages == len(PAGES)
    assert served.result.executed == 2 * (len(LESSONS) - 1)  # the glossary has no code
    assert any("distill.pub" in link for link in served.result.inspection.elsewhere)
    assert served.result.size < 80e6 and max((served.folder / p).stat().st_size for p in PAGES) < 600_000


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_without_a_word_of_complaint_and_its_figure_follows(served, watched, name):
    page = watched.page
    page.goto(served.url + name)
    assert page.locator("h1").count() == 1
    assert not page.locator("main .katex-error").count()
    assert "$" not in page.locator("main").evaluate(
        "main => [...main.querySelectorAll('p, li, td')].filter(e => !e.closest('.oc-explorer')).map(e => e.innerText).join(' ')"
    ), "a formula that was not drawn"
    if name not in STILL:
        move_a_slider(page)
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert watched.trouble == []


@pytest.mark.browser
@pytest.mark.parametrize("name", ["index.html", "lessons/03_gradient_descent.html"])
@pytest.mark.slow
def test_a_page_works_from_a_folder_with_the_network_cut_off(served, from_disk, name):
    page = from_disk.page
    page.goto(served.file(name))
    move_a_slider(page)
    assert page.evaluate("document.fonts.check('20px \"Source Serif 4\"')")
    page.locator("#search").click()
    page.locator("#query").fill("bias correction")
    page.locator("dialog.search li a").first.wait_for()
    assert from_disk.trouble == []


# -- what a reader does ----------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("width, scheme", [(1400, "light"), (375, "dark")])
@pytest.mark.parametrize(
    "name", ["index.html", "lessons/03_gradient_descent.html", "solutions/09_race.html", *sorted(STILL)]
)
def test_axe_has_no_complaint(served, watched, name, width, scheme):
    page = watched.page
    page.set_viewport_size({"width": width, "height": 1000})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(served.url + name)
    if name not in STILL:
        page.locator("figure.live .stage").first.scroll_into_view_if_needed()
        page.wait_for_selector(".stage[data-ready]")
    if name == "index.html":
        page.keyboard.press("/")
        page.keyboard.type("adam")
        page.locator("dialog.search li a").first.wait_for()
    assert violations(page) == []
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")


@pytest.mark.browser
@pytest.mark.parametrize("name", ["index.html", "lessons/03_gradient_descent.html"])
def test_tab_goes_through_the_page_and_nothing_is_lost_at_320_pixels(served, watched, name):
    page = watched.page
    page.emulate_media(reduced_motion="reduce")
    page.goto(served.url + name)
    page.locator("figure.live .stage").first.scroll_into_view_if_needed()
    page.wait_for_selector(".stage[data-ready]")
    stops, wrong = harness.tab_walk(page)
    assert wrong == [] and len(stops) > 20
    page.set_viewport_size({"width": 320, "height": 800})
    page.evaluate(
        "window.scrollTo(0, 0)"
    )  # further down, what is scrolled by lies under the picture that stays
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert harness.layout_troubles(page) == []
    page.emulate_media(reduced_motion="no-preference")


@pytest.mark.browser
def test_a_link_leads_to_a_setting_of_a_figure_or_says_why_not(served, watched):
    page, address = watched.page, served.url + "lessons/03_gradient_descent.html"
    page.goto(f"{address}#03-valley-2?condition_number=100&step=3")
    page.wait_for_function(
        "() => document.getElementById('03-valley-2').stage?.values.condition_number === 100"
    )
    stage = "document.getElementById('03-valley-2').stage"
    assert page.evaluate(f"{stage}.at()") == 3 and page.evaluate(f"{stage}.frame.says")
    assert page.evaluate("document.getElementById('03-valley').stage?.values.condition_number ?? 20") == 20
    page.wait_for_function(
        "() => Math.abs(document.getElementById('03-valley-2').getBoundingClientRect().top) < innerHeight"
    )
    assert page.locator(".lost").is_hidden()
    page.evaluate("location.hash = '#03-valley-2?condition_number=100&rotation=90&step=12'")
    page.locator("[id='03-valley-2'] .oc-error", has_text="This link moves").wait_for()
    page.evaluate("location.hash = '#03-hills?learning_rate=0.3'")
    lost = page.locator(".lost")
    lost.wait_for()
    said = "This link asks for the figure “03-hills”, which this page does not have. Its figures are 03-valley, 03-valley-2,"
    assert lost.inner_text().startswith(said)
    assert watched.trouble == []


@pytest.mark.browser
def test_search_finds_words_names_and_parts_of_words_by_keyboard(served, watched):
    page = watched.page
    page.goto(served.url + "lessons/05_momentum.html")
    page.keyboard.press("/")
    page.locator("dialog.search li a").first.wait_for(state="detached")
    page.keyboard.type("condition num")
    first = page.locator("dialog.search li a").first
    first.wait_for()
    assert (
        "ondition number" in first.inner_text()
        and "99_glossary.html#term-condition-number" in first.get_attribute("href")
    )
    assert page.locator("dialog.search li a").count() > 5
    assert page.locator("dialog.search li a", has_text="03 Gradient descent").count()
    page.locator("#query").fill("epoch_batches")
    assert "04_sgd" in page.locator("dialog.search li a").first.get_attribute("href")
    page.locator("#query").fill("qwertyuiop")
    assert "Nothing says" in page.locator("dialog.search [role=status]").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator("dialog.search").is_visible()
    page.keyboard.press("Control+k")
    page.locator("#query").fill("condition number")
    page.keyboard.press("Enter")
    page.wait_for_url("**/lessons/99_glossary.html#term-condition-number")
    assert watched.trouble == []


# ---- what a stranger can bring into a page: its address, a search word, what is stored in the browser -------------------

RUNS = "window.ran = (window.ran ?? 0) + 1"
HOSTILE = [
    f"<img src=x onerror='{RUNS}'>",
    f"</script><script>{RUNS}</script>",
    f"\"><svg onload='{RUNS}'>",
    f"javascript:{RUNS}",
    f'<iframe srcdoc="<script>parent.{RUNS}</script>">',
    f"`${{{RUNS}}}`",
    "__proto__",
    "constructor",
    "-1",
    "1e999",
    "%E0%A4%A",
    "(((((((((((((([\\",
    "$& $1 $'",
    "\ud800",
]


def dropped_in(page) -> int:
    """Put hostile markup into the page, as a hole in its scripts would, and count what ran."""
    return page.evaluate(
        """async runs => {
            window.ran = 0;
            window.refused = 0;
            document.addEventListener("securitypolicyviolation", () => { window.refused += 1; });
            const place = document.createElement("div");
            document.body.append(place);
            place.innerHTML = `<img src="data:,x" onerror="${runs}"><a href="javascript:${runs}">x</a>`;
            place.querySelector("a").click();
            const inline = document.createElement("script");
            inline.textContent = runs;
            place.append(inline);
            setTimeout(runs, 0); // not eval: what Playwright evaluates may always do that
            while (window.ran + window.refused < 4) await new Promise(done => setTimeout(done, 50));
            await new Promise(done => setTimeout(done, 500)); // and a while for what must not come
            return window.ran;
        }""",
        RUNS,
    )


@pytest.mark.parametrize("place", ["from a server", "from a folder"])
@pytest.mark.browser
def test_what_gets_into_a_page_by_a_hole_runs_nothing(served, context, from_disk, place):
    page = from_disk.page if place == "from a folder" else context.new_page()
    name = "lessons/03_gradient_descent.html"
    page.goto(served.file(name) if place == "from a folder" else served.url + name)
    assert dropped_in(page) == 0 and page.evaluate("window.refused") >= 4
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        page.evaluate(
            """address => {
                fetch(address).catch(() => {});
                new Image().src = address + "x";
                navigator.sendBeacon(address + "y");
            }""",
            f"http://127.0.0.1:{elsewhere.getsockname()[1]}/",
        )
        page.wait_for_function("() => window.refused >= 7")
        with pytest.raises(BlockingIOError):  # nobody has knocked
            elsewhere.accept()
    page.close()


@pytest.mark.browser
def test_the_measure_sees_what_runs_where_there_is_no_policy(served, chromium):
    context = chromium.new_context()  # of its own: what a browser has kept of the course cannot be exchanged
    page = context.new_page()
    text = (served.folder / "index.html").read_text(encoding="utf-8").replace("Content-Security-Policy", "X")
    page.route("**/index.html", lambda route: route.fulfill(body=text, content_type="text/html"))
    page.goto(served.url + "index.html")
    assert dropped_in(page) >= 4
    context.close()


@pytest.mark.browser
def test_a_hostile_address_word_or_stored_value_runs_nothing_and_breaks_nothing(served, watched):
    page, name = watched.page, "lessons/03_gradient_descent.html"
    page.on("dialog", lambda dialog: watched.note(True, f"dialog: {dialog.message}"))
    page.goto(served.url + name)
    keys = page.evaluate(
        """[...document.querySelectorAll("[data-questions] script")].map(s => JSON.parse(s.textContent))
            .filter(q => q.kind === "prediction").map(q => "optcourse:predict:" + q.id)"""
    )
    assert len(keys) >= 2
    for value in HOSTILE:
        page.evaluate(
            "([keys, value]) => { for (const key of keys) localStorage.setItem(key, value); }",
            [[*keys, "optcourse:theme"], value],
        )
        address = value.encode("utf-8", "replace").decode()
        page.goto(f"{served.url}{name}?q={address}#{address}")
        page.locator("#search").click()
        field = page.locator("#query")
        field.fill(value)
        page.wait_for_function(
            "() => document.querySelector('dialog.search [role=status]').textContent.includes('place') || "
            "document.querySelector('dialog.search [role=status]').textContent.startsWith('Nothing')"
        )
        page.keyboard.press("Escape")
        assert page.evaluate("window.ran") is None, value
        assert page.evaluate("document.documentElement.dataset.theme") is None, value
        assert page.locator("form.oc-question").count() >= len(keys)
    page.evaluate("localStorage.clear()")
    # the icon of a page that is left again at once is not waited for
    assert [words for words in watched.trouble if not words.endswith("icon.svg")] == []


def test_every_page_has_the_policy_before_all_that_it_loads(served):
    pages = [path for path in served.folder.rglob("*.html") if "lite" not in path.parts]
    assert len(pages) == len(PAGES)
    for path in pages:
        text = path.read_text(encoding="utf-8")
        policy = text.index(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">')
        assert policy < min(text.index("<link"), text.index("<script")), path.name
        assert re.findall(r"<script(?![^>]* src=|[^>]*application/json)", text) == [], path.name


@pytest.mark.slow
def test_everything_that_search_can_find_is_there(served):
    entries = re.findall(r'"url":"([^"#]+)(?:#([^"]*))?"', (served.folder / "assets/search.js").read_text())
    pages = {name: (served.folder / name).read_text() for name in PAGES}
    assert len(entries) > 250
    for page, anchor in entries:
        anchor = anchor.replace("'", "&#x27;")
        assert (
            not anchor
            or f'id="{anchor}"' in pages[page]
            or f'id="{anchor.replace("&#x27;", chr(39))}"' in pages[page]
        )


@pytest.mark.browser
def test_the_button_changes_the_colours_of_page_and_figure_and_is_remembered(served, watched):
    page = watched.page
    ground = "getComputedStyle(document.body).backgroundColor"
    page.goto(served.url + "index.html")
    page.wait_for_selector(".stage[data-ready]")
    light, picture = page.evaluate(ground), page.locator(".oc-picture").first.evaluate(PICTURE)
    button = page.get_by_role("button", name="Use dark colours")
    button.click()
    dark = page.evaluate(ground)
    assert dark != light
    page.wait_for_function(
        f"before => ({PICTURE})(document.querySelector('.oc-picture')) !== before", arg=picture
    )
    page.goto(served.url + "lessons/99_glossary.html")
    assert page.evaluate(ground) == dark
    page.emulate_media(color_scheme="dark")
    page.get_by_role("button", name="Use light colours").click()
    assert page.evaluate(ground) == light
    page.emulate_media(color_scheme="light")
    assert page.evaluate(ground) == light
    page.evaluate("localStorage.clear()")
    page.emulate_media(color_scheme="dark")
    page.reload()
    assert page.evaluate(ground) == dark, "without a choice the system's colours are taken"
    assert watched.trouble == []


def said_and_true(box):
    """Both answers are marked in words, as soon as the picture has moved."""
    box.locator(".oc-mine", has_text="you said").filter(has_text="The walker arrives sooner").wait_for()
    box.locator(".oc-true", has_text="this happens").filter(has_text="It gets faster at first").wait_for()


@pytest.mark.browser
def test_a_prediction_keeps_its_answer_until_the_reader_has_one_and_is_remembered(served, watched):
    page = watched.page
    page.goto(served.url + "lessons/03_gradient_descent.html")
    box = page.locator(".box.predict").first
    assert "jumps from wall to wall" in box.inner_text()
    assert "this happens" not in page.locator("main").inner_text()
    commit = box.get_by_role("button", name="Commit")
    commit.click()
    assert "Choose one of the answers first" in box.inner_text()
    box.get_by_role("radio").nth(0).check()
    commit.click()
    said_and_true(box)
    assert box.get_by_role("radio").nth(1).is_disabled()
    page.reload()
    said_and_true(page.locator(".box.predict").first)
    assert watched.trouble == []


@pytest.mark.browser
def test_a_quiz_explains_each_choice_and_the_page_with_answers_has_them(served, watched):
    page = watched.page
    page.goto(served.url + "lessons/03_gradient_descent.html")
    quiz = page.locator(".box.quiz")
    assert quiz.locator("details").count() == 0
    choices = quiz.locator("form").first.get_by_role("radio")
    told = set()
    for k in range(choices.count()):
        choices.nth(k).check()
        told.add(quiz.locator(".oc-told").first.inner_text())
    assert len(told) == choices.count() and sum("Right" in words for words in told) == 1
    page.goto(served.url + "solutions/03_gradient_descent.html")
    assert page.locator(".box.quiz details li").count() == page.locator(".box.quiz form").count()
    assert page.locator(".box.predict details").count() == page.locator(".box.predict").count()


@pytest.mark.slow
def test_the_lesson_says_that_it_is_not_checked_and_the_solved_one_what_the_check_said(served):
    lesson = (served.folder / "lessons/03_gradient_descent.html").read_text()
    solved = (served.folder / "solutions/03_gradient_descent.html").read_text()
    count = lesson.count('class="box exercise"')
    assert count == 6 == lesson.count("Not checked here")
    blank, answer = (
        re.search('class="box exercise".*?check', text, re.DOTALL)[0] for text in (lesson, solved)
    )
    blank, answer = (re.sub("<.*?>", "", text) for text in (blank, answer))
    assert "your code here" in blank and "    return w\n" not in blank
    assert "your code here" not in answer and "    return w\n" in answer
    assert solved.count("of 3 points") + solved.count("of 2 points") == 6 and "Not checked here" not in solved
    assert 'href="../index.html#run"' in lesson


@pytest.mark.browser
def test_without_a_script_text_questions_and_words_of_figures_are_there(chromium, served):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served.url + "lessons/03_gradient_descent.html")
    text = page.locator("main").inner_text()
    assert "jumps from wall to wall" in text and "With JavaScript you can answer here." in text
    assert "In 50 steps the loss went" in text
    context.close()


@pytest.mark.slow
def test_the_glossary_leads_to_the_section_that_explains_the_word(served):
    glossary = (served.folder / "lessons/99_glossary.html").read_text()
    entry = re.search(r'<li><strong id="term-condition-number">.*?</li>', glossary, re.DOTALL)[0]
    assert re.search(r'href="03_gradient_descent.html#[^"]+">03</a>', entry)
    row = re.search(r'<tr>(?:(?!</tr>).)*id="term-learning_rate".*?</tr>', glossary, re.DOTALL)[0]
    assert re.search(r'href="00_start_here.html#[^"]+">00</a>', row)
    index = (served.folder / "terms.html").read_text()
    assert "lessons/99_glossary.html#term-nesterov-s-momentum" in index
    assert index.count("<dt>") > 90


@pytest.mark.slow
def test_a_lesson_can_be_opened_in_colab_and_cloned_in_vs_code(served):
    for name in ("00_start_here", "03_gradient_descent"):
        page = (served.folder / "lessons" / f"{name}.html").read_text()
        links = dict(re.findall(r'<a class="button" href="([^"]+)">([^<]+)</a>', page))
        repository = WHOLE_COURSE.removeprefix("https://github.com/")
        [address] = [link for link, words in links.items() if words == "Open in Colab"]
        place, _, file = address.partition("/blob/main/")
        assert place == f"https://colab.research.google.com/github/{repository}"
        assert file == f"colab/{name}.ipynb" and (COURSE / file).is_file()
        assert links[f"vscode://vscode.git/clone?url={quote(WHOLE_COURSE, safe='')}"] == "Clone in VS Code"
    for other in ("solutions/03_gradient_descent", "lessons/99_glossary"):  # not to be worked in
        assert "Open in Colab" not in (served.folder / f"{other}.html").read_text()


@pytest.mark.slow
def test_the_course_can_be_taken_home(served):
    with zipfile.ZipFile(served.folder / "course.zip") as archive:
        names = set(archive.namelist())
    assert {"optcourse/course.py", "optcourse/pyproject.toml", "optcourse/optcourse/cli.py"} <= names
    assert {
        f"optcourse/{folder}/{name}.ipynb" for folder in ("lessons", "solutions") for name in LESSONS
    } <= names
    assert not any("__pycache__" in name or "/.git/" in name for name in names)


# -- building again, and building what is broken -----------------------------------------------------


@pytest.mark.slow
def test_a_second_build_runs_nothing_and_gives_the_same_files(served):
    def files() -> dict[Path, bytes]:  # without the zip of the course, whose files other tests may touch
        return {p: p.read_bytes() for p in served.folder.rglob("*") if p.is_file() and p.suffix != ".zip"}

    before = files()
    again = build(COURSE, served.folder, cache=served.cache)
    assert again.executed == 0
    assert files() == before
    assert [p.name for p in served.folder.parent.iterdir()] == ["below"], "something was left behind"


def course(folder: Path, *cells: str) -> Path:
    """A course of one lesson with these cells, each given with its first line."""
    (folder / "source").mkdir(parents=True)
    text = (
        "# %% [markdown]\n# # 00 Small\n#\n# About 5 minutes. You need nothing.\n\n"
        + "\n\n".join(cells)
        + "\n"
    )
    (folder / "source" / "00_small.py").write_text(text)
    return folder


def test_what_is_wrong_with_a_page_fails_the_build_and_the_old_site_stays(tmp_path):
    root = course(
        tmp_path / "course",
        "# %% [markdown]\n# ## Links\n#\n# As $a\n# + b$ has it. [one](99_nowhere.ipynb) [two](#no-such-heading)\n"
        "# [good](#Links) [root](/etc/x.html)",
        "# %% [markdown]\n# ![](data:image/png;base64,AAAA) ![a map](https://example.org/map.png)",
        '# %%\nfrom IPython.display import HTML\n\nHTML(\'<script src="//evil.example/x.js"></script>'
        '<p style="background: url(http://evil.example/y.png)">here</p><a href="https://example.org/">fine</a>\')',
    )
    target = tmp_path / "site"
    target.mkdir()
    (target / MARKER).write_text("")
    (target / "index.html").write_text("the old site")
    with pytest.raises(SiteFailed) as failed:
        build(root, target)
    said = "\n".join(failed.value.faults)
    assert (
        "lessons/00_small.html, cell 'links_1': '99_nowhere.html' leads to a file that is not there." in said
    )
    assert "cell 'links_1': a formula is cut in two after 'As $a'" in said
    assert "'#no-such-heading' leads to no heading or element of lessons/00_small.html" in said
    assert "'/etc/x.html' begins at the host's root" in said
    assert "cell 'links_2': the picture 'data:image/png;base64,AAAA' has no words (alt)" in said
    assert "cell 'links_2': a picture is loaded from another host: https://example.org/map.png" in said
    assert "cell 'links_3': a script is loaded from another host: //evil.example/x.js" in said
    assert "a style is loaded from another host: http://evil.example/y.png" in said
    assert "#Links" not in said and "https://example.org/'" not in said
    assert (target / "index.html").read_text() == "the old site"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_cell_that_raises_fails_the_build_and_the_command_says_which(tmp_path, capsys):
    root = course(tmp_path / "course", "# %%\nx = 1", "# %%\nx / 0")
    assert command.main([str(tmp_path / "site"), "--root", str(root)]) == 1
    said = capsys.readouterr().err
    assert (
        "lessons/00_small.ipynb: cell 3 (00-small_3) stopped with ZeroDivisionError: division by zero" in said
    )
    assert "solutions/00_small.ipynb: cell 3" in said and "2 things to mend" in said
    assert not (tmp_path / "site").exists()


def test_a_folder_of_somebody_else_is_not_overwritten(tmp_path, capsys):
    root = course(tmp_path / "course")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    assert command.main([str(mine), "--root", str(root)]) == 1
    assert "mine holds files that are not a site of this course" in capsys.readouterr().err
    assert [p.name for p in mine.iterdir()] == ["thesis.txt"]
    (tmp_path / "file").write_text("")
    with pytest.raises(SiteFailed, match="is no folder"):
        build(root, tmp_path / "file")


def test_a_small_course_with_a_jupyterlite(tmp_path, monkeypatch, capsys):
    asked = []

    def stub(target: Path, course: Path, *, pyodide=None, say=None) -> lite.Lite:
        asked.append((course, pyodide.where))
        (target / "lab").mkdir(parents=True)
        # another's page
        (target / "lab" / "index.html").write_text('<script src="https://jupyter.org/x.js"></script>')
        return lite.Lite(target, "3.14", {}, ("numpy",), 1_000_000)

    monkeypatch.setattr(lite, "build", stub)
    root, here = course(tmp_path / "course", "# %%\n1 + 1"), str(distribution(tmp_path / "pyodide"))
    given = [str(tmp_path / "site"), "--root", str(root), "--lite", "--pyodide", here, "--links"]
    assert command.main(given) == 0
    assert asked == [(root, here)]
    page = (tmp_path / "site" / "lessons" / "00_small.html").read_text()
    assert 'href="../lite/lab/index.html?path=lessons/00_small.ipynb"' in page
    said = capsys.readouterr().out
    assert "Not in it: NumPy" in said

    def fails(*_: object, **__: object) -> None:
        raise lite.LiteError("there is no Pyodide")

    monkeypatch.setattr(lite, "build", fails)
    with pytest.raises(SiteFailed, match="there is no Pyodide"):
        build(root, tmp_path / "site", lite=True, pyodide=here)
    with pytest.raises(SiteFailed, match="JupyterLite: .*nowhere"):
        build(root, tmp_path / "site", lite=True, pyodide=str(tmp_path / "nowhere"))


def test_no_course_and_no_lessons_are_said_in_a_sentence(tmp_path, capsys):
    assert command.main(["--root", str(tmp_path)]) == 2
    assert "no source/ folder" in capsys.readouterr().err
    (tmp_path / "source").mkdir()
    with pytest.raises(BuildError, match="holds no lessons"):
        build(tmp_path, tmp_path / "site")
    with pytest.raises(SystemExit):
        command.main(["--jobs", "0"])


@pytest.mark.parametrize(
    "file, text, sentence",
    [
        ("a.html", "<p id=x></p><p id=x></p>", "a.html: 2 elements have the id 'x'"),
        ("a.html", "<img srcset='//b.example/c.png 2x' alt='a picture'>", "loaded from another host: //b.example/c.png"),
        ("a.html", "<link rel=stylesheet href=https://b.example/c.css>", "loaded from another host: https://b.example/c.css"),
        ("a.html", "<style>@import 'http://b.example/c.css';</style>", "loaded from another host: http://b.example/c.css"),
        ("a.html", "<script>fetch(\"https://b.example/d\")</script>", "loaded from another host: https://b.example/d"),
        ("a.html", "<a href='sub/'>x</a>", "'sub/' leads to a file that is not there"),
        ("a.html", "<img src='a.html'>", "has no words (alt)"),
        ("b.css", "a { background: url(missing.png) }", "b.css: 'missing.png' leads to a file that is not there"),
        ("b.css", "@font-face { src: url('https://b.example/f.woff2') }", "another host: https://b.example/f.woff2"),
        ("c.js", "navigator.sendBeacon('https://b.example/seen')", "another host: https://b.example/seen"),
        ("c.js", "image.src = `//b.example/p.gif`", "another host: //b.example/p.gif"),
    ],
)  # fmt: skip
def test_the_inspection_finds(tmp_path, file, text, sentence):
    (tmp_path / file).write_text(text)
    (tmp_path / "good.html").write_text(
        "<a href='#top' id=top>a</a> <a href='https://b.example/'>b</a> <img src=good.html alt=c>"
    )
    (tmp_path / "good.js").write_text(
        "// https://b.example is only named\nconst ns = 'http://www.w3.org/2000/svg';"
    )
    found = inspect(tmp_path)
    assert len(found.faults) == 1 and sentence in found.faults[0]
    assert found.elsewhere["https://b.example/"] == 1


def test_terms_are_read_from_lists_and_tables():
    terms = read_terms(
        "| symbol | in the code | in words | lesson |\n|---|---|---|---|\n| $w$ | `w` | the place | [00] |\n"
        "| $v$ | `w` | the other | [08] |\n\n- **Slope**: how steep. [00]\n- **Eigenvalue, eigenvector**: "
        "of the\n  Hessian. [03]\n"
        "- **Cosine** of two: an angle. **not this** [00]\n"
    )
    by_name = {term.name: term for term in terms}
    assert list(by_name) == ["Cosine", "Eigenvalue", "eigenvector", "Slope", "w"]
    assert by_name["w"].lessons == ("00", "08") and by_name["w"].is_code
    sections = [
        Section("00", "lessons/00.html", "00", "", "A", "a first word on slopes"),
        Section("00", "lessons/00.html", "00", "A", "A", "the slopes of w, here w is a word", code="w"),
        Section("03", "lessons/03.html", "03", "B", "B", "Eigenvalues, and a slope; w", code="w"),
        Section("03", "lessons/03.html", "03", "C", "C", "Slope", strong="slope"),
    ]
    find_places(terms, sections)
    assert [s.anchor for s in by_name["Slope"].places] == ["A", "C"]
    assert [s.anchor for s in by_name["Eigenvalue"].places] == ["B"]
    assert [s.anchor for s in by_name["w"].places] == ["A"]


def test_an_entry_of_the_glossary_gets_an_anchor_for_each_name_and_links_into_the_section():
    terms = read_terms("- **Cause & effect**, both: a < b. [00]\n- **Slope, rise**: how steep. [00] [03]\n")
    for term in terms:
        term.places = [Section("00", "lessons/00_start.html", "00", "The & sign", "A", "")]
    body = (
        '<ul><li><strong>Cause &amp; effect</strong>, both: a &lt; b. <a href="00_start.html">00</a></li>'
        '<li><strong>Slope, rise</strong>: how steep. <a href="00_start.html">00</a> <a href="03_gd.html">03</a></li>'
        "<li>A <strong>Slope, rise</strong> again</li></ul>"
    )
    start = '<a href="00_start.html#The%20%26%20sign">00</a>'
    assert with_places(body, terms) == (
        f'<ul><li><strong id="term-cause-effect">Cause &amp; effect</strong>, both: a &lt; b. {start}</li>'
        f'<li><a id="term-rise"></a><strong id="term-slope">Slope, rise</strong>: how steep. {start} '
        '<a href="03_gd.html">03</a></li><li>A <strong>Slope, rise</strong> again</li></ul>'
    )
