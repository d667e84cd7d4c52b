"""Run in a process of its own by test_nbgrader.py: generate, validate, autograde, feedback, with the real nbgrader.

    python nbgrader_round.py COURSE ASSIGNMENT

Prints JSON. The students' notebooks are written by the test; `COURSE/students.json` says which answers each gives.
"""

import json
import os
import sys
import warnings
from pathlib import Path

# sqlalchemy warns of nbgrader's own queries; this is not what is tried here.
warnings.simplefilter("ignore")


def main(course: Path, assignment: str) -> dict:
    from nbgrader.api import Gradebook
    from nbgrader.apps import NbGraderAPI
    from nbgrader.validator import Validator
    from traitlets.config.loader import PyFileConfigLoader

    os.chdir(course)
    config = PyFileConfigLoader("nbgrader_config.py", str(course)).load_config()
    api = NbGraderAPI(config=config)
    course_id = api.coursedir.course_id
    done = [api.generate_assignment(assignment)]
    release = course / "release" / assignment / f"{assignment}.ipynb"
    failed = {"blank": failures(Validator(config=config).validate(str(release)))}
    for student, answers in json.loads((course / "students.json").read_text()).items():
        submitted = course / "submitted" / student / assignment / release.name
        submitted.parent.mkdir(parents=True)
        submitted.write_text(json.dumps(answered(json.loads(release.read_text()), answers)))
        if student == "ada":
            failed[student] = failures(Validator(config=config).validate(str(submitted)))
        done.append(api.autograde(assignment, student))
    done.append(api.generate_feedback(assignment))
    with Gradebook("sqlite:///gradebook.db", course_id) as gradebook:
        marks = {
            submission.student.id: {
                grade.name: [grade.auto_score, grade.max_score, grade.needs_manual_grade]
                for notebook in submission.notebooks
                for grade in notebook.grades
            }
            for submission in gradebook.assignment_submissions(assignment)
        }
    return {"done": done, "failed": failed, "marks": marks, "course_id": course_id}


def answered(notebook: dict, answers: dict[str, str]) -> dict:
    """The release with some of its blanks filled in, by cell id."""
    for cell in notebook["cells"]:
        if cell["id"] in answers:
            assert cell["metadata"]["nbgrader"]["solution"]
            cell["source"] = answers[cell["id"]]
    return notebook


def failures(result: dict) -> list[str]:
    return [cell["error"] for cell in result.get("failed", [])] + [str(x) for x in result.get("changed", [])]


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2])))
