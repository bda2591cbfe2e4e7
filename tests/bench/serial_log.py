"""A made-up serial log of any size: drivers, systemd and the network, with reports in between.

Two lines in a hundred belong to something that mmplay reads: the incident's reports, a warning with
its call trace, a boot. The rest is what machines print all day.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from random import Random

from tests.conftest import INCIDENT_NEXT, INCIDENT_RC7, incident_text

REPEATED_BYTES = 20_000_000
"""A larger log is made of one of this size over and over."""

SECTION_LINES = 8_000
"""Ordinary lines between two sets of reports."""

SECTIONS_OF_A_BOOT = 6

ORDINARY = (
    "e1000e 0000:00:1f.6 enp0s{a}: NIC Link is Up 1000 Mbps Full Duplex, Flow Control: Rx/Tx",
    "systemd[1]: Started Session {b} of User builder{a}.",
    "systemd[1]: session-{b}.scope: Deactivated successfully.",
    "systemd-journald[{b}]: Received client request to flush runtime journal.",
    "usb 1-{a}: new high-speed USB device number {a} using xhci_hcd",
    "usb 1-{a}: New USB device found, idVendor=8087, idProduct={c:04x}, bcdDevice= {a}.00",
    "usb 1-{a}: New USB device strings: Mfr=0, Product=0, SerialNumber=0",
    'audit: type=1400 audit(1457900000.{b:03d}:{c}): apparmor="STATUS" operation="profile_load" '
    'profile="unconfined" name="/usr/sbin/demo-{a}" pid={c} comm="apparmor_parser"',
    "IPv6: ADDRCONF(NETDEV_CHANGE): veth{c:07x}: link becomes ready",
    "docker0: port {a}(veth{c:07x}) entered blocking state",
    "docker0: port {a}(veth{c:07x}) entered forwarding state",
    "device veth{c:07x} entered promiscuous mode",
    "EXT4-fs (sda{a}): mounted filesystem with ordered data mode. Opts: (null)",
    "EXT4-fs (dm-{a}): re-mounted. Opts: errors=remount-ro,data=ordered",
    "ata{a}.00: exception Emask 0x0 SAct 0x{c:x} SErr 0x0 action 0x6 frozen",
    "ata{a}.00: failed command: WRITE FPDMA QUEUED",
    "ata{a}.00: cmd 61/08:{a:02x}:{b:02x}:{c:02x}/00:00:00:00:00/40 tag {a} ncq dma 4096 out",
    "         res 40/00:00:00:00:00/00:00:00:00:00/00 Emask 0x4 (timeout)",
    "ata{a}: hard resetting link",
    "ata{a}: SATA link up 6.0 Gbps (SStatus 133 SControl 300)",
    "sd {a}:0:0:0: [sda] Attached SCSI disk",
    "sd {a}:0:0:0: [sda] {c} 512-byte logical blocks: (500 GB/466 GiB)",
    "nf_conntrack: default automatic helper assignment has been turned off for security reasons",
    "TCP: request_sock_TCP: Possible SYN flooding on port {b}. Sending cookies.",
    "perf: interrupt took too long ({c} > 2500), lowering the sample rate to 50000",
    "ACPI: Power Button [PWRF]",
    'PCI: Using host bridge windows from ACPI; if necessary, use "pci=nocrs" and report a bug',
    "pci 0000:00:{a:02x}.0: [8086:{c:04x}] type 00 class 0x060000",
    "pci 0000:00:{a:02x}.0: reg 0x10: [mem 0xd{c:07x}-0xd{c:07x} 64bit pref]",
    "BIOS-e820: [mem 0x{c:016x}-0x000000007fffffff] usable",
    "kvm [{c}]: vcpu{a}, guest rIP: 0xffffffff81060000 disabled perfctr wrmsr: 0xc2 data 0xffff",
    "wlp2s0: authenticate with 02:00:00:00:{a:02x}:{a:02x}",
    "wlp2s0: associate with 02:00:00:00:{a:02x}:{a:02x} (try 1/3)",
    "rcu: INFO: rcu_sched detected stalls on CPUs/tasks: {{ {a}-... }} {c} jiffies s: {b}",
    "CIFS VFS: Server demo-nas-{a}.example has not responded in 120 seconds. Reconnecting...",
    "nfs: server demo-nfs.example not responding, still trying",
    "NFSD: starting 90-second grace period (net {c:x})",
    "hrtimer: interrupt took {c} ns",
    "random: crng init done",
    "clocksource: Switched to clocksource tsc",
    "input: AT Translated Set 2 keyboard as /devices/platform/i8042/serio0/input/input{a}",
    "Adding {c}k swap on /dev/sda{a}.  Priority:-1 extents:1 across:{c}k SSFS",
    "INFO: task demo-{a}:{c} blocked for more than 120 seconds.",
    "demo-{a}[{c}]: segfault at 0 ip 00005581e7{c:06x} error 4 in demo[55{b:04x}+1000]",
)
"""`a` is small, `b` goes to 999, `c` to 65535."""

WARNING = """\
------------[ cut here ]------------
WARNING: CPU: {a} PID: {c} at net/sched/sch_generic.c:303 dev_watchdog+0x22b/0x230
NETDEV WATCHDOG: eth0 (e1000e): transmit queue 0 timed out
Modules linked in: nfsv3 nfs_acl nfs lockd grace sunrpc e1000e ptp pps_core i2c_i801 lpc_ich
CPU: {a} PID: {c} Comm: demo-{b} Not tainted 4.5.0-rc7+ #55
Hardware name: Demo Machines Model One/D1, BIOS 1.0 01/01/2016
 0000000000000286 00000000f6e3a1b2 ffff88007fc83d68 ffffffff813377e9
Call Trace:
 <IRQ>  [<ffffffff813377e9>] dump_stack+0x63/0x8a
 [<ffffffff8107f8a1>] __warn+0xd1/0xf0
 [<ffffffff8107f91f>] warn_slowpath_fmt+0x5f/0x80
 [<ffffffff816ddf2b>] dev_watchdog+0x22b/0x230
 [<ffffffff810ebb35>] call_timer_fn+0x35/0x120
 [<ffffffff810ec4d7>] run_timer_softirq+0x217/0x2d0
 [<ffffffff810853f4>] __do_softirq+0x104/0x28c
 [<ffffffff81085703>] irq_exit+0xa3/0xb0
 [<ffffffff817d5f32>] smp_apic_timer_interrupt+0x42/0x50
 <EOI>  [<ffffffff81674a8e>] cpuidle_enter_state+0x11e/0x2d0
---[ end trace {c:016x} ]---"""

BOOT = "Linux version 4.5.0-rc7+ (builder@demo.example) (gcc version 4.8.5) #55 SMP PREEMPT"


class SerialLog:
    """Lines with time stamps that run on, and from zero again at each boot."""

    def __init__(self, seed: int = 7) -> None:
        self._random = Random(seed)
        self._time_us = 0
        self._reports = [
            [line.split("] ", 1)[1] for line in incident_text(name).decode().splitlines()]
            for name in (INCIDENT_RC7, INCIDENT_NEXT)
        ]

    def sections(self) -> Iterator[bytes]:
        """Yield the log in pieces of about a megabyte, without an end."""
        while True:
            self._time_us = 0
            yield self._stamped([BOOT])
            for number in range(SECTIONS_OF_A_BOOT):
                yield self._stamped(self._filled(one) for one in self._ordinary())
                yield self._stamped(self._filled(WARNING).split("\n"))
                yield self._stamped(self._reports[number % 2])

    def _ordinary(self) -> list[str]:
        return self._random.choices(ORDINARY, k=SECTION_LINES)

    def _filled(self, template: str) -> str:
        pick = self._random.randrange
        return template.format(a=pick(1, 16), b=pick(1000), c=pick(65536))

    def _stamped(self, texts: Iterator[str] | list[str]) -> bytes:
        lines = []
        for text in texts:
            self._time_us += self._random.randrange(1, 40_000)
            seconds, micros = divmod(self._time_us, 1_000_000)
            lines.append(f"[{seconds:5d}.{micros:06d}] {text}\n")
        return "".join(lines).encode()


def serial_log(size: int, seed: int = 7) -> Iterator[bytes]:
    """Yield a log of `size` bytes in pieces; the last line may be cut."""
    left = size
    for piece in SerialLog(seed).sections():
        yield piece[:left]
        left -= len(piece)
        if left <= 0:
            return


def repeated_log(size: int, seed: int = 7) -> Iterator[bytes]:
    """Yield `size` bytes made of one set of boots over and over: as large as wanted, soon made."""
    once = b"".join(serial_log(REPEATED_BYTES, seed))
    once = once[: once.rindex(b"\n") + 1]
    for done in range(0, size, len(once)):
        yield once[: size - done]


DAEMONS = (
    "sshd[{c}]: Accepted publickey for builder{a} from 192.0.2.{a} port {c} ssh2",
    "CRON[{c}]: (root) CMD (test -x /usr/sbin/demo-{a} && run-parts --report /etc/cron.hourly)",
    'dockerd[{b}]: level=info msg="allocated room for container {c:x}" memory={b}MB',
    "systemd[1]: demo-{a}.service: Scheduled restart job, restart counter is at {b}.",
    "nginx[{b}]: 198.51.100.{a} - - GET /api/v{a}/items/{c} 200 {c} {b}",
)
REPORTS = 20


def syslog(size: int, seed: int = 7) -> Iterator[bytes]:
    """Yield `size` bytes of a syslog of daemons with REPORTS reports of the kernel in it."""
    random, pick = Random(seed), Random(seed).randrange
    report = b"".join(
        b"May  1 10:00:00 demo kernel: " + line
        for line in incident_text(INCIDENT_NEXT).splitlines(keepends=True)
    )
    lines = (random.choice(DAEMONS) for _ in range(100_000))
    texts = (line.format(a=pick(1, 16), b=pick(1000), c=pick(65536)) for line in lines)
    ordinary = "".join(f"May  1 10:00:00 demo {text}\n" for text in texts).encode()
    left, until = size, 0
    while left > 0:
        reports = b"" if left > until else report
        until = left - size // REPORTS if reports or not until else until
        yield (ordinary + reports)[:left]
        left -= len(ordinary) + len(reports)


def main() -> None:
    """Write a log: `python -m tests.bench.serial_log BYTES FILE [syslog]`."""
    size, name, *kind = sys.argv[1:]
    make = syslog if kind else repeated_log
    with open(name, "wb") as stream:
        stream.writelines(make(int(size)))


if __name__ == "__main__":
    main()
