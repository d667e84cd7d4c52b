"""The harness bites: pages that are broken on purpose, each reported by the function that real pages go through."""

import pytest

from tests.accessibility import harness

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><head><title>A page</title><style>
body {{ margin: 8px; background: #fff; color: #000 }} :focus-visible {{ outline: 3px solid #0072b2 }} {style}
</style></head><body><main><h1>A page</h1>{body}</main></body></html>"""

GOOD = (
    '<label>rate <input type="text" style="min-height:26px" value="0.1"></label> '
    '<button style="min-height:28px">Reset</button>'
)


@pytest.fixture
def shown(plain):
    def show(body, style=""):
        plain.goto("about:blank")
        plain.set_content(PAGE.format(body=body, style=style))
        return plain

    return show


def test_a_good_page_has_no_violation(shown):
    page = shown(GOOD)
    assert harness.violations(page) == []
    assert harness.layout_troubles(page) == []
    stops, wrong = harness.tab_walk(page)
    assert len(stops) == 2 and wrong == []
    assert harness.unnamed(harness.tree(page)) == []


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('<input type="text">', "label"),
        ('<input type="range" min="0" max="9">', "label"),
        ('<button type="button"></button>', "button-name"),
        ('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">', "image-alt"),
        ('<p style="color:#999">too pale to be read</p>', "color-contrast"),
        ("<h4>two levels too deep</h4>", "heading-order"),
        ('<div role="slider" tabindex="0">no value</div>', "aria-required-attr"),
        ('<button style="padding:0;border:0;width:12px;height:12px" aria-label="a"></button>'
         '<button style="padding:0;border:0;width:12px;height:12px" aria-label="b"></button>', "target-size"),
        ('<button aria-label="Delete">Save all of it</button>', "label-content-name-mismatch"),
        ('<a href="#x"></a>', "link-name"),
    ],
)  # fmt: skip
def test_axe_reports_it(shown, body, rule):
    assert any(line.startswith(rule + ":") for line in harness.violations(shown(body)))


def test_axe_looks_only_where_it_is_told(shown):
    page = shown(f'<div class="ours">{GOOD}</div><div class="theirs"><input type="text"></div>')
    assert harness.violations(page, ".ours") == []
    assert harness.violations(page, [".ours", ".theirs"]) != []


def test_only_rules_with_a_reason_are_switched_off_and_none_of_wcag(shown):
    known = {
        rule["ruleId"]: rule["tags"]
        for rule in shown(GOOD).evaluate(harness.axe_source() + "; axe.getRules()")
    }
    for rule, reason in harness.SWITCHED_OFF.items():
        assert len(reason.split()) >= 5
        assert "experimental" in known[rule] or not any(tag.startswith("wcag2") for tag in known[rule]), rule
    assert set(harness.SWITCHED_ON) <= set(known)


KEYBOARD = {
    "keyboard trap": (
        GOOD + '<input aria-label="trap" onkeydown="if (event.key === \'Tab\') event.preventDefault()">' + GOOD, ""),
    "Tab never reaches": ("<button>one</button><button tabindex='0' onfocus='this.blur()'>two</button>", ""),
    "no visible focus ring": (GOOD, "button:focus-visible { outline: none }"),
    "has contrast 1": (GOOD, "button:focus-visible { outline-color: #eeeeee }"),
    "the focus jumps back": (
        '<div style="display:flex;flex-direction:column-reverse"><button>below</button><button>above</button></div>', ""),
    "nothing to reach": ("<p>words</p>", ""),
}  # fmt: skip


@pytest.mark.parametrize("complaint", KEYBOARD)
def test_the_keyboard_walk_reports_it(shown, complaint):
    _, wrong = harness.tab_walk(shown(*KEYBOARD[complaint]))
    assert any(complaint in line for line in wrong), wrong


LAYOUT = {
    "scrolls sideways": '<div style="width:3000px">wide</div>',
    "is cut off": '<p style="height:12px;overflow:hidden">words<br>and more<br>and more</p>',
    "does not show all of": '<input type="text" aria-label="x" style="width:30px" value="0.123456789">',
    "lies over": '<p style="position:absolute;top:90px">first words</p><p style="position:absolute;top:92px">other words</p>',
}


@pytest.mark.parametrize("complaint", LAYOUT)
def test_the_layout_check_reports_it(shown, complaint):
    wrong = harness.layout_troubles(shown(LAYOUT[complaint]))
    assert any(complaint in line for line in wrong), wrong


def test_the_check_of_painted_words_reports_it(shown):
    page = shown(
        '<div id="x"><div class="oc-explorer"><canvas width="200" height="100"></canvas></div></div>'
    )
    page.evaluate("""() => {
      const canvas = document.querySelector('canvas'), c = canvas.getContext('2d');
      document.getElementById('x').stage = {painter: {ratio: 1}, panels: [{picture: canvas}], draw() {
        c.fillText('over the left edge', -30, 50); c.fillText('first', 100, 80); c.fillText('second', 102, 82);
        c.fillText('pressed into very little room', 10, 20, 40); }};
    }""")
    wrong = " ".join(harness.painted_troubles(page))
    assert "“over the left edge” is cut off" in wrong and "“first” lies over “second”" in wrong
    assert "is squeezed to" in wrong


def test_the_tree_names_what_has_no_name(shown):
    nodes = harness.tree(shown('<canvas role="img"></canvas><input type="range">' + GOOD))
    assert sorted(harness.unnamed(nodes)) == ["a image without a name", "a slider without a name"]
