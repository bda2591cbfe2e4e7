"""Grades as other programs read them: JSON, CSV, Gradescope, JUnit, nbgrader."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from xml.etree import ElementTree

from mmplay.engine.errors import InputError, printable
from mmplay.levels.classroom.grading import Grade, Graded, Grades, LevelGrade
from mmplay.levels.classroom.judging import Judged, Status
from mmplay.levels.classroom.points import Part
from mmplay.levels.classroom.similar import similar

SCHEMA = 1
DIGITS = 4


def points(score: Fraction) -> float:
    """Return points as a number with few digits."""
    return round(float(score), DIGITS)


def shown(score: Fraction | float) -> str:
    """Return points for people, with at most two digits."""
    return f"{float(score):.2f}".rstrip("0").rstrip(".")


def grades_json(grades: Grades) -> dict[str, object]:
    """Return everything as plain data."""
    weights = {one.level.id: one.weight for one in grades.assignment.levels}
    return {
        "schema": SCHEMA,
        "assignment": grades.assignment.id,
        "title": grades.assignment.title,
        "due": grades.assignment.due.isoformat(),
        "students": [_student_json(one, weights) for one in grades.students],
        "files": [_file_json(one) for one in grades.files],
        "similar": [{**one._asdict(), "students": [*one.students]} for one in similar(grades)],
    }


def _student_json(one: Grade, weights: Mapping[str, int]) -> dict[str, object]:
    return {
        "student": one.student,
        "score": points(one.score),
        "max_score": sum(weights.values()),
        "late": one.late,
        "late_by": one.late_by or None,
        "levels": [_level_json(level, weights[level.judged.level]) for level in one.levels],
    }


def _level_json(one: LevelGrade, weight: int) -> dict[str, object]:
    found = one.judged
    claim = {"stars": found.claim.stars, "acts": found.claim.acts} if found.claim else None
    again = {"outcome": found.outcome, "stars": found.stars, "acts": found.acts}
    return {
        "level": found.level,
        "status": str(found.status),
        "reason": found.reason,
        "claimed": claim,
        "reexecuted": again if found.outcome else None,
        "score": points(found.score),
        "max_score": weight,
        "parts": [_part_json(part) for part in found.parts],
        "tries": one.tries,
        "hints": found.hints,
        "lowest_free": found.lowest_free if found.outcome else None,
        "slips": [slip._asdict() for slip in found.slips],
        "replay": _replay_json(one),
    }


def _replay_json(one: LevelGrade) -> dict[str, object] | None:
    deciding = one.judged.deciding
    if deciding is None or one.graded is None:
        return None
    return {"file": printable(one.graded.path), **deciding._asdict()}


def _part_json(part: Part) -> dict[str, object]:
    return {
        "name": part.name,
        "score": points(part.score),
        "max_score": points(part.max_score),
        "reason": part.reason,
    }


def _file_json(one: Graded) -> dict[str, object]:
    return {
        "path": printable(one.path),
        "student": one.student or None,
        "status": str(one.status),
        "reason": printable(one.reason),
    }


# texts


def as_json(grades: Grades) -> str:
    """Return one JSON object."""
    return json.dumps(grades_json(grades), indent=1) + "\n"


def as_csv(grades: Grades) -> str:
    """Return a row for each student: score, whether late, and each level's status and score."""
    most = sum(one.weight for one in grades.assignment.levels)
    ids = [one.level.id for one in grades.assignment.levels]
    names = [name for ident in ids for name in (f"{ident}_status", f"{ident}_score")]
    rows: list[list[object]] = [["student", "score", "max_score", "late", *names]]
    for one in grades.students:
        cells = [
            cell
            for level in one.levels
            for cell in (str(level.judged.status), points(level.judged.score))
        ]
        late = "" if one.late is None else str(one.late).lower()
        rows.append([one.student, points(one.score), most, late, *cells])
    return _csv(rows)


def _csv(rows: list[list[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


NBGRADER = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)


def as_nbgrader(grades: Grades) -> str:
    """Return the grades in the columns of nbgrader's own CSV export."""
    most = sum(one.weight for one in grades.assignment.levels)
    rows: list[list[object]] = [[*NBGRADER]]
    for one in grades.students:
        times = [level.graded.written for level in one.levels if level.graded is not None]
        written = max((time for time in times if time is not None), default=None)
        score, due = points(one.score), grades.assignment.due.isoformat()
        time = written.isoformat() if written is not None else ""
        who = [one.student, "", "", ""]
        rows.append([grades.assignment.id, due, time, *who, score, 0.0, score, float(most)])
    return _csv(rows)


def as_gradescope(grades: Grades) -> str:
    """Return Gradescope's results.json of one student; raises InputError for several."""
    handed = [one for one in grades.students if any(level.graded for level in one.levels)]
    if len(handed) > 1:
        problem = "Gradescope takes the results of one student at a time; grade one hand-in"
        raise InputError(f"{len(handed)} students: {problem}")
    tests = [test for one in handed for level in one.levels for test in _tests(level.judged)]
    score = points(handed[0].score) if handed else 0.0
    lines = [": ".join(filter(None, (one.path, one.status, one.reason))) for one in grades.files]
    result = {
        "score": score,
        "output": "\n".join(map(printable, lines)),
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }
    return json.dumps(result, indent=1) + "\n"


def _tests(judged: Judged) -> Iterator[dict[str, object]]:
    for part in judged.parts:
        yield {
            "name": f"{judged.level} {part.name}",
            "score": points(part.score),
            "max_score": points(part.max_score),
            "status": "passed" if part.score == part.max_score else "failed",
            "output": part.reason,
            "tags": [judged.level, str(judged.status)],
            "visibility": "visible",
        }


def as_junit(grades: Grades) -> str:
    """Return JUnit XML: a suite for each student, a test for each goal and question."""
    top = ElementTree.Element("testsuites", name=grades.assignment.id)
    for one in grades.students:
        suite = ElementTree.SubElement(top, "testsuite", name=one.student)
        counts = {"tests": 0, "failures": 0, "skipped": 0, "errors": 0}
        for level in one.levels:
            for part in level.judged.parts:
                _test_case(suite, level.judged, part, counts)
        for name, count in counts.items():
            suite.set(name, str(count))
    ElementTree.indent(top)
    return ElementTree.tostring(top, encoding="unicode", xml_declaration=True) + "\n"


def _test_case(
    suite: ElementTree.Element, judged: Judged, part: Part, counts: dict[str, int]
) -> None:
    name, reason = printable(part.name), printable(part.reason)
    case = ElementTree.SubElement(suite, "testcase", classname=judged.level, name=name)
    counts["tests"] += 1
    if judged.status is Status.NONE:
        counts["skipped"] += 1
        ElementTree.SubElement(case, "skipped", message=reason)
    elif part.score < part.max_score:
        counts["failures"] += 1
        said = f"{points(part.score)} of {points(part.max_score)}: {reason}"
        ElementTree.SubElement(case, "failure", message=said, type=str(judged.status))


def as_table(grades: Grades) -> str:
    """Return a table for people: students, then files that are not in order, then what is alike."""
    ids = [one.level.id for one in grades.assignment.levels]
    most = sum(one.weight for one in grades.assignment.levels)
    width = max([len(one.student) for one in grades.students] + [len("student")])
    cells = [max(14, len(ident)) for ident in ids]
    head = "  ".join(ident.ljust(size) for ident, size in zip(ids, cells, strict=True))
    rows = [f"{'student':<{width}}  {head}  {'score':>13}  late"]
    for one in grades.students:
        levels = "  ".join(
            _level_cell(level).ljust(size) for level, size in zip(one.levels, cells, strict=True)
        )
        score = f"{shown(one.score)} of {most}"
        rows.append(f"{one.student:<{width}}  {levels}  {score:>13}  {_late_cell(one)}".rstrip())
    bad = [one for one in grades.files if one.status is not Status.GRADED or one.reason]
    files = [printable(f"{one.path}: {one.status}: {one.reason}") for one in bad]
    rows += ["", *files] if files else []
    for alike in similar(grades):
        who, count = ", ".join(alike.students), f"{alike.same_acts} of {alike.acts}"
        rows.append(f"{alike.level}: {who} did {count} telling acts alike; look at them yourself")
    return "\n".join(rows) + "\n"


def _level_cell(one: LevelGrade) -> str:
    found = one.judged
    if found.status is not Status.GRADED:
        return str(found.status) if not found.score else f"{found.status} {shown(found.score)}"
    return f"{'*' * found.stars:.<3} {shown(found.score)}"


def _late_cell(one: Grade) -> str:
    if not one.late:
        return "" if one.late is not None or not one.late_by else "?"
    return "late" if one.late_by == "received" else "late (claimed)"


FORMATS: dict[str, Callable[[Grades], str]] = {
    "table": as_table,
    "json": as_json,
    "csv": as_csv,
    "gradescope": as_gradescope,
    "junit": as_junit,
    "nbgrader": as_nbgrader,
}
"""Every format that grades are written in."""
