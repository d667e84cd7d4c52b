"""The script of the figures is what its modules give; and a module that would work only in the joined file is refused."""

import base64
from pathlib import Path

import pytest

from optcourse.authoring import build, join
from tests.conftest import COURSE

FOLDER, FILE = next(iter(join.SCRIPTS.items()))


def modules(folder: Path, **texts: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")
    return folder


GOOD = {
    "numbers": "// Numbers.\n\nconst ONE = 1;\nexport function add(a, b) { return a + b + ONE - 1; }\n",
    "shapes": 'import { add } from "./numbers.js";\n\nexport class Shape {\n  add(x) { return add(x, 1); }\n}\n',
    "main": 'import { add } from "./numbers.js";\nimport { Shape } from "./shapes.js";\n\n'
    "export function render() { return new Shape().add(add(1, 2)); }\nexport default { render };\n",
}


def test_modules_are_joined_each_behind_what_it_needs(tmp_path):
    made = join.joined(modules(tmp_path / "stage", **GOOD))
    places = [
        made.index(words) for words in ("function add", "class Shape", "function render", "export default")
    ]
    assert places == sorted(places) and "import " not in made.replace("is imported", "")
    assert made.count("export") == 1 and made.startswith("// Made by `optcourse build`")


@pytest.mark.browser
def test_the_joined_module_runs(page, tmp_path):
    made = base64.b64encode(join.joined(modules(tmp_path / "stage", **GOOD)).encode()).decode()
    script = f"import('data:text/javascript;base64,{made}').then((module) => module.default.render())"
    assert page.evaluate(script) == 4


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"main": "export function render() {}\nexport default { render };\n"}, "no module imports this one"),
        ({"main": 'import { add } from "./nowhere.js";\n'}, "nowhere.js, which is not there"),
        ({"shapes": 'import { ONE } from "./numbers.js";\n\nexport class Shape {}\n'}, "does not export it"),
        ({"shapes": 'import { less } from "./numbers.js";\n\nexport class Shape {}\n'}, "does not export it"),
        ({"shapes": "export class Shape {\n  add(x) { return add(x, 1); }\n}\n"}, "uses add of numbers.js"),
        ({"shapes": "export class Shape {\n  one() { return ONE; }\n}\n"}, "uses ONE of numbers.js"),
        ({"shapes": "const ONE = 2;\nexport class Shape {}\n"}, "ONE is also a name in"),
        ({"numbers": 'import { Shape } from "./shapes.js";\n' + GOOD["numbers"]}, "modules import each other"),
        ({"shapes": 'import * as n from "./numbers.js";\n' + GOOD["shapes"]}, "this is not understood"),
        ({"shapes": 'import { add } from "elsewhere";\n' + GOOD["shapes"]}, "this is not understood"),
        ({"shapes": GOOD["shapes"] + "export { Shape as Form };\n"}, "this is not understood"),
        ({"shapes": GOOD["shapes"] + "export default { Shape };\n"}, "this is not understood"),
    ],
)  # fmt: skip
def test_what_would_work_in_no_other_place_is_refused(tmp_path, changes, says):
    folder = modules(tmp_path / "stage", **GOOD | changes)
    with pytest.raises(join.CannotJoin, match=says):
        join.joined(folder)


def test_a_property_a_key_and_a_word_are_no_use_of_a_name(tmp_path):
    shape = 'const own = { add: 1 };\nexport class Shape {\n  add() { return own.add + "add"; } // add\n}\n'
    assert "own.add" in join.joined(modules(tmp_path / "stage", **GOOD | {"shapes": shape}))


def test_the_script_of_the_figures_is_what_its_modules_give():
    ((path, text),), problems = join.scripts(COURSE)
    assert not problems and path == COURSE / FILE and path.read_text(encoding="utf-8") == text


def test_build_makes_it_and_check_sees_a_change_on_either_side(tmp_path):
    (tmp_path / "source").mkdir()
    module = modules(tmp_path / FOLDER, **GOOD) / "numbers.js"
    assert [problem.path for problem in build.check(tmp_path).problems] == [FILE]
    assert build.build(tmp_path).written == [FILE]
    assert not build.check(tmp_path).problems and build.build(tmp_path).written == []
    for edited in (module, tmp_path / FILE):
        edited.write_text(edited.read_text() + "// a change\n")
        assert [problem.path for problem in build.check(tmp_path).problems] == [FILE]
        assert build.build(tmp_path).written == [FILE]
    module.write_text("export * from './other.js';\n")
    (problem,) = build.check(tmp_path).problems
    assert (problem.path, problem.line) == (f"{FOLDER}/numbers.js", 1)
    assert build.build(tmp_path).written == []
