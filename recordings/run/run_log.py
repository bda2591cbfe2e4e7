"""The kernel log of a simulated run: its lines, and the reports they make."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from itertools import islice
from typing import Any

from mmplay.engine.frame import LogLine
from mmplay.engine.printk.form import forms
from mmplay.engine.report import Report, ReportKind
from mmplay.engine.sim.log.stacks import Actor
from mmplay.engine.sim.log.view import request_of
from mmplay.engine.sim.machine.machine import Machine, Printed
from mmplay.recordings.log.builder import ReportBuilder
from mmplay.recordings.log.gather import feed, gather_one
from mmplay.recordings.log.lines import NEWLINE, rendered
from mmplay.recordings.log.prefix import Prefix, stamp
from mmplay.recordings.log.report_log import log_lines
from mmplay.recordings.log.scan import Message
from mmplay.recordings.recording import remembering
from mmplay.recordings.trace.format import TraceError

LONGEST_REPORT = 2048
"""Messages of one report at most: an OOM report with a line for every task."""

KEPT_REPORTS = 64


def log_fields(printed: list[Printed]) -> list[Any]:
    """Return the fields of a LOG record: everything that one turn printed."""
    return [
        [
            [form.name, time_ns // 1000, [values[name] for name in form.names]]
            for time_ns, form, values in printed
        ]
    ]


class RunLog:
    """Messages in order, each with the turn that printed it; reports by number."""

    def __init__(self) -> None:
        """Nothing printed yet."""
        self.messages: list[Message] = []
        self._numbers: list[int] = []
        self._turns: list[int] = []
        self._builder = ReportBuilder()
        self.line_count = 0
        self._report = remembering(self._gather, KEPT_REPORTS)

    def add(self, turn: int, items: list[Any]) -> None:
        """Add what a LOG record holds; raises TraceError for what no kernel prints."""
        for item in items:
            message = _message(item, self.line_count + 1)
            self.messages.append(message)
            self._numbers.append(message.number)
            self._turns.append(turn)
            self.line_count += message.size
            feed(self._builder, message)
        self._report.cache_clear()

    def report_count(self) -> int:
        """Return how many reports there are."""
        return len(self._builder.index)

    def report_turn(self, number: int) -> int:
        """Return the turn that printed a report's first line."""
        return self.turn_of_line(self._builder.index.lines(number)[0])

    def report(self, number: int) -> Report:
        """Return a report, as far as it is printed."""
        return self._report(number)

    def _gather(self, number: int) -> Report:
        first = self._builder.index.lines(number)[0]
        at = bisect_left(self._numbers, first)
        report = gather_one(islice(self.messages, at, at + LONGEST_REPORT), first)
        if report is None:
            raise TraceError("a report of the run cannot be read from its lines")
        return report

    def turn_of_line(self, line: int) -> int:
        """Return the turn that printed a line."""
        return self._turns[max(0, bisect_right(self._numbers, line) - 1)]

    def lines_until(self, turn: int) -> int:
        """Return how many lines were printed up to and with a turn."""
        count = bisect_right(self._turns, turn)
        return 0 if count == 0 else self._numbers[count - 1] + self.messages[count - 1].size - 1

    def lines(self, first: int, count: int) -> list[LogLine]:
        """Return up to `count` lines from number `first` on."""
        wanted = range(first, first + count)
        found: list[LogLine] = []
        at = max(0, bisect_right(self._numbers, first) - 1)
        for message in islice(self.messages, at, None):
            if message.number >= wanted.stop:
                break
            found += log_lines(message, wanted)
        return found


def text_of(message: Message) -> list[str]:
    """Return the lines of a message with their time stamps."""
    return rendered(message).decode("utf-8", "surrogateescape").split("\n")[: message.size]


def _message(item: Any, number: int) -> Message:
    try:
        name, time_us, values = item
        form = forms()[name]
        if type(time_us) is not int or not form.holds(values):
            raise ValueError
        named = dict(zip(form.names, values, strict=True))
        return Message(number, form, named, Prefix(stamp(time_us), time_us, plain=True), NEWLINE)
    except (KeyError, ValueError, TypeError):
        raise TraceError("a LOG record holds what no kernel prints") from None


def with_request(report: Report, m: Machine, actor: Actor) -> Report:
    """Return a report with the request behind it, where its first lines came before the run."""
    known = report.request is not None or report.kind is not ReportKind.OOM_KILL or actor.task < 0
    return report if known else replace(report, request=request_of(m, actor.task))
