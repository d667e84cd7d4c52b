"""A pytest plug-in that comes before all others: `-p optcourse.authoring.early`, as pyproject.toml has it."""

from optcourse.place import spare_grammars

# nbval, which comes next, imports nbformat
spare_grammars()
