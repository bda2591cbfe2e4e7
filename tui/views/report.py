"""The report itself: who asked for what, SLUB's part, the kill, who had the memory, the call stack.

Of a simulated turn: who acted, what was decided, and the call stack of one decision.
"""

from __future__ import annotations

from mmplay.engine.explain.event import limit_findings, own_numbers
from mmplay.engine.explain.finding import sentence, size
from mmplay.engine.explain.where import memory_table
from mmplay.engine.frame import START, Ask, Decided, TurnFacts
from mmplay.engine.report import Report, Request, SlubReport
from mmplay.engine.stack import StackEntry
from mmplay.tui.cells import CALM, RAW, Cell, Row, fit, right, row, wrap
from mmplay.tui.views.scene import View

MARK_WIDTH = 2
CALL_STACK = "call stack, innermost first"
AT_START = "The run begins here: nothing has been decided yet."
UNDECIDED = "Nothing was decided in this turn: a task ran, slept or wrote."


def turn_rows(view: View, facts: TurnFacts) -> list[Row]:
    """Return the rows of a turn; the decision that the screen stands at has its stack below."""
    rows = [row(Cell(facts.actor, "label"))]
    shown = facts.decisions if view.inside is None else facts.decisions[: view.inside + 1]
    chosen = chosen_decision(facts, view.inside)
    for number, one in enumerate(shown):
        rows += _decision_rows(view, number, one, number == chosen)
    if not facts.decisions and not facts.acts:
        said = AT_START if facts.actor == START else UNDECIDED
        rows += [row(Cell(line, "dim")) for line in wrap(said, max(20, view.width))]
    if view.inside is not None:
        left = len(facts.decisions) - len(shown)
        rows.append(row(Cell(f"inside this turn: {left} decisions to come; i goes out", "dim")))
    rows += [row(Cell(f"> {act}", "here")) for act in facts.acts]
    if chosen is not None:
        rows += _decided_stack(view, facts.decisions[chosen])
    return rows


def chosen_decision(facts: TurnFacts, inside: int | None) -> int | None:
    """Return the decision whose stack is shown: where we stand, else a refusal, else the last."""
    if inside is not None:
        return min(inside, len(facts.decisions) - 1) if facts.decisions else None
    refused = [number for number, one in enumerate(facts.decisions) if one.refused]
    if refused:
        return refused[-1]
    return len(facts.decisions) - 1 if facts.decisions else None


def _decision_rows(view: View, number: int, one: Decided, chosen: bool) -> list[Row]:
    mark = ">" if chosen else "x" if one.refused else " "
    role = "refused" if one.refused else "text"
    lines = wrap(one.text, max(20, view.width - MARK_WIDTH))
    first = Cell(lines[0], role, Ask("decision", (number,)))
    return [
        row(Cell(f"{mark} ", "mark"), first),
        *(row("  ", Cell(line, role)) for line in lines[1:]),
    ]


def _decided_stack(view: View, one: Decided) -> list[Row]:
    if view.density == CALM or not one.stack:
        return []
    if view.density == RAW:
        listed = [row("  ", Cell(name)) for name in one.stack]
    else:
        text = " < ".join(one.stack)
        listed = [row("  ", Cell(line, "dim")) for line in wrap(text, max(20, view.width - 2))]
    return [row(Cell(CALL_STACK, "dim")), *listed]


NAME, PAGES, SIZE, SHARE = 15, 9, 10, 6
OVER = "over-counted"
"""What is left over when the owners come to more than all."""

LEAST_BAR = 6
MOST_BAR = 40

TASK_FIELDS = (("pid", 7), ("rss", 9), ("adj", 6))
"""Columns of a task: its number, resident pages, oom_score_adj."""


def owner_rows(view: View, report: Report) -> list[Row]:
    """Return where the memory was, largest first; nothing where the report does not say it."""
    table = memory_table(report)
    if table is None or table.managed <= 0:
        return []
    pages = {name: table.pages(name) for name in dict.fromkeys(one.name for one in table.rows)}
    width = min(MOST_BAR, view.width - NAME - PAGES - SIZE - SHARE - 1)
    rows = [row(Cell("where the memory was", "dim"))]
    for name, count in sorted(pages.items(), key=lambda item: -item[1]):
        if not count:
            continue
        share = max(0, count) * 1000 // table.managed
        bar = view.glyphs.fine * min(width, share * width // 1000) if width >= LEAST_BAR else ""
        percent = f"{share // 10} %" if share >= 10 else "<1 %"
        if count < 0:
            name, percent = OVER, ""
        rows.append(
            row(
                Cell(fit(name, NAME), "label"),
                Cell(right(str(count), PAGES), "number"),
                Cell(right(size(count * table.page_kb), SIZE), "dim"),
                Cell(right(percent, SHARE), "dim"),
                Cell(f" {bar}", "fine"),
            )
        )
    return rows


def task_table_rows(report: Report) -> list[Row]:
    """Return the tasks that the killer listed, those with most resident pages first."""
    if not report.tasks:
        return []
    victim = report.kill.pid if report.kill is not None else None
    head = "".join(right(name, width) for name, width in TASK_FIELDS)
    rows = [row(Cell("tasks, most resident pages first", "dim"))]
    rows.append(row(Cell(f"  {head}  task", "dim")))
    for task in sorted(report.tasks, key=lambda task: -_number(task.get("rss"))):
        chosen = victim is not None and task.get("pid") == victim
        numbers = "".join(right(str(task.get(name, "?")), width) for name, width in TASK_FIELDS)
        role = "refused" if chosen else "text"
        rows.append(row(Cell("> " if chosen else "  ", "mark"), Cell(numbers, role),
                        Cell(f"  {task.get('comm', '?')}", role)))  # fmt: skip
    return rows


def _number(value: int | str | None) -> int:
    return value if isinstance(value, int) else 0


def report_rows(view: View) -> list[Row]:
    """Return the rows of the report panel: a simulated turn's decisions, and the report."""
    report, facts = view.frame.report, view.frame.facts
    rows: list[Row] = turn_rows(view, facts) if facts is not None else []
    if report is None:
        return rows or [row(Cell("There is no report at this frame.", "dim"))]
    if rows:
        rows.append(row(Cell("printed", "dim")))
    rows += _own_rows(view, report)
    if report.kill is not None:
        rows += _kill_rows(view, report)
    if report.kind.by_killer:
        rows += [*owner_rows(view, report), *task_table_rows(report)]
    if report.request is not None:
        rows += _request_rows(view, report.request)
        rows += _stack_rows(view, report.request.stack)
    return rows or [row(Cell("This is a Mem-Info alone: no request was refused.", "dim"))]


def _own_rows(view: View, report: Report) -> list[Row]:
    """Return what only this kind of event says: a limit that was reached, the size of a vmalloc."""
    said = [sentence(one) for one in (*own_numbers(report), *limit_findings(report))]
    return [row(line) for text in said for line in wrap(text, max(20, view.width))]


def _kill_rows(view: View, report: Report) -> list[Row]:
    kill = report.kill
    if kill is None:
        return []
    killed = f"{kill.killed_comm or '?'} ({kill.killed_pid})"
    chosen = f"{kill.comm} ({kill.pid})"
    score: list[Cell] = []
    if kill.score is not None:
        score = [Cell("  score ", "dim"), Cell(str(kill.score), "number", Ask("score"))]
    rows = [row(Cell("chosen ", "dim"), Cell(chosen, "label", Ask("victim")), *score)]
    if kill.killed_pid is not None:
        about = Ask("victim") if killed == chosen else None
        rows, score = ([], score) if about is not None else (rows, [])
        sizes = (
            ("total-vm", kill.total_vm_kb),
            ("anon", kill.anon_rss_kb),
            ("file", kill.file_rss_kb),
            ("shmem", kill.shmem_rss_kb),
        )
        text = "  ".join(f"{name} {size}kB" for name, size in sizes if size is not None)
        rows.append(row(Cell("killed ", "dim"), Cell(killed, "label", about), *score))
        rows += [row(f"  {line}") for line in wrap(text, max(20, view.width - 2))]
    return rows


def _request_rows(view: View, request: Request) -> list[Row]:
    rows: list[Row] = []
    if request.comm is not None:
        who = [f"pid {request.pid}"] if request.pid is not None else []
        who += [f"cpu {request.cpu}"] if request.cpu is not None else []
        who += [f"order {request.order}"] if request.order is not None else []
        rows.append(row(Cell(request.comm, "label"), Cell("  " + "  ".join(who))))
    if request.mode is not None:
        names = request.names or _names(view, request.mode)
        mode = [Cell("mode ", "dim"), Cell(f"{request.mode:#x}", "number", Ask("mode"))]
        rows += _with_names(view, mode, names)
    caller = view.result.diagnosis.caller
    if caller is not None and request.mode is not None:
        doubt = "" if request.stack else "  unless it was freeing memory itself"
        rows.append(
            row(Cell("class ", "dim"), Cell(caller.caller.name, "label"), Cell(doubt, "unknown"))
        )
    if request.slub is not None:
        rows += _slub_rows(view, request.slub)
    return rows


def _with_names(view: View, mode: list[Cell], names: str) -> list[Row]:
    """Return a mask and its names behind it, or below it where they have no room there."""
    names = names.rstrip()
    if sum(len(cell.text) for cell in mode) + 2 + len(names) <= view.width:
        return [row(*mode, Cell(f"  {names}"))]
    parts = names.replace("|", "| ")
    lines = [line.replace("| ", "|") for line in wrap(parts, max(20, view.width - 2))]
    return [row(*mode), *(row(f"  {line}") for line in lines)]


def _names(view: View, mode: int) -> str:
    kernel = view.frame.kernel
    return kernel.gfp.format(mode) if kernel else ""


def _slub_rows(view: View, slub: SlubReport) -> list[Row]:
    mode = [Cell("SLUB ", "dim"), Cell(f"{slub.gfp:#x}", "number", Ask("slub", ("gfp",)))]
    rows = _with_names(view, mode, f"{slub.names or _names(view, slub.gfp)}  {slub.cache or ''}")
    if slub.nodes:
        sums = [sum(node[at] for node in slub.nodes) for at in (1, 2, 3)]
        cells: list[Cell] = []
        for name, label, value in zip(
            ("slabs", "objs", "slab_free"), ("slabs", "objs", "free"), sums, strict=True
        ):
            cells += [
                Cell(f"{label} ", "dim"),
                Cell(str(value), "number", Ask("slub", (name,))),
                Cell("  "),
            ]
        rows.append(tuple(cells))
    return rows


def _stack_rows(view: View, stack: tuple[StackEntry, ...]) -> list[Row]:
    if not stack:
        return [row(Cell("No call trace was printed.", "unknown"))]
    rows = [row(Cell(CALL_STACK, "dim"))]
    for n, entry in enumerate(stack):
        if entry.mark:
            rows.append(row(Cell(f"<{entry.mark}>", "mark")))
        if entry.guess and view.density == CALM:
            continue
        rows.append(row("? " if entry.guess else "  ", _symbol(view, entry, n)))
    return rows


def _symbol(view: View, entry: StackEntry, position: int) -> Cell:
    text = entry.symbol
    if view.density == RAW:
        text += f"+{entry.offset:#x}/{entry.size:#x}"
    if entry.module:
        text += f" [{entry.module}]"
    return Cell(text, "dim" if entry.guess else "text", Ask("entry", (position,)))
