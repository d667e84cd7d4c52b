"""What the accessibility tests ask of a page in a real browser. Every function returns a list of sentences: what is wrong.

`violations(page)` is axe-core; the others look at what axe cannot see: the order and the ring of the focus, what lies over
what, and words that are painted on a canvas. tests/accessibility/test_harness.py shows each of them a page that is broken.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "experimental"]
SWITCHED_ON = ("target-size",)  # axe leaves this WCAG 2.2 AA rule out unless it is asked for by name
# Rules that are not asked for, each with its reason: experiments and habits only, nothing that axe holds for WCAG A or AA.
SWITCHED_OFF: dict[str, str] = {
    "p-as-heading": "experimental: takes a paragraph that is one formula, which KaTeX sets larger and slanted, for a heading",
}


@functools.cache
def axe_source() -> str:
    source = AXE.read_bytes()
    assert hashlib.sha256(source).hexdigest() == AXE_SHA256, (
        "vendor/axe.min.js is not the file that README.md names"
    )
    return source.decode()


def violations(page: Any, context: Any = None, *, rules: list[str] | None = None) -> list[str]:
    """What axe-core finds in the page, or in `context`: a selector or a list of them. `rules`: these only."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(axe_source() + "; undefined")
    where = (
        {"include": [[c] for c in ([context] if isinstance(context, str) else context)]} if context else None
    )
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    switches = {name: {"enabled": False} for name in SWITCHED_OFF} | {
        n: {"enabled": True} for n in SWITCHED_ON
    }
    options = {"runOnly": only, "resultTypes": ["violations"]} | ({} if rules else {"rules": switches})
    # what has just changed, such as the colours, is drawn before it is looked at
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found = page.evaluate("([where, options]) => axe.run(where || document, options)", [where, options])
    return [
        f"{rule['id']}: {rule['help']}: {' '.join(map(str, node['target']))}: {node['html'][:160]} "
        f"{'; '.join(check['message'] for check in node['any'] + node['all'] + node['none'])}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


# -- the focus --------------------------------------------------------------------------------------------------------------

FOCUSABLE = "a[href], button:enabled, input:enabled:not([type=hidden]), select:enabled, textarea:enabled, summary, [tabindex='0']"


def ask(page: Any, function: str, argument: Any = None) -> Any:
    """What a function of harness.js answers in the page."""
    return page.evaluate(f"argument => {asking()}.{function}(argument)", argument)


@functools.cache
def asking() -> str:
    return Path(__file__).with_name("harness.js").read_text(encoding="utf-8").partition("\n")[2].strip()


def luminance(rgb: tuple[float, ...]) -> float:
    """Relative luminance (WCAG 2.2) of red, green and blue from 0 to 255."""
    linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Contrast ratio (WCAG 2.2) of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def rgb(words: str) -> tuple[float, ...]:
    """'rgb(1, 2, 3)', 'rgba(1, 2, 3, 0.5)', 'color(srgb 1 1 0 / 0.5)' or '#010203' as numbers; transparency is left out."""
    if words.startswith("#"):
        return tuple(int(words[i : i + 2], 16) for i in (1, 3, 5))
    if words.startswith("color(srgb "):
        return tuple(255 * float(part) for part in words[len("color(srgb ") : -1].split("/")[0].split())
    return tuple(float(part) for part in words[words.index("(") + 1 : -1].replace("/", ",").split(",")[:3])


def tab_walk(page: Any, root: str | None = None) -> tuple[list[dict], list[str]]:
    """Press Tab through the page (or through `root`, from its first control on): (stops, what is wrong).

    Wrong is: a control that Tab never reaches, a trap, an order other than the visual one, a stop without a ring of
    two pixels and contrast 3.
    """
    selector = ", ".join(f"{root} {part}" for part in FOCUSABLE.split(", ")) if root else FOCUSABLE
    wanted = ask(page, "order", selector)
    if not wanted:
        return [], ["there is nothing to reach by Tab"]
    stops, wrong, previous = [], [], None
    if root:
        page.evaluate("window.ocOrder[0].focus({focusVisible: true})")
    else:
        page.keyboard.press("Tab")
    for _ in range(len(wanted) + 200):  # what is drawn only when it comes near adds to them
        stop = ask(page, "stop", root)
        if stop is None or not stop["ours"] or (stops and stop["index"] == stops[0]["index"] >= 0):
            break
        if stop["again"]:
            wrong.append(f"keyboard trap: Tab does not leave {stop['what']}")
            break
        stops.append(stop)
        wrong += ring_troubles(stop)
        if previous is not None and not follows(previous, stop):
            wrong.append(f"the focus jumps back from {previous['what']} to {stop['what']}")
        previous = stop
        page.keyboard.press("Tab")
    missed = set(range(len(wanted))) - {stop["index"] for stop in stops}
    wrong += [f"Tab never reaches {wanted[index]}" for index in sorted(missed)]
    return stops, wrong


def focus(page: Any) -> dict | None:
    """The control that has the focus: what it is, where it lies, its ring; None where nothing has it."""
    return ask(page, "stop")


def follows(previous: dict, stop: dict) -> bool:
    """Whether a stop comes after another for a reader of rows and columns: lower, or further right.

    Within one control the order is free: the box to type a value in follows its slider wherever it stands.
    """
    if stop["row"] and stop["row"] == previous["row"]:
        return True
    lower = stop["top"] >= previous["bottom"] - 12
    beside = stop["bottom"] > previous["top"] and stop["left"] > previous["left"] - 1
    return lower or beside or stop["left"] >= previous["right"] - 1


def ring_troubles(stop: dict | None) -> list[str]:
    """What is wrong with the ring of the control that has the focus (`focus(page)`)."""
    if stop is None:
        return ["nothing has the focus"]
    style, width, color = stop["outline"]
    if style in ("none", "hidden") or (width < 2 and style != "auto"):  # "auto" is the browser's own ring
        return [f"no visible focus ring on {stop['what']}: outline {style} {width}px"]
    if style == "auto":
        return []
    ratio = contrast(rgb(color), rgb(stop["behind"]))
    return [f"the focus ring of {stop['what']} has contrast {ratio:.2f}"] if ratio < 3 else []


# -- what lies where --------------------------------------------------------------------------------------------------------


def layout_troubles(page: Any, root: str | None = None) -> list[str]:
    """Sideways scrolling, what is cut off, and what lies over what; of the whole page, or of `root`."""
    return ask(page, "layout", root)


TEXT_SPACING = (  # WCAG 2.2, 1.4.12
    "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }"
    " p { margin-bottom: 2em !important }"
)


def painted_troubles(page: Any) -> list[str]:
    """Words on the canvases that are cut off, squeezed together, or lie over each other."""
    return ask(page, "painted")


# -- the accessibility tree -------------------------------------------------------------------------------------------------

NAMED = {
    "slider",
    "textbox",
    "combobox",
    "checkbox",
    "button",
    "image",
    "img",
    "application",
    "link",
    "radio",
    "radiogroup",
    "group",
}


def tree(page: Any) -> list[dict]:
    """What a screen reader is given: role, name, value text and description of every node that is not ignored."""
    client = page.context.new_cdp_session(page)
    nodes = client.send("Accessibility.getFullAXTree")["nodes"]
    client.detach()

    def said(node: dict, key: str) -> str:
        return str(node.get(key, {}).get("value", ""))

    return [
        {
            "role": said(node, "role"),
            "name": said(node, "name"),
            "value": said(node, "value"),
            "properties": {p["name"]: p["value"].get("value") for p in node.get("properties", [])},
        }
        for node in nodes
        if not node.get("ignored")
    ]


def unnamed(nodes: list[dict]) -> list[str]:
    """Controls, pictures and groups without a name."""
    return [
        f"a {node['role']} without a name"
        for node in nodes
        if node["role"] in NAMED and not node["name"].strip()
    ]
