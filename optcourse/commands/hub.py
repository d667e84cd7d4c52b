"""`optcourse hub`: the lines for a `jupyterhub_config.py` with which the lessons run as they do under `optcourse lab`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from optcourse.commands.lab import FIRST_LESSON
from optcourse.place import with_quiet_blas

# What `optcourse lab` writes beside the lessons, as files of the package: a hub's servers find them by JUPYTER_CONFIG_PATH.
SETTINGS_FOLDER = Path(__file__).parent / "hub_settings"

LINES = """\
# What the lessons of optcourse need. `optcourse hub` printed it; docs/jupyterhub.md says what each line is for.
c.Spawner.cmd = [{program}]
c.Spawner.environment.update({environment})
c.Spawner.default_url = "/lab/tree/lessons/{lesson}"
c.Spawner.args.extend(["--MappingKernelManager.cull_idle_timeout=3600", "--MappingKernelManager.cull_interval=300"])
c.Spawner.mem_limit = "1G"
"""


def main(argv: Sequence[str]) -> int:
    """Print the lines. Returns 2 where this environment cannot serve a hub's users."""
    argparse.ArgumentParser(
        prog="optcourse hub",
        description="Print the lines for jupyterhub_config.py. Run it in the environment that the students' servers use.",
    ).parse_args(list(argv))
    program = Path(sys.executable).with_name("jupyterhub-singleuser")
    if not program.is_file():
        print(
            f"optcourse hub: {program} is not there. The students' servers need JupyterHub in this environment, in the hub's\n"
            f"own version: {sys.executable} -m pip install jupyterhub",
            file=sys.stderr,
        )
        return 2
    print(lines(program), end="")
    return 0


def lines(program: Path) -> str:
    """The lines, for the environment in which `program` (jupyterhub-singleuser) is."""
    environment = {
        "JUPYTER_CONFIG_PATH": str(SETTINGS_FOLDER),
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment, not one in the student's home
        # No others of the administrator's: a hub does not hand its own environment on.
        **with_quiet_blas({}),
    }
    text = json.dumps(environment, indent=4).replace("\n}", ",\n}")
    return LINES.format(program=json.dumps(os.fspath(program)), environment=text, lesson=FIRST_LESSON)
