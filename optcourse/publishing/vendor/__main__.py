"""Write manifest.json anew after files were exchanged: python -m optcourse.publishing.vendor katex=0.19.1

The word `codemirror` bundles the editor anew first.
"""

import json
import sys
import tempfile
from pathlib import Path

from optcourse.publishing.vendor import FOLDER, MANIFEST, digests, recorded
from optcourse.publishing.vendor.bundle import bundle

words = sys.argv[1:]
if "codemirror" in words:
    words.remove("codemirror")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in bundle(FOLDER / "codemirror", Path(folder)).items():
            (FOLDER / "codemirror" / name).write_text(text, encoding="utf-8")
versions = recorded()["versions"] if MANIFEST.exists() else {}
versions |= dict(word.split("=") for word in words)
MANIFEST.write_text(json.dumps({"versions": versions, "files": digests()}, indent=1) + "\n", encoding="utf-8")
