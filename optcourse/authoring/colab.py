"""`colab/`: the lessons as Google Colab takes them from the repository. The first cell of code brings the course.

Colab's own kernel stands on old versions of IPython, ipywidgets and jupyter_client, so none of them is replaced: the wheel
is installed alone, without JupyterLab and the rest that it asks for elsewhere. What a lesson imports, Colab has.
"""

from __future__ import annotations

import json

from optcourse.place import WHOLE_COURSE

from . import notebook as nb
from .source import Lesson

FOLDER = "colab"
INSTALL = """# Google Colab lends you a machine that does not know the course. Run this cell first, each time you come here.
%pip install --quiet "anywidget>=0.9"
%pip install --quiet --no-deps optcourse
import anywidget
print("anywidget", anywidget.__version__)"""


def notebook_text(lesson: Lesson) -> str | None:
    """The lesson with blanks, its first cell of code before all others; None for one without code."""
    notebook = json.loads(nb.notebook_text(lesson, answers=False))
    cells = notebook["cells"]
    place = next((k for k, cell in enumerate(cells) if cell["cell_type"] == "code"), None)
    if place is None:
        return None
    cells.insert(
        place,
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "colab",
            "metadata": {},
            "outputs": [],
            "source": INSTALL.splitlines(keepends=True),
        },
    )
    notebook["metadata"]["optcourse"]["fingerprint"] = nb.fingerprint(cells)
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def address(name: str) -> str:
    """Where a lesson, such as "03_gradient_descent", opens in Colab."""
    repository = WHOLE_COURSE.removeprefix("https://github.com/")
    return f"https://colab.research.google.com/github/{repository}/blob/main/{FOLDER}/{name}.ipynb"
