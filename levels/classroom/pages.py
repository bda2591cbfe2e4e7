"""Pages for a teacher as blocks: the report of a class; a worksheet for pen and paper, and its key.

The report is one page with pictures, or lines of text; a worksheet is made from level files and the
engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mmplay.engine.explain.finding import as_sentence
from mmplay.levels.classroom.formats import shown
from mmplay.levels.classroom.report import (
    MOST_ROWS,
    NO_CODE,
    Bin,
    Figures,
    Report,
    bins,
    handed_in,
    odd_files,
)
from mmplay.levels.classroom.unseen import deeds
from mmplay.levels.model import Level, Question
from mmplay.levels.play.questions import right_answer
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.solve import won
from mmplay.recordings.export import svg
from mmplay.recordings.export.blocks import (
    Block,
    Facts,
    Heading,
    Picture,
    Table,
    Text,
    markup,
    style,
)

WIDTH, HEIGHT, COLUMN, GAP = 1060, 150, 265, 25
BOTTOM, TOP = 24, 34
MOST_BARS, WIDEST_BAR = 5, 48
MOST_NAMES = 8

QUANTITIES = (
    ("acts", "acts"),
    ("lowest_free", "lowest free count, pages"),
    ("hints", "hints"),
    ("tries", "tries"),
)
"""What there is a histogram of, and what it is called; a bar is named by where it begins."""


def report_blocks(report: Report) -> Iterator[Block]:
    """Yield the whole report."""
    grades = report.grades
    handed = sum(map(handed_in, grades.students))
    yield Heading(1, f"{grades.title}: how the class did")
    due = ("due", [grades.due])
    facts = [due, ("handed in", [f"{handed} of {len(grades.students)} students"])]
    yield Facts([*facts, *(("teach next", [one]) for one in teach_next(report)[:1])])
    yield Heading(2, "Who needs help, and with what")
    yield from _helped(report)
    yield Heading(2, "Misconceptions")
    yield from _misconceptions(report)
    yield Heading(2, "Where the class gets stuck")
    yield from _hard(report)
    for figures in report.figures:
        yield Heading(2, f"How {figures.level} was played")
        yield from _figures(figures)
    yield Heading(2, "All students")
    yield _students(report)
    if odd := odd_files(grades):
        yield Heading(2, "Files to look at")
        rows = [(one.path, one.status, one.reason) for one in odd]
        yield Table("files that are not in order", ("file", "status", "why"), rows)
    if grades.similar:
        yield Heading(2, "Acts that are alike")
        yield Text("Alike is not copied: look at both recordings before you say anything.")
        yield _alike(report)


def teach_next(report: Report) -> list[str]:
    """Return the misconceptions that come from a known slip, with the level that asks about it."""
    return [
        f"{as_sentence(one.text)} Open {one.questions[0].split()[0]}."
        for one in report.misconceptions
        if one.code != NO_CODE
    ]


def _alike(report: Report) -> Table:
    rows = [
        (one.level, named(one.students), str(one.same_acts), str(one.acts))
        for one in report.grades.similar
    ]
    caption = "students whose wrong answers and detours in a level are the same"
    return Table(caption, ("level", "students", "the same", "of"), rows, frozenset({2, 3}))


def named(students: tuple[str, ...]) -> str:
    """Return names, the first of them if there are many."""
    more = len(students) - MOST_NAMES
    names = ", ".join(students[:MOST_NAMES])
    return f"{names} and {more} more" if more > 0 else names


def _helped(report: Report) -> Iterator[Block]:
    if not report.help:
        yield Text("Nobody: everyone has handed in every level and has half of the points.")
        return
    rows = [(one.student, "; ".join(one.reasons)) for one in report.help]
    yield Table("students who need help, those with most reasons first", ("student", "why"), rows)


def _misconceptions(report: Report) -> Iterator[Block]:
    if not report.misconceptions:
        yield Text("No question was answered wrong.")
        return
    rows = [
        (as_sentence(one.text), str(len(one.students)), named(one.questions), named(one.students))
        for one in report.misconceptions[:MOST_ROWS]
    ]
    head = ("where the wrong answers come from", "students", "asked in", "who")
    yield Table("wrong answers by the slip that they come from", head, rows, frozenset({1}))


def _hard(report: Report) -> Iterator[Block]:
    if not report.hard:
        yield Text("Nowhere: everybody who came to a question or a goal got it at once.")
        return
    rows = [(one.level, one.name, f"{one.missed} of {one.of}") for one in report.hard[:MOST_ROWS]]
    head = ("level", "question or goal", "not at once")
    yield Table(
        "what most did not get at once, of those who came to it", head, rows, frozenset({2})
    )


def _figures(one: Figures) -> Iterator[Block]:
    yield Text(f"{one.handed_in} handed it in, {one.won} won it.")
    found = [(words, bins(getattr(one, name), MOST_BARS)) for name, words in QUANTITIES]
    found = [(words, some) for words, some in found if some]
    if found:
        title = f"{one.level}: how many students had how many"
        words = "; ".join(f"{words}: {_in_words(some)}" for words, some in found)
        yield Picture(histograms(title, found), title, f"{title}: {words}")


def _in_words(found: list[Bin]) -> str:
    return ", ".join(f"{one.label}: {one.many}" for one in found if one.many)


def histograms(title: str, found: list[tuple[str, list[Bin]]]) -> str:
    """Return histograms beside each other as an svg element."""
    parts = [
        part
        for number, (words, some) in enumerate(found)
        for part in _histogram(words, some, number * COLUMN)
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="mm-svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img">\n<title>{markup(title)}</title>\n'
        f"<style>{style('picture')}</style>\n"
    )
    return head + "\n".join(parts) + "\n</svg>\n"


def _histogram(words: str, found: list[Bin], left: int) -> Iterator[str]:
    """Yield the parts of one histogram, from `left` on."""
    room, tallest = HEIGHT - TOP - BOTTOM, max(one.many for one in found)
    base, width = HEIGHT - BOTTOM, min(WIDEST_BAR, (COLUMN - GAP) // len(found))
    yield svg.text(left, 14, words, "strong")
    for number, one in enumerate(found):
        x, height = left + number * width, room * one.many // tallest
        middle, top = x + width // 2, base - height
        if one.many:
            yield svg.box(x + 2, top, width - 4, height, "dump")
            yield svg.text(middle, top - 4, str(one.many), "soft", "middle")
        yield svg.text(middle, base + 16, str(one.low), "soft", "middle")
    yield svg.line(left, base, left + width * len(found), base, "event")


def _students(report: Report) -> Table:
    grades = report.grades
    ids = [one.level for one in report.figures]
    rows = [
        (
            one.student,
            *(f"{shown(level.score)} ({level.status})" for level in one.levels),
            f"{shown(one.score)} of {shown(one.max_score)}",
            "late" if one.late else "?" if one.late is None and handed_in(one) else "",
        )
        for one in grades.students
    ]
    head = ("student", *ids, "points", "late")
    return Table("points by level", head, rows, frozenset({len(ids) + 1}))


LINE = "." * 60


def worksheet(title: str, levels: Sequence[Level]) -> Iterator[Block]:
    """Yield the sheet: each level's story, its questions in the file's order, room for answers."""
    yield Heading(1, title)
    yield Facts([("name", [LINE]), ("date", [LINE])])
    for level in levels:
        yield Heading(2, f"{level.id} {level.title}")
        yield from (Text(one) for one in level.story.split("\n\n"))
        yield Text(f"Task: {level.task}")
        for number, question in enumerate(_all(won(level)), 1):
            yield from _asked(number, question)


def _all(last: LevelRun) -> list[Question]:
    return [one for run in last.all_stages() for one in run.asking.forms_asked().values()]


def _asked(number: int, question: Question) -> Iterator[Block]:
    unit = f" (in {question.unit})" if question.unit else ""
    yield Text(f"{number}. {question.text}{unit}")
    if question.options:
        shown = [option.text for option in question.options]
        rows = [(f"[ ] {chr(ord('a') + place)}", text) for place, text in enumerate(shown)]
        yield Facts([(mark, [text]) for mark, text in rows])
    else:
        yield Text(f"Answer: {LINE}")


def key(title: str, levels: Sequence[Level]) -> Iterator[Block]:
    """Yield the key: each answer with the reason that the engine gives, and what wins."""
    yield Heading(1, f"{title}: key")
    yield Text(
        "Answers hold for the seed of the level file. Who plays has a machine of his own, on which "
        "some numbers differ; the rules are the same."
    )
    for level in levels:
        last = won(level)
        yield Heading(2, f"{level.id} {level.title}")
        rows = [row for run in last.all_stages() for row in _answers(run)]
        numbered = [(str(number), *row) for number, row in enumerate(rows, 1)]
        head = ("no.", "answer", "because")
        yield Table("answers", head, numbered)
        acts = [
            " ".join(act.fields) for run in last.all_stages() for act in deeds(run.session.acts)
        ]
        if acts:
            yield Facts([("acts that win", acts)])
        yield Text(
            f"In the real kernel: {level.real.function}, {level.real.path}: {level.real.text}"
        )
        if level.corrected:
            yield Text(" ".join(level.corrected))


def _answers(run: LevelRun) -> Iterator[tuple[str, str]]:
    for ident, question in run.asking.forms_asked().items():
        truth = run.truths[ident]
        said = right_answer(question, truth)
        shown = next((one.text for one in question.options if one.value == said), said)
        unit = f" {question.unit}" if question.unit and not question.options else ""
        yield f"{shown}{unit}", "; ".join(truth.explanation())
