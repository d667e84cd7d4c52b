"""What the tests do not hold: changes to a module, one at a time, that no test notices. Not a test, and not in CI.

    python tests/mutants.py optcourse/progress.py tests/test_progress.py --sample 10

cosmic-ray makes the changes (`uv tool install cosmic-ray`), in a copy of the last commit, so nothing here is touched.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

COURSE = Path(__file__).resolve().parents[1]
SETTINGS = """
[cosmic-ray]
module-path = {module}
timeout = 900.0
excluded-modules = []
test-command = {command}

[cosmic-ray.distributor]
name = "local"
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("module", help="the file to change, such as optcourse/progress.py")
    parser.add_argument("tests", nargs="+", help="the tests that should notice")
    parser.add_argument("--sample", type=int, default=20, metavar="N", help="how many changes (default: 20)")
    options = parser.parse_args()
    program = shutil.which("cosmic-ray")
    if program is None:
        print(
            "mutants: cosmic-ray is not on the path. To have it: uv tool install cosmic-ray", file=sys.stderr
        )
        return 2
    with tempfile.TemporaryDirectory(prefix="optcourse-mutants-") as folder:
        copy, session = Path(folder) / "course", Path(folder) / "session.sqlite"
        subprocess.run(["git", "clone", "--quiet", str(COURSE), str(copy)], check=True)
        # Called as a module, pytest takes the package of the folder that it stands in: the copy.
        words = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-n",
            "0",
            "-p",
            "no:cacheprovider",
            *options.tests,
        ]
        settings = Path(folder) / "settings.toml"
        settings.write_text(
            SETTINGS.format(module=json.dumps(options.module), command=json.dumps(shlex.join(words)))
        )
        for step in (["init"], ["baseline"], ["exec"]):
            given = [str(settings)] if step == ["baseline"] else [str(settings), str(session)]
            if step == ["exec"]:
                keep_some(session, options.sample)
            subprocess.run([program, *step, *given], cwd=copy, check=True)
        return report(session)


def keep_some(session: Path, number: int) -> None:
    """Forget all changes but a random sample."""
    with sqlite3.connect(session) as db:
        db.execute(
            "CREATE TEMP TABLE sample AS SELECT job_id FROM work_items ORDER BY random() LIMIT ?", (number,)
        )
        for name in ("mutation_specs", "work_items"):
            db.execute(f"DELETE FROM {name} WHERE job_id NOT IN (SELECT job_id FROM sample)")
    db.close()


def report(session: Path) -> int:
    db = sqlite3.connect(session)
    alive = db.execute("SELECT diff FROM work_results WHERE test_outcome = 'SURVIVED'").fetchall()
    [total] = db.execute("SELECT count(*) FROM work_results").fetchone()
    db.close()
    for [diff] in alive:
        print(diff)
    print(f"{total - len(alive)} of {total} changes were noticed")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
