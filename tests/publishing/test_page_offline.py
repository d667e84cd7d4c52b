"""The course without a network, from a path of a plain static host, in a real browser: kept after a touch, and renewed whole."""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Error

from optcourse.publishing.site import offline
from optcourse.publishing.site.writing import LITE
from tests.conftest import free_port, until

pytestmark = pytest.mark.timeout(900)
PATH = "some/path/course"
LESSON = "lessons/03_gradient_descent.html"
ANOTHER = "lessons/05_momentum.html"
REGISTERED = "navigator.serviceWorker.getRegistrations().then((all) => all.length)"
KEPT = """caches.open("optcourse:" + new URL("../", location)).then((cache) => cache.keys())
    .then((all) => all.map(({ url }) => url))"""


@dataclass
class Host:
    """A static host with the course below a path; `asked` are the paths that were asked for, `broken` comes in part."""

    root: Path
    port: int
    asked: list[str] = field(default_factory=list)
    broken: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{PATH}/"

    @property
    def site(self) -> Path:
        return self.root / PATH

    @contextmanager
    def up(self) -> Iterator[None]:
        """Reachable meanwhile; before and after, nothing answers."""
        host = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                host.asked.append(self.path)
                if host.broken and self.path.endswith(host.broken):
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(b"half of")
                else:
                    super().do_GET()

            def log_message(self, *_: object) -> None:
                pass

        handler = functools.partial(Handler, directory=str(self.root))
        with http.server.ThreadingHTTPServer(("127.0.0.1", self.port), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield
            server.shutdown()

    def renew(self, page: str, old: str, new: str) -> None:
        """Another version of the course, in which one page says something else."""
        text = (self.site / page).read_text(encoding="utf-8")
        assert old in text
        (self.site / page).unlink()  # the site that other tests read lies behind the same file
        (self.site / page).write_text(text.replace(old, new), encoding="utf-8")
        offline.write_worker(self.site, leave_out=LITE)

    def keys(self) -> set[str]:
        """What a browser keeps of this version."""
        first = (self.site / offline.WORKER).read_text(encoding="utf-8").splitlines()[0]
        listed = json.loads(first.removeprefix("const FILES = ").removesuffix(";"))
        return {f"{self.url}{path}?{digest}" for path, digest in listed.items()}


@pytest.fixture
def host(alive: Path, tmp_path: Path) -> Host:
    shutil.copytree(alive, tmp_path / PATH, copy_function=os.link)
    (tmp_path / PATH / offline.WORKER).unlink()
    offline.write_worker(tmp_path / PATH, leave_out=LITE)
    return Host(tmp_path, free_port())


@pytest.fixture
def context(chromium) -> Iterator:
    """A reader's browser, which notes what goes to any other host, and what its console says is wrong."""
    context = chromium.new_context()
    context.addresses, context.trouble = [], []
    context.on("request", lambda request: context.addresses.append(request.url))
    context.on(
        "console", lambda m: context.trouble.append(m.text) if m.type in ("error", "warning") else None
    )
    context.on("weberror", lambda error: context.trouble.append(str(error.error)))
    yield context
    context.close()


def opened(context, address: str):
    page = context.new_page()
    page.goto(address)
    return page


def loaded_again(page) -> bool:
    """Whether a reload came to its end. A page that just then loads itself again, for a newer version, ends it."""
    try:
        page.reload()
    except Error as error:
        if "Not attached to an active page" in str(error) or "interrupted by another navigation" in str(
            error
        ):
            return False
        raise
    return True


def waiting(page) -> bool:
    return page.evaluate("navigator.serviceWorker.getRegistration().then((found) => Boolean(found.waiting))")


@pytest.mark.browser
@pytest.mark.slow
def test_after_one_visit_the_course_works_without_a_network_and_a_new_version_comes_whole(context, host):
    with host.up():
        page = opened(context, host.url + LESSON)
        page.wait_for_load_state("networkidle")
        assert page.evaluate(REGISTERED) == 0 and not any(offline.WORKER in path for path in host.asked)
        shown = (host.site / LESSON).read_text(encoding="utf-8")  # what the page itself does not ask for
        host.broken = next(p.name for p in (host.site / "figures").glob("*.js") if p.stem not in shown)
        page.keyboard.press("Shift")
        until(lambda: host.broken in "".join(host.asked) and page.evaluate(REGISTERED) == 0)
        host.broken = ""
        assert (come := page.evaluate(KEPT)) and len(come) < len(host.keys())
        page.reload()
        page.wait_for_load_state("networkidle")
        del host.asked[:]
        page.keyboard.press("Shift")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        assert set(page.evaluate(KEPT)) == host.keys()
        kept = (host.site / key.removeprefix(host.url).split("?")[0] for key in host.keys())
        assert sum(path.stat().st_size for path in kept) < 50e6  # what docs/website.md says
        asked = {path for path in host.asked if offline.WORKER not in path}
        assert len(asked) <= len(host.keys()) - len(come)  # it went on where it was broken off
        page.close()

    page = opened(context, host.url + ANOTHER)
    page.locator(".box.exercise").first.get_by_role("button", name="Edit").click()
    page.locator(".box.exercise .cm-content").first.fill("6 * 7")
    page.locator(".box.exercise").first.get_by_role("button", name="Run", exact=True).click()
    page.locator(".answer").first.get_by_text("42").wait_for()
    page.goto(host.url)
    assert page.get_by_role("link", name="Start with lesson 00").is_visible()

    host.renew("index.html", "How it works", "How it goes")
    with host.up():
        lesson = opened(context, host.url + ANOTHER)
        lesson.evaluate("navigator.serviceWorker.getRegistration().then((found) => found.update())")
        until(lambda: waiting(lesson))
        page.reload()  # two pages are open: the new version may not come between them
        page.get_by_text("A newer version of this course is here.").wait_for()
        assert page.get_by_role("heading", name="How it works").is_visible() and waiting(page)
        lesson.close()
        # at once for a reader; a worker that Playwright watches is never idle, and gives way to the next page only
        until(lambda: loaded_again(page) and page.get_by_role("heading", name="How it goes").count())
    page.goto(host.url + ANOTHER)
    assert page.locator(".box.exercise .cm-content").first.inner_text() == "6 * 7"
    until(lambda: set(page.evaluate(KEPT)) == host.keys())

    with host.up():  # the browser has thrown away what it kept: from the network, and kept anew
        page.evaluate("caches.keys().then((all) => Promise.all(all.map((name) => caches.delete(name))))")
        page.reload()
        until(lambda: page.evaluate(REGISTERED) == 0)
        page.reload()
        page.keyboard.press("Shift")
        until(lambda: set(page.evaluate(KEPT)) == host.keys())
    assert not [a for a in context.addresses if not a.startswith((host.url, "blob:", "data:"))]
    assert context.trouble == []


REFUSED = """
navigator.serviceWorker.register = () => Promise.reject(new DOMException("not here", "SecurityError"));
"""
FORBIDDEN = """
Object.defineProperty(navigator, "serviceWorker", { get() { throw new DOMException("not here", "SecurityError"); } });
"""


@pytest.mark.browser
@pytest.mark.slow
def test_where_the_course_cannot_be_kept_the_page_is_as_without(context, host):
    with host.up():
        page = opened(context, host.url + LESSON)
        quota = {"origin": host.url, "quotaSize": 5_000_000}
        context.new_cdp_session(page).send("Storage.overrideQuotaForOrigin", quota)
        page.keyboard.press("Shift")
        until(lambda: page.evaluate(KEPT) and page.evaluate(REGISTERED) == 0)
        assert len(page.evaluate(KEPT)) < len(host.keys())
        page.reload()
        page.wait_for_load_state("networkidle")
        del host.asked[:]
        page.keyboard.press("Shift")
        until(lambda: len(host.asked) > 1 and page.evaluate(REGISTERED) == 0)
        assert len(host.asked) < 20  # not all of it, visit after visit
        for script in (REFUSED, FORBIDDEN):
            context.add_init_script(script)
            page.reload()
            page.keyboard.press("Shift")
            page.locator(".stage").first.scroll_into_view_if_needed()
            page.wait_for_selector(".stage[data-ready]")
        assert context.trouble == []

        # another version comes while the page is open: its cells have another name, and nothing is mixed
        (cells,) = host.site.glob(LESSON.replace(".html", ".*.notebook.js"))
        cells.rename(cells.with_name("03_gradient_descent.of-another.notebook.js"))
        box = page.locator(".box.exercise").first
        box.get_by_role("button", name="Edit").click()
        box.get_by_role("button", name="Run", exact=True).click()
        box.get_by_text(
            "notebook.js cannot be loaded). What is not greyed out works all the same."
        ).wait_for()
        box.get_by_text("Loading this page again tries it anew.").wait_for()


def test_the_worker_knows_every_file_but_itself_and_its_text_is_the_same_for_the_same_site(tmp_path):
    for name in ("index.html", "lessons/a.html", "lessons/a.ipynb", "course.zip", ".marker", "lite/lab.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    offline.write_worker(tmp_path, leave_out="lite/")
    first = (tmp_path / offline.WORKER).read_bytes()
    offline.write_worker(tmp_path, leave_out="lite/")  # a worker that knew its own sum would never fit again
    assert (tmp_path / offline.WORKER).read_bytes() == first
    listed = re.findall(r'"([^"]+)":', first.decode().splitlines()[0])
    assert listed == ["index.html", "lessons/a.html", "lessons/a.ipynb"]
