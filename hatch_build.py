"""What goes into the wheel besides the package: the lessons, for `optcourse lab` in an empty folder."""

import os
import tempfile
import zipfile

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# optcourse/commands/handout.py finds them here.
CARRIED = "optcourse/carried"


class CarryTheLessons(BuildHookInterface):
    """The lessons as they are; the solutions packed, so that nobody comes upon an answer by looking around."""

    def initialize(self, version, build_data):
        if version == "editable":  # the clone itself is the course
            return
        lessons, solutions = (notebooks(os.path.join(self.root, name)) for name in ("lessons", "solutions"))
        # A copy that was handed out without its solutions can be installed, too.
        if not lessons or (solutions and list(lessons) != list(solutions)):
            raise RuntimeError("lessons/ and solutions/ are not whole: run `optcourse build` first")
        for name, path in lessons.items():
            build_data["force_include"][path] = f"{CARRIED}/lessons/{name}"
        self.packed = None
        if not solutions:
            return
        handle, self.packed = tempfile.mkstemp(".zip")
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, path in solutions.items():
                with open(path, "rb") as notebook:  # no date: the same notebooks give the same wheel
                    archive.writestr(zipfile.ZipInfo(name), notebook.read(), zipfile.ZIP_DEFLATED)
        build_data["force_include"][self.packed] = f"{CARRIED}/solutions.zip"

    def finalize(self, version, build_data, artifact_path):
        if version != "editable" and self.packed:
            os.remove(self.packed)


def notebooks(folder):
    """The notebooks of a folder, in order: name -> path."""
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return {name: os.path.join(folder, name) for name in names if name.endswith(".ipynb")}
