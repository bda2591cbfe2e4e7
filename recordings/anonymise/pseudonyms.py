"""Pseudonyms: for every name one of the same kind, in the order in which names first appear.

Addresses come from the ranges that are kept for documentation (RFC 5737, RFC 3849) or are locally
administered, so that nothing that is printed can belong to anybody.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

KERNEL_THREADS = re.compile(
    r"swapper(/\d+)?|kthreadd|kswapd\d+|kcompactd\d+|khugepaged|ksmd|khungtaskd|kauditd|kdevtmpfs"
    r"|oom_reaper|kworker/.*|ksoftirqd/\d+|migration/\d+|cpuhp/\d+|watchdog/\d+|rcu_\w+|rcu\w*/\d+"
    r"|idle_inject/\d+|writeback|kblockd|kintegrityd|flush-\d+:\d+|jbd2/.*|xfs[\w-]*/.*|irq/\d+-.*"
    r"|scsi_eh_\d+|usb-storage|md\d+_\w+|dmcrypt_\w+.*|loop\d+|nfsd|lockd|pool_workqueue_.*"
)
"""Names that the kernel gives its own threads: they say what happened, not to whom."""

IPV4_RANGES = ("192.0.2", "198.51.100", "203.0.113")
IPV4_EACH = 254
SHARED_V4 = (IPv4Address("0.0.0.0"), IPv4Address("127.0.0.1"), IPv4Address("255.255.255.255"))
SHARED_V6 = (IPv6Address("::"), IPv6Address("::1"))
"""Addresses that every machine has."""


class Pseudonyms:
    """The table of one recording."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}

    def _of(self, kind: str, name: str) -> tuple[str, int]:
        """Return what stands for a name, or empty, and the number that a new one gets."""
        known = self._known.get((kind, name), "")
        return known, self._counts.get(kind, 0) + 1

    def _keep(self, kind: str, name: str, pseudonym: str, number: int) -> str:
        self._known[kind, name] = pseudonym
        self._counts[kind] = number
        return pseudonym

    def _numbered(self, kind: str, name: str, start: str) -> str:
        known, number = self._of(kind, name)
        return known or self._keep(kind, name, f"{start}{number}", number)

    def host(self, name: str) -> str:
        """Return host-1, host-2, ..."""
        return self._numbered("host", name, "host-")

    def user(self, name: str) -> str:
        """Return user-1, user-2, ..."""
        return self._numbered("user", name, "user-")

    def task(self, name: str) -> str:
        """Return task-1, task-2, ...; a kernel thread keeps its name."""
        if KERNEL_THREADS.fullmatch(name):
            return name
        return self._numbered("task", name, "task-")

    def path(self, name: str) -> str:
        """Return /path-1, /path-2, ..."""
        return self._numbered("path", name, "/path-")

    def group(self, name: str) -> str:
        """Return group-1, group-2, ...: control groups are named after services and containers."""
        return self._numbered("group", name, "group-")

    def serial(self, name: str) -> str:
        """Return serial-1, serial-2, ..."""
        return self._numbered("serial", name, "serial-")

    def uuid(self, name: str) -> str:
        """Return a UUID that only counts."""
        known, number = self._of("uuid", name)
        return known or self._keep("uuid", name, f"00000000-0000-0000-0000-{number:012x}", number)

    def mac(self, name: str) -> str:
        """Return a locally administered address of the same length: 02:00:00:00:00:01."""
        known, number = self._of("mac", name.lower())
        if known:
            return known
        length = (len(name) + 1) // 3
        octets = bytes([2]) + number.to_bytes(length - 1, "big")
        return self._keep("mac", name.lower(), octets.hex(name[2]), number)

    def ipv4(self, name: str) -> str:
        """Return an address kept for documentation; what is no address stays."""
        try:
            address = IPv4Address(name)
        except AddressValueError:
            return name
        if address in SHARED_V4:
            return name
        known, number = self._of("ipv4", str(address))
        if known:
            return known
        block, host = divmod(number - 1, IPV4_EACH)
        if block < len(IPV4_RANGES):
            pseudonym = f"{IPV4_RANGES[block]}.{host + 1}"
        else:
            pseudonym = str(IPv4Address("240.0.0.0") + number)
        return self._keep("ipv4", str(address), pseudonym, number)

    def ipv6(self, name: str) -> str:
        """Return 2001:db8::1, 2001:db8::2, ...; what is no address stays."""
        try:
            address = IPv6Address(name)
        except AddressValueError:
            return name
        if address in SHARED_V6:
            return name
        known, number = self._of("ipv6", str(address))
        if known:
            return known
        return self._keep("ipv6", str(address), str(IPv6Address("2001:db8::") + number), number)
