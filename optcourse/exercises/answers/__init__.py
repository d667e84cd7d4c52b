"""The answers of source/, a module a lesson, made by `optcourse build`: what an exercise compares with is what a lesson shows."""
