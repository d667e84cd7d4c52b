"""CodeMirror as one script: the packages of codemirror/package.json from the npm registry, bundled by esbuild."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

SOURCES = ("entry.js", "package.json", "package-lock.json")
OPTIONS = (
    "entry.js", "--bundle", "--minify", "--format=iife", "--global-name=optcourse.codemirror", "--target=es2022",
    "--legal-comments=none", "--charset=utf8", "--outfile=codemirror.min.js", "--metafile=meta.json",
)  # fmt: skip


def bundle(sources: Path, folder: Path) -> dict[str, str]:
    """The texts of codemirror.min.js and LICENSE, made in an empty folder from the sources. Raises BundleFailed."""
    for name in SOURCES:
        shutil.copyfile(sources / name, folder / name)
    run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
    run(["node_modules/.bin/esbuild", *OPTIONS], folder)
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    taken = [
        path for path, part in meta["outputs"]["codemirror.min.js"]["inputs"].items() if part["bytesInOutput"]
    ]
    packages = sorted({package_of(path) for path in taken if path.startswith("node_modules/")})
    licences = [
        f"{name}\n\n{(folder / 'node_modules' / name / 'LICENSE').read_text(encoding='utf-8')}"
        for name in packages
    ]
    script = (folder / "codemirror.min.js").read_text(encoding="utf-8")
    return {"codemirror.min.js": script, "LICENSE": "\n".join(licences)}


def package_of(path: str) -> str:
    """node_modules/@codemirror/view/dist/index.js: @codemirror/view."""
    parts = path.split("/")[1:]
    return "/".join(parts[: 2 if parts[0].startswith("@") else 1])


class BundleFailed(Exception):
    """npm or esbuild is not there, or stopped."""


def run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    except FileNotFoundError:
        raise BundleFailed(
            f"{command[0]} is not on the path; the bundle is made with npm (Node.js)"
        ) from None
    if done.returncode:
        raise BundleFailed(f"{' '.join(command[:2])} stopped: {done.stderr[-500:]}")
