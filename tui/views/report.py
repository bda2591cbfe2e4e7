"""The report itself: who asked for what, SLUB's part, the kill, and the call stack."""

from __future__ import annotations

from mmplay.engine.explain.event import limit_findings, own_numbers
from mmplay.engine.explain.finding import sentence
from mmplay.engine.frame import Ask
from mmplay.engine.report import Report, Request, SlubReport
from mmplay.engine.stack import StackEntry
from mmplay.tui.cells import CALM, RAW, Cell, Row, row, wrap
from mmplay.tui.views.owners import owner_rows, task_table_rows
from mmplay.tui.views.scene import View
from mmplay.tui.views.turn import CALL_STACK, turn_rows


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
