"""The live figure in the browser: its script and its style sheet, for a notebook, a saved page, slides and the web site.

The modules beside this file are the script. `optcourse build` joins them into the one file that anywidget wants.
"""

from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "stage.js"
STYLE = Path(__file__).parents[1] / "stage.css"


def script() -> str:
    """The script without its exports: `render` and `renderPage` are functions of the script that it is put into."""
    return SCRIPT.read_text(encoding="utf-8").replace("export default { render };", "")


def style() -> str:
    return STYLE.read_text(encoding="utf-8")


def module(name: str) -> str:
    """One of the modules that needs no other, to be put before a script that uses what it exports."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8").replace("\nexport ", "\n")
