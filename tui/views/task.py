"""A level's panels: what it wants now, its machine piece by piece, the incident's lines beside."""

from __future__ import annotations

from mmplay.engine.errors import how_many
from mmplay.engine.frame import Ask
from mmplay.engine.sim.log.view import FREE, SlabRow, blocks_of, slabs_of
from mmplay.engine.sim.machine.machine import Machine
from mmplay.levels.model import Level, Question
from mmplay.levels.play.beside import Beside, beside, current, in_words
from mmplay.levels.play.deeds import can_be_done, orders_to_come
from mmplay.levels.play.game import LevelGame
from mmplay.levels.play.goals import GoalState, Outcome, most_missed
from mmplay.levels.play.questions import Reply
from mmplay.levels.play.run import LevelRun
from mmplay.tui.cells import CALM, Cell, Row, row, wrap
from mmplay.tui.glyphs import BOXES, Glyphs
from mmplay.tui.views.menu import STARS, stars_text

WIDE = 1000
"""Columns of rows that the box which shows them wraps."""

NOTHING = "this level's machine starts from none of the incident's logs"
EARLY = "the incident's log has no line yet"

END_KEYS = (
    ("Enter", "what it came to"),
    ("u", "undo"),
    ("R", "begin again"),
    ("q", "go back"),
)
REVIEW_KEYS = (("R", "begin the level"), ("Enter", "go back"))
REVIEWED = "All you missed is right now."
REVIEW = "This review changes no stars."
"""What is said after what was missed was played again."""

GLUED = "=\N{FIGURE SPACE}"
"""A sign and the value behind it, which no line parts."""

TOY_PAGES = 64
"""Zones up to this size show where their blocks lie."""

OBJECT_ACTS = ("kmalloc", "kfree")
"""Acts whose first word is a cache."""


def task_rows(game: LevelGame, width: int, density: str, glyphs: Glyphs = BOXES) -> list[Row]:
    """Return the rows of the task panel, `width` columns wide."""
    run, reply, said = game.level_run, game.reply, game.hinted
    rows = reply_rows(reply, width) if reply is not None else []
    rows += _piece_rows(run.level, run.session.live, width) if run.playing else []
    question = run.open_question()
    if not run.playing:
        rows += end_rows(game, width, glyphs)
    elif question is not None:
        rows += _question_rows(run, question, width)
    else:
        rows += goal_rows(run.goals(), width)
        rows += [one for group in choice_rows(run, width) for one in group]
    if said:
        rows += [row(Cell(line, "link")) for line in wrap(f"Hint: {said}", width)]
    if density != CALM and question is None and run.playing:
        rows += [row(Cell(line, "dim")) for line in wrap(run.level.task, width)]
    return rows


def _question_rows(run: LevelRun, question: Question, width: int) -> list[Row]:
    number = [one.id for one in run.questions].index(question.id) + 1
    head = f"{number}/{len(run.questions)}  "
    lines = wrap(head + question.text, width)
    rows: list[Row] = [row(Cell(line, "label")) for line in lines]
    for place, option in enumerate(question.options, 1):
        mark = Cell(f" {place} ", "number", Ask("choice", (place,)))
        shown = wrap(option.text, max(20, width - 4))
        rows.append(row(mark, Cell(shown[0])))
        rows += [row("   ", Cell(line)) for line in shown[1:]]
    unit = f" in {question.unit}" if question.unit else ""
    how = f"1-{len(question.options)} answer" if question.options else f"p answers{unit}"
    keys = f"{how}, H gives a hint, S skips (you cannot win with a skipped question)"
    if question.id in run.missed():
        keys = f"Asked again. {keys}"
    rows += [row(Cell(line, "dim")) for line in wrap(keys, width)]
    return rows


def goal_rows(goals: list[GoalState], width: int) -> list[Row]:
    """Return every goal, whether it is met, and why."""
    rows: list[Row] = []
    for goal in goals:
        mark, role = ("[x]", "fine") if goal.met else ("[ ]", "below_min")
        lines = wrap(f"{goal.text}: {goal.why}", max(20, width - 4))
        rows.append(row(Cell(f"{mark} ", role), Cell(lines[0])))
        rows += [row("    ", Cell(line)) for line in lines[1:]]
    return rows


def coming(run: LevelRun) -> str:
    """Return what comes next by itself, turn by turn; empty if nothing is known to."""
    orders = orders_to_come(run.session.to_end()) if run.level.by_turns else []
    if not orders:
        return ""
    pages = 1 << orders[0]
    then = f", then {' '.join(map(str, orders[1:]))}" if orders[1:] else ""
    return f"next: order {orders[0]} ({how_many(pages, 'pages')}){then}"


def limits_of(run: LevelRun) -> list[str]:
    """Return how near the run is to what loses it."""
    m = run.session.to_end()
    by_number: dict[str, list[str]] = {}
    for one in run.loses:
        now, _, loses = one.limit(m).partition(" (")
        by_number.setdefault(now, []).append(loses.removesuffix(")"))
    return [f"{now} ({'; '.join(loses)})" for now, loses in by_number.items()]


def choice_rows(run: LevelRun, width: int) -> list[list[Row]]:
    """Return the level's choices by number, each with its rows, and what may be done besides."""
    groups: list[list[Row]] = []
    m = run.session.to_end()
    for place, option in enumerate(run.level.choices, 1):
        if not can_be_done(m, option):
            continue
        lines = wrap(option.text.replace("= ", GLUED), max(20, width - 5))
        first, *more = (line.replace(GLUED, "= ") for line in lines)
        mark = Cell(f" {place} ", "number", Ask("choice", (place,)))
        groups.append([row(mark, " ", Cell(first)), *(row("    ", Cell(line)) for line in more)])
    if run.level.allow and not run.level.choices:
        words = f"press x to act: {', '.join(run.level.allow)}"
        groups.append([row(Cell(line, "dim")) for line in wrap(words, width)])
    return groups


def reply_rows(reply: Reply, width: int) -> list[Row]:
    """Return what an answer was worth, with the rule."""
    text, role = f"You said {reply.said()}: right.", "right"
    if not reply.right:
        text, role = (
            f"You said {reply.said()}. The right answer is {reply.kernel_says()}.",
            "refused",
        )
    rows = [row(Cell(line, role)) for line in wrap(text, width)]
    rows += [row(Cell(line)) for why in reply.feedback() for line in wrap(why, width)]
    return [*rows, row("")]


def end_rows(game: LevelGame, width: int, glyphs: Glyphs) -> list[Row]:
    """Return what a run came to, and the keys after it."""
    run = game.level_run
    won, role = run.outcome is Outcome.WON, "refused"
    head, keys = f"{run.outcome}: {run.reason}", END_KEYS if game.counts else REVIEW_KEYS
    rows = [row("")]
    if won:
        role = "fine"
        head = _won(run) if game.counts else REVIEWED
        stars = stars_text(run.score().stars, glyphs)
        rows += [row(" ", Cell(" ".join(stars), "here")), row("")] if game.counts else []
    rows += [row(" ", Cell(line, role)) for line in wrap(head, width - 2)]
    if not game.counts:
        rows += [row(" ", Cell(line, "dim")) for line in wrap(REVIEW, width - 2)]
    return [
        *rows,
        row(""),
        *(row(Cell(f" {key:<6}", "number"), Cell(text, "dim")) for key, text in keys),
    ]


def _won(run: LevelRun) -> str:
    score = run.score()
    acts = f"; acts {score.acts}, par {score.par}" if score.par or score.acts else ""
    return f"won: {score.stars} of {STARS} stars{acts}"


def story_rows(run: LevelRun) -> list[Row]:
    """Return the rows that a level begins with: story, task, what it teaches."""
    level = run.level
    rows = [one for text in level.story.split("\n\n") for one in (row(Cell(text)), row(""))]
    rows += [row(Cell(level.task, "label")), row("")]
    told = [
        f"What you learn: {level.learn}",
        cost_of(run),
        "I shows this text again, ? the keys.",
    ]
    return [*rows, *(row(Cell(one, "dim")) for one in told)]


def cost_of(run: LevelRun) -> str:
    """Return in a few words what two and three stars take."""
    level = run.level
    stages = (*(one.level for one in run.all_stages()), *level.stages)
    asked = sum(len(one.questions) for one in stages)
    acts = f"at most {how_many(level.par, 'acts')}, " if level.par else ""
    missed = f"at most {most_missed(asked)} of {how_many(asked, 'questions')} missed at first"
    return f"Two stars: {acts}{missed}. Three: none missed, and at most one hint (it is free)."


def incident_rows(game: LevelGame, index: int, width: int) -> list[Row]:
    """Pair the incident's lines up to a frame with those of the run."""
    lines = beside(game.level_run, game.session.first + index)
    return beside_rows(lines, game.time_us(index) or 0, width)


def beside_rows(lines: tuple[Beside, ...], time_us: int, width: int) -> list[Row]:
    """Return the pairs up to a moment, newest first: a logged line, the run's, what differs."""
    place = current(lines, time_us)
    if place < 0:
        said = EARLY if lines else NOTHING
        return [row(Cell(line, "dim")) for line in wrap(said, width)]
    return [one for pair in reversed(lines[: place + 1]) for one in _pair_rows(pair, width)]


def _pair_rows(pair: Beside, width: int) -> list[Row]:
    logged, *mine, verdict = in_words(pair)
    told = [(logged, "log"), *((line, "number") for line in mine), (verdict, _role(pair))]
    return [row(Cell(line, role)) for text, role in told for line in wrap(text, width)]


def _role(pair: Beside) -> str:
    if pair.simulated_us is None:
        return "dim"
    return "fine" if not pair.numbers else "below_min"


def _piece_rows(level: Level, m: Machine, width: int) -> list[Row]:
    """Return where blocks lie in toy zones, and the slabs of caches that a player may change."""
    lines = [*_block_lines(m), *_slab_lines(level, m)]
    return [row(Cell(line, "number")) for one in lines for line in wrap(one, width)]


def _block_lines(m: Machine) -> list[str]:
    return [
        f"pages, [free]:  {'  '.join(_block_word(*one) for one in blocks_of(m, zone))}"
        for zone in m.state.zones
        if zone.managed <= TOY_PAGES
    ]


def _block_word(first: int, last: int, what: str) -> str:
    pages = f"{first}-{last}" if last > first else str(first)
    return f"[{pages}]" if what == FREE else f"{pages} {what}"


def caches_of(level: Level, m: Machine) -> list[str]:
    """Return the slab caches whose objects a player may allocate or free."""
    words = [option.value.split() for option in level.choices]
    caches = dict.fromkeys(
        word[1] for word in words if word[0] in OBJECT_ACTS and word[0] in level.allow
    )
    return [cache for cache in caches if cache in m.cache_numbers]


def _slab_lines(level: Level, m: Machine) -> list[str]:
    return [
        f"slabs of {cache}:  {'  '.join(_slab_word(one) for one in slabs_of(m, cache))}"
        for cache in caches_of(level, m)
    ]


def _slab_word(one: SlabRow) -> str:
    """Say what is in a slab: `cpu 32/64`, `partial 5/64`, `12 full`."""
    if one.in_use == one.objects:
        return f"{one.slabs} {one.where}"
    return f"{one.where} {one.in_use}/{one.objects}"
