"""The lines of daemons that kill before the kernel does: systemd-oomd, earlyoom, Android's."""

from __future__ import annotations

from mmplay.engine.limits import Cgroup
from mmplay.engine.report import OomKill, ReportKind
from mmplay.recordings.log.builder import Handler, ReportBuilder
from mmplay.recordings.log.scan import Message


def oomd(builder: ReportBuilder, message: Message) -> None:
    """systemd-oomd killed a cgroup, for memory or for pressure."""
    opened = builder.alone(message, ReportKind.USERSPACE)
    opened.daemon, opened.why = "systemd-oomd", f"memory {message.values['why']}"
    opened.cgroup = Cgroup(task_path=message.values["path"])


def earlyoom(builder: ReportBuilder, message: Message) -> None:
    """Earlyoom sent a signal to the task with most badness."""
    values = message.values
    opened = builder.alone(message, ReportKind.USERSPACE)
    opened.daemon, opened.why = "earlyoom", values.get("signal", "low memory")
    opened.kill = OomKill(
        values["pid"],
        values["comm"],
        values["score"],
        anon_rss_kb=values["rss_mib"] * 1024,
        uid=values.get("uid"),
        time_us=message.prefix.time_us,
    )


def lowmemorykiller(builder: ReportBuilder, message: Message) -> None:
    """Android's killer: a daemon, or the driver that came before it (to 4.11)."""
    values = message.values
    report = builder.alone(message, ReportKind.USERSPACE)
    report.daemon = "lowmemorykiller"
    report.why = values.get("tail", "").lstrip("; ") or "low memory"
    report.kill = OomKill(
        *(values["pid"], values["comm"]),
        time_us=message.prefix.time_us,
        anon_rss_kb=values.get("rss"),
        uid=values.get("uid"),
        adj=values["adj"],
    )


HANDLERS: dict[str, Handler] = {"oomd": oomd, "earlyoom": earlyoom, "lmkd": lowmemorykiller}
