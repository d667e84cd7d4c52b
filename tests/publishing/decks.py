"""What the tests of the slides share: a deck in a browser whose network is cut off, and what is measured on it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

SIZES = [(1280, 720), (1920, 1080), (1024, 768)]

# Every figure drawn, as before printing; then the deck as it was.
WAKE = """() => { window.dispatchEvent(new Event("beforeprint")); window.dispatchEvent(new Event("afterprint")); }"""

# What sticks out of its slide, all slides being laid out all the time. Left out: what only a screen reader sees, the insides of
# formulas (their boxes are larger than their ink), ticks under a slider.
SPILLS = """() => {
  const found = [];
  document.querySelectorAll("#deck > .slide").forEach((slide, k) => {
    const body = slide.querySelector(".body"), limit = body.getBoundingClientRect();
    if (body.matches(".scrolls")) found.push(`${k + 1}: larger than a slide`);
    for (const part of body.querySelectorAll("*")) {
      if (part.closest(".katex, .visually-hidden, .oc-said, .oc-live, .oc-flags, option")) continue;
      const box = part.getBoundingClientRect();
      if (!box.width || !box.height) continue;
      const sticks = Math.max(box.bottom - limit.bottom, box.right - limit.right, limit.left - box.left, limit.top - box.top);
      if (sticks <= 1.5) continue;
      const title = slide.querySelector("h2").textContent;
      found.push(`${k + 1} (${title}): ${part.tagName}.${part.className} by ${sticks.toFixed(1)} px`);
      break;
    }
  });
  return found;
}"""


@contextlib.contextmanager
def opened(chromium, url: str, *, size: tuple[int, int] = SIZES[0], **options) -> Iterator:
    """A deck in a page of its own. Leaving fails when it asked another host for something, or when a script failed."""
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, **options)
    asked, errors = [], []

    def guard(route) -> None:
        home = route.request.url.startswith(("http://127.0.0.1:", "file://"))
        asked.append(route.request.url)
        route.continue_() if home else route.abort()

    context.route("**/*", guard)
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url)
    page.wait_for_selector("html[data-ready]", state="attached")
    try:
        yield page
        own = url.split("#")[0]
        strangers = [one for one in asked if not one.startswith((own, "data:", "blob:", own + "ask"))]
        assert not strangers, strangers
        assert not errors, errors
    finally:
        context.close()


def place(page) -> int:
    """The number of the slide on the screen."""
    return int(page.inner_text("#page").split("/")[0])


def count(page) -> int:
    return page.locator("#deck > .slide").count()
