"""A saved explorer: one HTML file with its frames inside, whose sliders move the picture with no kernel and no network."""

from __future__ import annotations

import base64
import html
import json
import pathlib

from optcourse.explorers import stage
from optcourse.explorers.engine import Explorer
from optcourse.explorers.packing import pack
from optcourse.explorers.still import still, still_html
from optcourse.figures.encode import encode

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>:root {{ color-scheme: light dark; --oc-page-light: #fff; --oc-page-dark: #111418; }}
{css}
body {{ margin: 1rem auto; max-width: 980px; font-family: system-ui, sans-serif; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #111418; color: #f0f0f0; }} }}</style></head>
<body><main><h1>{title}</h1>
{fragment}
</main></body></html>
"""


def packed(explorer: Explorer) -> dict:
    """The explorer as JSON data: what it shows now, and the table of frames of each slider. `renderPage` draws it."""
    packed = {
        "spec": explorer.spec,
        "values": explorer.values,
        "says": explorer.describe(),
        "tables": [],
    }
    meta, data = encode([explorer.frame()])
    packed["first"] = {"meta": meta, "data": base64.b64encode(data).decode()}
    for control in explorer.controls:
        if control.table:
            found = explorer.table(control.name, explorer.values)
            if found is not None:
                block = base64.b64encode(pack(*found)).decode()
                packed["tables"].append({"control": control.name, "packed": block})
    return packed


def fragment(explorer: Explorer, name: str = "explorer") -> str:
    """The explorer as an HTML fragment (a <div>, its data and its script) to be put into any page."""
    blob = json.dumps(packed(explorer), allow_nan=False).replace("</", "<\\/")
    return (
        f'<div id="{name}">{still_html(still(explorer))}</div>\n'
        f'<script type="application/json" id="{name}-data">{blob}</script>\n'
        f'<script type="module">{stage.script()}\n'
        f'renderPage(document.getElementById("{name}"), '
        f'JSON.parse(document.getElementById("{name}-data").textContent));</script>'
    )


def write_page(explorer: Explorer, path: str | pathlib.Path) -> pathlib.Path:
    """Write the explorer as one self-contained HTML page; refuses to overwrite a file that it did not write."""
    path = pathlib.Path(path)
    marker = "<!doctype html>\n<html lang"
    if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(marker):
        raise FileExistsError(f"{path} exists and is not a saved explorer; give another name")
    title = html.escape(explorer.title or "Explorer")
    page = _PAGE.format(title=title, css=stage.style(), fragment=fragment(explorer))
    path.write_text(page, encoding="utf-8")
    return path
