"""`optcourse site`: the whole course as static web pages, for any web server, and for a folder opened from a disk.

Each lesson twice, as it is handed out and with its answers, run from top to bottom; live figures by their frame tables; questions
that answer; search, glossary and an index of terms. No page asks another host for anything, and no page needs a kernel.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from optcourse.authoring.build import BuildError
from optcourse.place import NoCourseHere, source_root
from optcourse.publishing.lite import kept
from optcourse.publishing.site import SiteFailed
from optcourse.publishing.site.build import build
from optcourse.terminal import MovingLine


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns 0 when the site was written, 1 when it was not, 2 when the command cannot run."""
    arguments = parser().parse_args(argv)
    progress = Bar()
    try:
        root = source_root(arguments.root)
        target = (arguments.folder or root / "build" / "site").resolve()
        site = build(
            root,
            target,
            jobs=arguments.jobs,
            lite=arguments.lite,
            pyodide=arguments.pyodide or kept(root),
            python=not arguments.without_python,
            progress=progress,
        )
    except (BuildError, NoCourseHere) as error:
        progress.clear()
        print(f"optcourse site: {error}", file=sys.stderr)
        return 2
    except SiteFailed as error:
        progress.clear()
        for fault in error.faults:
            print(fault, file=sys.stderr)
        count = len(error.faults)
        print(
            f"optcourse site: not written, {count} thing{'s' if count > 1 else ''} to mend.", file=sys.stderr
        )
        return 1
    progress.clear()
    hosts = {re.sub(r"^\w+://([^/]+).*", r"\1", link) for link in site.inspection.elsewhere}
    print(
        f"optcourse site: {site.inspection.pages} pages, {site.files} files, {site.size / 1e6:.1f} MB in {site.folder}"
    )
    print(f"  {site.executed} notebooks run, {site.seconds:.0f} s. Open {site.folder / 'index.html'}")
    print(
        f"  {len(site.inspection.elsewhere)} links lead to {len(hosts)} other hosts; nothing is loaded from them."
    )
    print(f"  {site.python}")
    if site.lite:
        print(f"  {site.lite}")
    if arguments.links:
        print("\n".join(f"  {link}" for link in sorted(site.inspection.elsewhere)))
    return 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="optcourse site", description="Write the course as static web pages."
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, help="where to (default: build/site in the course's folder)"
    )
    parser.add_argument("--jobs", type=positive, default=2, help="notebooks that run at once (default: 2)")
    parser.add_argument(
        "--lite", action="store_true", help="with a JupyterLite, to run the lessons in the browser"
    )
    parser.add_argument(
        "--pyodide",
        default=os.environ.get("OPTCOURSE_PYODIDE"),
        help="a folder or address with Pyodide's distribution: Python in the pages, and for --lite",
    )
    parser.add_argument(
        "--without-python",
        action="store_true",
        help="no Python in the pages, also where a Pyodide is at hand",
    )
    parser.add_argument("--links", action="store_true", help="list the links that lead to other hosts")
    parser.add_argument("--root", type=Path, help="the course's folder (default: the one around this folder)")
    return parser


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


class Bar(MovingLine):
    """The moving line on a terminal; elsewhere one line for each notebook."""

    def __call__(self, done: float, total: int, words: str) -> None:
        """`done` may lie between two whole numbers; off a terminal only whole ones are worth a line."""
        if self.moving:
            self.draw(done, total, words)
        elif done == int(done):
            print(f"{int(done)}/{total}  {self.left(done, total)}  {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
