"""Write manifest.json anew after files were exchanged: python -m optcourse.publishing.vendor katex=0.19.1"""

import json
import sys

from optcourse.publishing.vendor import MANIFEST, digests, recorded

versions = recorded()["versions"] if MANIFEST.exists() else {}
versions |= dict(word.split("=") for word in sys.argv[1:])
MANIFEST.write_text(json.dumps({"versions": versions, "files": digests()}, indent=1) + "\n", encoding="utf-8")
