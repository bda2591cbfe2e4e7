"""A class on the screen: students with their levels, what is wrong where, one student in full."""

from __future__ import annotations

from mmplay.engine.errors import how_many, shortened
from mmplay.engine.explain.finding import as_sentence
from mmplay.engine.frame import Ask
from mmplay.levels.classroom.formats import shown
from mmplay.levels.classroom.report import IN_ORDER, LevelRow, Report, StudentRow, odd_files
from mmplay.tui.cells import Cell, Row, fit, right, row, wrap

STUDENT, REPLAY = "student", "replay"
"""The kinds of question that a student's name is, and a level of his: (student, level)."""

LEVEL, POINTS, HINTS, HELP = 7, 12, 7, 6
LEAST_WHY = 16
"""Columns from which a student's row says why he needs help."""

PART, PART_TEXT = 11, 63
"""Columns of a part's points and of its words, in a box of 80 columns."""

FAIR = "Nobody is accused by this: look at the recordings."
SHORT = {
    "forged_level": "forged",
    "forged_result": "forged",
    "wrong_seed": "seed",
    "other_assignment": "other",
    "damaged": "broken",
    "foreign": "other",
    "duplicate": "double",
}
"""Statuses in as many letters as a column has."""


def verdict(report: Report) -> str:
    """Return in a sentence or two who needs help and what is wrong most often."""
    helped, of = len(report.help), len(report.grades.students)
    need = "needs" if helped == 1 else "need"
    said = f"{helped} of {of} {need} help." if helped else "Nobody needs help."
    if report.misconceptions:
        most = report.misconceptions[0]
        said += f" Most often wrong, by {len(most.students)}: {most.text}"
    return as_sentence(said)


def student_rows(report: Report, width: int) -> list[Row]:
    """Return a row for each student: stars or status of each level, hints, points, help."""
    ids = [one.level for one in report.figures]
    students = report.grades.students
    name = max([len(one.student) for one in students] + [len("student")]) + 2
    fitting = max(1, (width - name - POINTS - HINTS - HELP) // LEVEL)
    head = "".join(fit(ident, LEVEL) for ident in ids[:fitting])
    title = f"{fit('student', name)}{head}{right('hints', HINTS)}{right('points', POINTS)}"
    helped = {one.student: "; ".join(one.reasons) for one in report.help}
    rows = [_student(one, name, fitting, helped.get(one.student), width) for one in students]
    more = len(ids) - fitting
    told = f"  {more} more levels: Enter" if more > 0 else ""
    return [row(Cell(title, "label"), Cell(fit(told, max(0, width - len(title))), "dim")), *rows]


def _student(one: StudentRow, name: int, fitting: int, helped: str | None, width: int) -> Row:
    cells = [Cell(fit(one.student, name), "number", Ask(STUDENT, (one.student,)))]
    cells += [_level(one, level) for level in one.levels[:fitting]]
    hints = sum(level.hints for level in one.levels)
    points = right(f"{shown(one.score)}/{shown(one.max_score)}", POINTS)
    cells.append(Cell(f"{right(str(hints), HINTS)}{points}"))
    if helped is None:
        return tuple(cells)
    room = width - sum(len(cell.text) for cell in cells) - HELP
    why = shortened(f": {helped}", room) if room > LEAST_WHY else ""
    return (*cells, Cell("  help", "refused"), Cell(why, "dim"))


def _level(student: StudentRow, one: LevelRow) -> Cell:
    if one.status == "graded" and one.reexecuted is not None:
        stars = one.reexecuted.stars
        role = "fine" if stars else "text"
        return Cell(fit(f"{'*' * stars:.<3}", LEVEL), role, _replay(student, one))
    if one.status == "none":
        return Cell(fit("-", LEVEL), "dim")
    return Cell(fit(SHORT.get(one.status, one.status), LEVEL), "refused", _replay(student, one))


def _replay(student: StudentRow, one: LevelRow) -> Ask | None:
    return Ask(REPLAY, (student.student, one.level)) if one.replay is not None else None


def wrong_rows(report: Report, width: int) -> list[Row]:
    """Return which misconceptions there are, and where the class sticks."""
    rows = [row(Cell("wrong answers, by what they come from", "label"))]
    for one in report.misconceptions:
        many = how_many(len(one.students), "students")
        count = f"{many}, {', '.join(one.questions[:3])}: "
        rows += _paragraph(count, one.text, width)
    rows += [] if report.misconceptions else [row(Cell("no question was answered wrong", "dim"))]
    rows += [row(""), row(Cell("not at once, of those who came to it", "label"))]
    for hard in report.hard:
        rows += _paragraph(f"{hard.missed} of {hard.of}, {hard.level}: ", hard.name, width)
    return rows if report.hard else [*rows, row(Cell("nothing", "dim"))]


def _paragraph(head: str, text: str, width: int) -> list[Row]:
    first, *more = wrap(f"{head}{text}", max(20, width - 2))
    return [row(Cell(first)), *(row(Cell(f"  {line}")) for line in more)]


def notice_rows(report: Report, width: int) -> list[Row]:
    """Return what a teacher should look at himself: what is not in order, acts that are alike."""
    odd = [
        (": ".join(filter(None, _odd(one, level))), _replay(one, level))
        for one in report.grades.students
        for level in one.levels
        if level.status not in IN_ORDER
    ]
    alike = [
        f"{one.level}: {', '.join(one.students)}: {one.same_acts} of {one.acts} acts are alike"
        for one in report.grades.similar
    ]
    files = [f"{one.path}: {one.status}: {one.reason}" for one in odd_files(report.grades)]
    lines = [*odd, *((line, None) for line in [*files, *alike])]
    rows = [made for line, ask in lines for made in _noticed(line, ask, width)]
    rows = rows or [row(Cell("everything that was handed in is in order"))]
    return [*rows, *(row(Cell(part, "dim")) for part in wrap(FAIR, max(20, width)))]


def _odd(one: StudentRow, level: LevelRow) -> tuple[str, str, str]:
    return f"{one.student} {level.level}", level.status, level.reason


def _noticed(line: str, ask: Ask | None, width: int) -> list[Row]:
    """Return a line over so many rows as it takes, of which the first can be opened."""
    first, *more = wrap(line, max(20, width))
    return [row(Cell(first, "text", ask)), *(row(Cell(part)) for part in more)]


def _under(line: str, role: str) -> Row:
    return row(Cell(f"{'':{PART}}  {line}", role))


def one_student_rows(one: StudentRow) -> list[Row]:
    """Return everything about one student: each part of each level, with its reason."""
    rows: list[Row] = []
    for level in one.levels:
        points = f"{shown(level.score)} of {shown(level.max_score)} points"
        head = f"{level.level}: {level.status}, {points}"
        rows.append(row(Cell(head, "label")))
        rows += [row(Cell(level.reason))] if level.reason else []
        for part in level.parts:
            role = "fine" if part.score == part.max_score else "refused"
            points = right(f"{shown(part.score)}/{shown(part.max_score)}", PART)
            first, *more = wrap(part.name, PART_TEXT)
            rows.append(row(Cell(points, role), Cell(f"  {first}")))
            rows += [_under(line, "text") for line in more]
            rows += [_under(line, "dim") for line in wrap(part.reason, PART_TEXT)]
        rows.append(row(""))
    return rows
