"""The live figure in the browser: its script and its style sheet, for a notebook, a saved page, slides and the web site."""

from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "stage.js"
STYLE = Path(__file__).parents[1] / "stage.css"


def script() -> str:
    """The script without its exports: `render` and `renderPage` are functions of the script that it is put into."""
    made = SCRIPT.read_text(encoding="utf-8")
    return made.replace("export default { render };", "").replace("export function", "function")


def style() -> str:
    return STYLE.read_text(encoding="utf-8")
