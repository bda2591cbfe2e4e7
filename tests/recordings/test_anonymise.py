"""Anonymised recordings: no name is left, everything else is."""

from __future__ import annotations

import ipaddress
import lzma
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmplay.__main__ import main
from mmplay.engine.printk.form import forms
from mmplay.engine.printk.kinds import FIELD_KINDS
from mmplay.recordings.anonymise import (
    KEPT_FIELDS,
    PLAIN_KINDS,
    anonymised_value,
    kind_of,
)
from mmplay.recordings.export import FORMATS
from mmplay.recordings.library import DATA, open_recording
from mmplay.recordings.log.observed import ObservedTimeline, open_observed
from mmplay.recordings.pseudonyms import Names, Pseudonyms, Scrubber
from tests.conftest import INCIDENT_NEXT, incident_text, shared
from tests.recordings.nameless import anonymised, opened, recorded, text_of

REPORT = incident_text(INCIDENT_NEXT).decode()


def numbers_only(timeline: ObservedTimeline) -> list[Any]:
    """Return all reports, with the names of tasks taken out."""
    found = []
    for index in range(len(timeline)):
        report = timeline.frame(index).report
        assert report is not None
        request = report.request and report.request._replace(comm=None)
        kill = report.kill and report.kill._replace(comm="", killed_comm=None)
        tasks = [
            {key: value for key, value in row.items() if key != "comm"} for row in report.tasks
        ]
        found.append(replace(report, request=request, kill=kill, tasks=tasks))
    return found


LINES = (
    ("Mar 13 10:00:01 web01.corp.example kernel: [   89.100000] eth0: up", "web01"),
    ("2016-03-13T10:00:00.123456+01:00 db7 kernel: nothing", "db7"),
    ("Mar 13 10:00:01 web01 sshd[77]: Accepted password for alice from 10.1.2.3", "alice"),
    (
        "[   90.000000] IN=eth0 MAC=0a:1b:2c:3d:4e:5f:60:71:82:93:a4:b5:08:00 SRC=10.1.2.3",
        "10.1.2.3",
    ),
    (
        "[   90.000000] IN=eth0 MAC=0a:1b:2c:3d:4e:5f:60:71:82:93:a4:b5:08:00 SRC=1.2.3.4",
        "0a:1b:2c",
    ),
    ("[   90.000000] peer 2a02:8071:22:33::42: gone", "2a02:8071"),
    ("[   90.000000] open /home/alice/.ssh/id_rsa failed", "alice"),
    ("[   90.000000] oom task_memcg=/user.slice/user-1000.slice,task=payroll", "payroll"),
    ("[   90.000000] payroll[123]: segfault at 0 ip 00007f", "payroll"),
    ("[   90.000000] payroll cpuset=docker-77 mems_allowed=0", "docker-77"),
    ("[   90.000000] payroll: x, nodemask=(null),cpuset=docker-77,mems_allowed=0", "docker-77"),
    ("[   90.000000] root: mail bob@corp.example", "bob"),
    ("[   90.000000] usb 1-1: SerialNumber: 4C530001230", "4C530001230"),
    ("[   90.000000] EXT4-fs: UUID 3f9c1d3a-1111-2222-3333-444455556666", "3f9c1d3a"),
    ("[   90.000000] fetch https://intra.corp.example/x?y", "intra.corp"),
    ("[   90.000000] Linux version 6.1 is what builder@ci7.corp made", "ci7"),
)


@pytest.mark.parametrize(("line", "secret"), LINES)
def test_no_name_is_left(line: str, secret: str, tmp_path: Path) -> None:
    data = anonymised(recorded(f"{line}\n{REPORT}", tmp_path))
    assert secret not in text_of(data)
    assert secret.encode() not in data
    assert b"secret-host" not in data


INVENTED = (
    ("[   90.1] [ 4711]  1000  4711   10 20 30 0 0 quorvim", "quorvim"),
    ("[   90.100000] [ 4711]  1000  4711  1234  567  98304  0  0 quorvim", "quorvim"),
    ("[   90.100000] [ 4711]  1000  4711  1234  567  12  0  9  0 memory", "12  0  9  0 memory"),
    ("[   90.100000] quorvim runs", "quorvim"),
    ("[   90.100000] IN=eth0 MAC=0a:1b:2c:3d:4e:5f: SRC=10.9.8.7", "0a:1b:2c:3d:4e:5f"),
    ("[   90.100000] link 0a:1b:2c:3d:4e:5f: up", "0a:1b:2c:3d:4e:5f"),
    ("[   90.100000] Command line: ip=10.9.8.7::10.9.8.1:255.255.255.0:zabrek:eth0", "10.9.8.7"),
    ("[   90.100000] Command line: ip=10.9.8.7::10.9.8.1:255.255.255.0:zabrek:eth0", "10.9.8.1:"),
    ("[   90.100000] Command line: ip=10.9.8.7::10.9.8.1:255.255.255.0:zabrek:eth0", "zabrek"),
    ("[   90.100000] ip=2a02:8071:22:33::", "2a02:8071"),
    ("Mar 13 10:00:01 zabrek.vulmor.example kernel: to dolnix.vulmor.example", "vulmor"),
    ("Mar 13 10:00:01 zabrek.vulmor.example kernel: to dolnix.vulmor.example", "dolnix"),
    ("Mar 13 10:00:01 sshd[77]: Accepted password for glimra from port 22", "glimra"),
    ("2026-03-13T10:00:01+01:00 zabrek sshd[77]: session of glimra", "glimra"),
    ("[    0.000000] DMI: Frobnitz PowerPlonk R740/0923K0, BIOS 2.10.0 11/12/2020", "Frobnitz"),
    ("[    0.000000] DMI: Frobnitz PowerPlonk R740/0923K0, BIOS 2.10.0 11/12/2020", "R740"),
    ("[    0.000000] DMI: Frobnitz PowerPlonk R740/0923K0, BIOS 2.10.0 11/12/2020", "2.10.0"),
    ("[   90.100000] Hardware name: Frobnitz PowerPlonk, BIOS PLK-7 11/12/2020", "PLK-7"),
    ("[   90.100000] Hardware name: Frobnitz PowerPlonk, BIOS PLK-7 11/12/2020", "Frobnitz"),
    ('[   90.100000] audit: type=1701 auid=48213 uid=0 comm="quorvim"', "48213"),
    ('[   90.100000] audit: type=1701 AUID="glimra" UID="root"', "glimra"),
    ("[   90.100000] nfs: server dolnix not responding, still trying", "dolnix"),
    ("[   90.100000] nfs: server dolnix.vulmor.example OK", "vulmor"),
    ("[   90.100000] NFS: dolnix:/export/glimra is stale", "dolnix"),
    ("[   90.100000] <</home/glimra/work>> is full", "glimra"),
    ("[   90.100000] file </home/glimra/work> is gone", "glimra"),
    ("[   90.100000] Glimra's \u00c9glimra, (glimra) [glimra] \\\\dolnix\\glimra", "limra"),
    ("[   90.100000] scsi: wwn 0x5000c500a1b2c3d4, serial: 7712345678", "5000c500a1b2c3d4"),
    ("[   90.100000] scsi: wwn 0x5000c500a1b2c3d4, serial: 7712345678", "7712345678"),
    ("[   90.100000] jbd2/glimra-8 and xfs-buf/glimra and dmcrypt_write/glimra", "glimra"),
    ("[   90.100000] CPU: 0 PID: 7 Comm: quorvim Not tainted 5.4.0-generic #7 glimra", "glimra"),
    ("[   90.100000] id a1b2c3d4e5f6 of container glimra_web.1", "a1b2c3d4e5f6"),
    ("[   90.100000] Workqueue: glimra_wq glimra_work", "glimra"),
    ("<4>1 2026-03-13T10:00:01.000Z zabrek kernel - - - quorvim is gone", "quorvim"),
    ("<4>1 2026-03-13T10:00:01.000Z zabrek kernel - - - Killed process 7 (quorvim)", "zabrek"),
    ('{"log":"[   90.100000] quorvim is gone\\n","stream":"stdout"}', "quorvim"),
    ('{"log":"[   90.100000] Killed process 7 (quorvim)\\n","stream":"stdout"}', "quorvim"),
    (
        '{"_HOSTNAME":"zabrek","_MACHINE_ID":"0f1e2d3c4b5a69788796a5b4c3d2e1f0",'
        '"SYSLOG_IDENTIFIER":"kernel","MESSAGE":"Killed process 7 (quorvim)"}',
        "0f1e2d3c4b5a",
    ),
    ("zabrek: kern: info: [2026-03-13T10:00:01.1Z]: quorvim is gone", "quorvim"),
    ("Mar 13 10:00:01 zabrek earlyoom[77]: quorvim is large", "quorvim"),
    ("[   90.100000] Memory limit reached of cgroup /glimra.slice/quorvim.service", "glimra"),
    (
        "[   90.100000] Tasks in /glimra.slice are going to be killed due to memory.oom.group set",
        "",
    ),
    ("[   90.100000] bada:fade:ced is no address, nor is <GLIMRA> or glimra/x.c:12", "bada"),
    ("[   90.100000] bada:fade:ced is no address, nor is <GLIMRA> or glimra/x.c:12", "GLIMRA"),
    ("[   90.100000] UUID: deadbe11 zabrek: DMI: Frobnitz R740", "deadbe11"),
    ("[   90.100000] Frobnitz R740, BIOS 9.8.7-zab 11/12/2020", "9.8.7"),
    ("> [   90.100000] on Monday Glimra Quorv\u00edm wrote:", "Quorv"),
)
"""Lines with names that were made up, each with one that must not come through."""


@pytest.fixture(scope="module")
def nameless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording with every invented name in it, without names."""
    folder = tmp_path_factory.mktemp("nameless")
    text = "".join(f"{line}\n" for line, _ in INVENTED)
    path = folder / "out.mmtrace"
    path.write_bytes(anonymised(recorded(text + REPORT, folder)))
    return path


def without_invented(text: str) -> None:
    for line, word in INVENTED:
        assert not word or word not in text, line


@pytest.mark.parametrize("name", FORMATS)
def test_no_export_has_an_invented_name(name: str, nameless: Path) -> None:
    with open_recording(str(nameless)) as recording:
        data = b"".join(FORMATS[name].load()(recording))
    assert data
    without_invented(data.decode("utf-8", "surrogateescape"))


SAYING = (
    ("explain",),
    *(("explain", "--format", form) for form in ("md", "html")),
    ("explain", "--json"),
    ("info",),
    ("info", "--json"),
    ("verify",),
)


@pytest.mark.parametrize("words", SAYING, ids=" ".join)
def test_no_verb_says_an_invented_name(
    words: tuple[str, ...], nameless: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([words[0], str(nameless), *words[1:]])
    said = capsys.readouterr()
    assert said.out
    without_invented(said.out + said.err)


def test_the_file_itself_has_no_invented_name(nameless: Path) -> None:
    without_invented(nameless.read_bytes().decode("utf-8", "replace"))


NAMING = tuple(
    FIELD_KINDS[name]
    for name in (
        *("text", "word", "phrase", "comm", "task", "group", "zone", "reason", "names", "place"),
    )
)


def test_every_kind_of_text_is_judged() -> None:
    """A new kind that holds text is the kernel's own, or it is scrubbed."""
    kinds = {name for name, kind in FIELD_KINDS.items() if kind.valid("glimra")}
    judged = {name for name, kind in FIELD_KINDS.items() if kind in (*NAMING, *PLAIN_KINDS)}
    assert kinds - judged == {"s12"}


@pytest.mark.parametrize("name", forms())
def test_no_text_of_any_form_comes_through(name: str) -> None:
    """Whatever a form reads as text may be a name, unless it is the kernel's own by its kind.

    A slab cache is the kernel's; who it was made for stands in its brackets.
    """
    form = forms()[name]
    for field in form.names:
        if field in {*KEPT_FIELDS, "cache"} or kind_of(form, field) not in NAMING:
            continue
        put = anonymised_value(Scrubber(Names()), form, field, "glimra")
        assert "glimra" not in put, field


KEPT = (
    "[   90.000000] CPU: 0 PID: 0 Comm: swapper/0 Not tainted 6.1.0 #1",
    "[   90.000000] [ 4711]  1000  4711  1234  567  12  0  0  90",
    "[   90.000000] kswapd0 woke kworker/u8:2 and ksoftirqd/1 and kthreadd",
    "[   90.000000]  <IRQ>",
    "[   90.000000]  </TASK>",
    "[   90.000000]  shrink_node+0x2c6/0x720",
    "[   90.000000]        lock_acquire+0x1c8/0x880",
    "[   90.000000] pci 0000:00:1f.2: reg 0x10: [mem 0xfebf0000-0xfebf0fff]",
    "[   90.000000] version 1.2.3, 4*4kB and/or 0*8kB at 10:20:30",
    "[   90.000000] kernel BUG at mm/page_alloc.c:3000!",
    "[   90.000000] listening on 0.0.0.0 and 127.0.0.1 and ::1",
)


@pytest.mark.parametrize("line", KEPT)
def test_what_names_nobody_stays(line: str, tmp_path: Path) -> None:
    assert line in text_of(anonymised(recorded(f"{line}\n{REPORT}", tmp_path)))


def test_a_task_has_one_name_everywhere(tmp_path: Path) -> None:
    text = (
        "[   90.000000] payroll invoked oom-killer: gfp_mask=0x0(), order=0, "
        "oom_score_adj=0\n"
        "[   90.100000] note: payroll runs on, not payroll2\n"
        "[   90.200000] Web Content went away\n"
        "[   90.300000] Killed process 7 (Web Content) total-vm:1kB, anon-rss:0kB, file-rss:0kB, "
        "shmem-rss:0kB\n"
    )
    found = text_of(anonymised(recorded(text, tmp_path))).splitlines()
    assert found[0].startswith("[   90.000000] task-1 invoked oom-killer: ")
    assert found[1] == "[   90.100000] note: task-1 runs on, not name-1"
    assert found[2] == "[   90.200000] task-2 went away"
    assert "Killed process 7 (task-2) " in found[3]


@pytest.mark.parametrize("name", ["incident-next-20160311", "incident-4.5.0-rc7"])
def test_reports_are_the_same_but_for_names(name: str, tmp_path: Path) -> None:
    path = DATA / f"{name}.mmtrace"
    with open_observed(path) as before, opened(anonymised(path)) as after:
        assert numbers_only(after) == numbers_only(before)
        assert (after.line_count, after.understood) == (before.line_count, before.understood)
        assert after.ending.closed


WORD = st.from_regex(r"[a-z][a-z0-9]{5,11}", fullmatch=True).map(lambda word: f"zq{word}")


SECRETS = st.fixed_dictionaries(
    {
        "host": WORD,
        "task": WORD.map(lambda word: word[:15]),
        "user": WORD,
        "path": st.lists(WORD, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts)),
        "v4": st.ip_addresses(v=4).filter(lambda ip: ip.is_global).map(str),
        "v6": st.ip_addresses(v=6, network="2a00::/12").map(str),
        "mac": st.binary(min_size=6, max_size=6).map(lambda octets: octets.hex(":")),
    }
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SECRETS, st.sampled_from([": ", " = ", " (", ", ", "\t", ' "']))
def test_whatever_the_names_are_none_is_left(
    tmp_path: Path, secrets: dict[str, str], before: str
) -> None:
    s = secrets
    lines = [
        f"Mar 13 10:00:01 {s['host']} kernel: [   80.000001] up",
        f"Mar 13 10:00:01 {s['host']} login[5]: {s['user']} from {s['v4']}",
        f"[   80.000002] {s['task']} invoked oom-killer: gfp_mask=0x0(), order=0, oom_score_adj=0",
        *(f"[   80.000003] here{before}{s[kind]}" for kind in ("v4", "v6", "mac", "path", "task")),
        f"[   80.000004] {s['user']}@{s['host']}{before}{s['path']} {s['mac']}",
    ]
    path = recorded("\n".join(lines) + "\n" + REPORT, tmp_path)
    data = anonymised(path)
    assert anonymised(path) == data
    text = text_of(data)
    for secret in s.values():
        assert secret not in text
        assert secret.encode() not in data
    with open_observed(path) as one, opened(data) as other:
        assert other.understood == one.understood
        assert len(other) == len(one)


def test_a_second_time_changes_nothing_but_numbers(tmp_path: Path) -> None:
    once = anonymised(recorded(REPORT, tmp_path))
    (tmp_path / "once.mmtrace").write_bytes(once)
    assert text_of(anonymised(tmp_path / "once.mmtrace")) == text_of(once)


LOGS = ("080-hotsos-scenario.log.xz", "077-LukeShirnia-messages.1.log.xz", "139-lore-ltp-_.log.xz")


@pytest.mark.parametrize("name", LOGS)
def test_real_logs_keep_their_reports(name: str, tmp_path: Path) -> None:
    with lzma.open(shared("logs", name)) as stream:
        text = stream.read().decode("utf-8", "surrogateescape")
    path = recorded(text, tmp_path)
    with open_observed(path) as before, opened(anonymised(path)) as after:
        assert numbers_only(after) == numbers_only(before)
        assert (after.line_count, after.understood) == (before.line_count, before.understood)


def test_pseudonyms_are_of_the_same_kind() -> None:
    p = Pseudonyms()
    assert [p.host("a"), p.host("b"), p.host("a")] == ["host-1", "host-2", "host-1"]
    assert p.mac("0A:1B:2C:3D:4E:5F") == p.mac("0a:1b:2c:3d:4e:5f") == "02:00:00:00:00:01"
    assert p.mac("00-11-22-33-44-55") == "02-00-00-00-00-02"
    assert p.ipv6("2A02::1") == p.ipv6("2a02:0::1") == "2001:db8::1"
    assert p.task("kworker/u8:2") == "kworker/u8:2"
    found = [p.ipv4(f"10.0.{n >> 8}.{n & 255}") for n in range(1, 1000)]
    assert len(set(found)) == len(found)
    assert found[0] == "192.0.2.1"
    assert found[254] == "198.51.100.1"
    assert not any(ipaddress.ip_address(one).is_global for one in found)
    assert p.ipv4("999.1.1.1") == "999.1.1.1"


def test_no_line_of_nothing_breaks_it() -> None:
    scrubber = Scrubber(Names())
    for text in ("", "/", "//", ":::", "::", "@", "1.2.3", "a@", "\udcff/x", "00:11:22:33:44"):
        assert isinstance(scrubber.text(text), str)
