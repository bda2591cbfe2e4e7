"""The lines of an OOM kill: task table, choice, deed."""

from __future__ import annotations

from mmplay.engine.report.report import OomKill, ReportKind
from mmplay.recordings.importer.message import Message
from mmplay.recordings.reports.builder import MOST_TASKS, ReportBuilder

KILLED_SIZES = ("total_vm", "anon_rss", "file_rss", "shmem_rss")


def task(builder: ReportBuilder, message: Message) -> None:
    """One row of the OOM killer's task table."""
    opened = builder.current(message)
    if opened is None or opened.report.memory is None:
        return
    if len(opened.report.tasks) < MOST_TASKS:
        opened.report.tasks.append(dict(message.values))
        builder.claim(opened, message)


def kill(builder: ReportBuilder, message: Message) -> None:
    """`Out of memory: Kill process`: the choice."""
    values = message.values
    kill = OomKill(
        values["pid"], values["comm"], values.get("score"), time_us=message.prefix.time_us
    )
    _kill(builder, message, kill)


def killed(builder: ReportBuilder, message: Message) -> None:
    """`Killed process`: the deed, with the victim's sizes."""
    values = message.values
    opened = builder.current(message)
    kill = opened.report.kill if opened is not None else None
    if kill is None or kill.killed_pid is not None:
        kill = OomKill(values["pid"], values["comm"], time_us=message.prefix.time_us)
    sizes = {f"{name}_kb": values[name] for name in KILLED_SIZES if name in values}
    kill = kill._replace(killed_pid=values["pid"], killed_comm=values["comm"], **sizes)
    _kill(builder, message, kill)


def _kill(builder: ReportBuilder, message: Message, kill: OomKill) -> None:
    opened = builder.current(message)
    done = opened is None or (
        opened.report.kill is not None and opened.report.kill.killed_pid is not None
    )
    if opened is None or done or opened.report.kind is ReportKind.FAILURE:
        opened = builder.begin(message, ReportKind.OOM_KILL)
    opened.report.kind = ReportKind.OOM_KILL
    opened.report.kill = kill
    builder.claim(opened, message)
