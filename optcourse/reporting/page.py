"""The report on a class's mistakes: one page for whoever teaches, which asks for nothing from outside."""

from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace

from optcourse.figures import render
from optcourse.grading.pages import environment
from optcourse.grading.sheets import write_file
from optcourse.lessons import title_of
from optcourse.reporting.findings import FEWEST, Findings, Mistake
from optcourse.reporting.pictures import code_of, drawn


def write_page(path: Path, findings: Findings) -> None:
    write_file(path, page(findings).encode())


def page(findings: Findings) -> str:
    lessons = [
        SimpleNamespace(
            title=title_of(lesson),
            hard=[h for h in findings.hard if h.exercise.lesson == lesson],
            mistakes=[_shown(m) for m in findings.mistakes if m.exercise.lesson == lesson],
        )
        for lesson in findings.lessons
    ]
    return (
        environment()
        .get_template("mistakes.html")
        .render(lessons=lessons, students=findings.students, fewest=FEWEST)
    )


def _shown(found: Mistake) -> SimpleNamespace:
    picture = drawn(found.exercise.id, found.misconception.id)
    scene = picture.explorer.frame() if picture else None
    return SimpleNamespace(
        exercise=found.exercise.title,
        id=f"{found.exercise.id}: {found.misconception.id}",
        count=found.count,
        of=found.of,
        sentence=found.misconception.sentence,
        code=code_of(found.exercise, found.misconception.id),
        picture="data:image/png;base64," + base64.b64encode(render.png(scene, dpi=80)).decode()
        if scene
        else "",
        says=scene.says if scene else "",
        explorer=bool(picture and picture.right),
    )
