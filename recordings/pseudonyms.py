"""Pseudonyms: finds names in text and puts the same made-up one in the place of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partialmethod
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from mmplay.recordings.known_text import KERNEL_THREADS, PLAIN, is_known

IPV4_RANGES = ("192.0.2", "198.51.100", "203.0.113")
IPV4_EACH = 254
SHARED_V4 = (IPv4Address("0.0.0.0"), IPv4Address("127.0.0.1"))
NETMASKS = IPv4Address("255.0.0.0")
"""From here on an address is a mask or a broadcast."""
SHARED_V6 = (IPv6Address("::"), IPv6Address("::1"))
"""Addresses that every machine has."""


class Pseudonyms:
    """The table of one recording."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}

    def _kept(self, kind: str, name: str, make: Callable[[int], str]) -> str:
        """Return what stands for a name; a new one is made of the number of its kind."""
        if (kind, name) not in self._known:
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            self._known[kind, name] = make(number)
        return self._known[kind, name]

    def _numbered(self, kind: str, start: str, name: str) -> str:
        """Return host-1, host-2, ... for the kind host."""
        return self._kept(kind, name, lambda number: f"{start}{number}")

    host = partialmethod(_numbered, "host", "host-")
    user = partialmethod(_numbered, "user", "user-")
    path = partialmethod(_numbered, "path", "/path-")
    serial = partialmethod(_numbered, "serial", "serial-")
    hardware = partialmethod(_numbered, "hardware", "hardware-")
    name = partialmethod(_numbered, "name", "name-")
    """Stands for a word of which nothing is known."""
    group = partialmethod(_numbered, "group", "group-")
    """Control groups are named after services and containers."""

    def task(self, name: str) -> str:
        """Return task-1, task-2, ...; a kernel thread keeps its name."""
        return name if KERNEL_THREADS.fullmatch(name) else self._numbered("task", "task-", name)

    def login(self, name: str) -> str:
        """Return a user's number: 60001, 60002, ..."""
        return self._kept("login", name, lambda n: str(60000 + n))

    def uuid(self, name: str) -> str:
        """Return a UUID that only counts."""
        return self._kept("uuid", name, lambda n: f"00000000-0000-0000-0000-{n:012x}")

    def mac(self, name: str) -> str:
        """Return a locally administered address of the same length: 02:00:00:00:00:01."""
        rest, between = (len(name) + 1) // 3 - 1, name[2]
        return self._kept(
            "mac", name.lower(), lambda n: (b"\2" + n.to_bytes(rest, "big")).hex(between)
        )

    def ipv4(self, name: str) -> str:
        """Return an address kept for documentation; what is no address stays."""
        try:
            address = IPv4Address(name)
        except AddressValueError:
            return name
        if address in SHARED_V4 or address >= NETMASKS:
            return name
        return self._kept("ipv4", str(address), documented_v4)

    def ipv6(self, name: str) -> str:
        """Return 2001:db8::1, 2001:db8::2, ...; what is no address stays."""
        if not is_ipv6(name) or IPv6Address(name) in SHARED_V6:
            return name
        return self._kept("ipv6", str(IPv6Address(name)), documented_v6)


def is_ipv6(text: str) -> bool:
    """Tell whether a text is an address."""
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def documented_v4(number: int) -> str:
    """Return one of the addresses for documentation, from 1 on; then one that nobody has."""
    block, host = divmod(number - 1, IPV4_EACH)
    if block < len(IPV4_RANGES):
        return f"{IPV4_RANGES[block]}.{host + 1}"
    return str(IPv4Address("240.0.0.0") + number)


def documented_v6(number: int) -> str:
    """Return one of the addresses for documentation."""
    return str(IPv6Address("2001:db8::") + number)


REMOVED = "(text removed)"
"""Stands for what a program other than the kernel said: it may say anything."""

_HEX = "[0-9A-Fa-f]"
_BREAKS = r"\s\"'(),;:=\[\]{}<>|/\\"
_KINDS = (
    (
        "hardware",
        r"(?:(?<=\bDMI: )|(?<=Hardware name: ))\S.*|(?<=\bBIOS )\S+ \d\d/\d\d/\d{4}",
    ),
    ("plain", "|".join(PLAIN)),
    ("mail", r"(?=[\d.+-]*[^\W\d])[\w.+-]+@[\w.-]*\w"),
    ("uuid", rf"\b{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}\b"),
    (
        "mac",
        rf"(?<![\w:]){_HEX}{{2}}(?P<sep>[:-]){_HEX}{{2}}(?:(?P=sep){_HEX}{{2}}){{4,}}"
        rf"(?![\w-]|:{_HEX})",
    ),
    ("ipv4", r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\w)"),
    ("ipv6", r"(?<![\w:.])(?=[\w.]*:[\w.]*:)[0-9A-Fa-f:]{2,39}(?:\.\d{1,3}){0,3}"),
    ("path", rf"(?<![\w.\-/])/{{1,3}}[^{_BREAKS}][^\s'\"(),;:=\[\]{{}}<>|]*"),
    ("group", r"(?<=cpuset=)[^\s,/]+"),
    ("serial", r"\b[Ss]erial(?: ?[Nn]umber)?[:=] ?[^\s,]+"),
    ("auid", r"\b(?:auid|AUID)=\"?[^\s\",]+"),
    ("word", rf"[\w\u0080-\U0010ffff][^{_BREAKS}]*"),
)
"""Text by its shape, in the order in which the shapes are tried; a word is whatever is left."""

_WORD = re.compile(_KINDS[-1][1])

_SYSLOG = re.compile(
    r"(?P<head>(?:<\d{1,3}>)?"
    r"(?:[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d(?:\.\d+)?|\d{4}-\d\d-\d\dT\S+) )"
    r"(?:(?P<host>[^ \[:]+) )?(?P<tag>[^ \[:]+)(?P<pid>\[\d+\])?: (?P<text>.*)",
    re.DOTALL,
)
_KERNEL_HOST = re.compile(r"(?P<host>[^ ]+)(?P<rest> kernel:)")
_NO_HOST = re.compile(r"[\d:.,TZ+\-]+|\]|.*\]")

_TASKS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\bComm: (.+?) (?:Not tainted|Tainted|Kdump)",
        r"\bcomm[=:] ?\"?([^\",\]]+)\"?",
        r"(?:^|\] )([^\s\[]+)\[\d+\]: (?:segfault|trap|general protection)",
        r"\btask (\S+):\d+ (?:blocked|is)",
        r"\btask=([^,\s]+)",
        r"\bprocess '([^']+)'",
        r"\bprocess \d+ \((.+?)\)(?:[ ,]|$)",
        r"^ *\[ *\d+\](?: +-?\d+){5,} +(\S.*?) *$",
    )
)
"""Where a line names a task; the last is a row of a task table that no form reads."""

_HOSTS = (re.compile(r"\bserver (\S+?),? (?:not responding|OK|is not|timed out)"),)
"""Where a line names a host: NFS servers."""


def syslog_of_others(text: str) -> re.Match[str] | None:
    """Return the parts of a syslog line of a program other than the kernel, or None."""
    found = _SYSLOG.fullmatch(text)
    return None if found is None or found["tag"] == "kernel" else found


def host_of(prefix: str) -> str:
    """Return the host that a kernel line's prefix names, or empty."""
    found = _KERNEL_HOST.search(prefix)
    return "" if found is None or _NO_HOST.fullmatch(found["host"]) else found["host"]


class Names:
    """The names of hosts and tasks that a recording shows somewhere in a place of their own."""

    def __init__(self) -> None:
        self.hosts: set[str] = set()
        self.tasks: set[str] = set()
        self.domains: set[str] = set()
        self.releases: set[str] = set()

    def is_host(self, word: str) -> bool:
        """Tell whether a word is a host, or lies in the domain of one."""
        if word in self.hosts or word in self.domains:
            return True
        return any(word.endswith(f".{domain}") for domain in self.domains)

    def learn_host(self, name: str) -> None:
        """Note a host, also by its first part, and its domain."""
        if name:
            first, _, domain = name.partition(".")
            self.hosts |= {name, first}
            self.domains |= {domain} - {""}

    def learn_task(self, name: str) -> None:
        """Note a task, unless it is the kernel's; a number or a letter alone names nobody."""
        bare = name.strip()
        if len(bare) > 1 and not bare.isdecimal() and not KERNEL_THREADS.fullmatch(bare):
            self.tasks.add(bare)

    def learn_from(self, prefix: str, text: str) -> None:
        """Note the names in a line that no form describes."""
        other = syslog_of_others(prefix + text)
        if other is not None:
            self.learn_host(other["host"] or "")
            return
        self.learn_host(host_of(prefix))
        for pattern in _HOSTS:
            for name in pattern.findall(text):
                self.learn_host(name)
        for pattern in _TASKS:
            for name in pattern.findall(text):
                self.learn_task(name)


class Scrubber:
    """Replaces names in texts by the pseudonyms of one table."""

    def __init__(self, names: Names, pseudonyms: Pseudonyms | None = None) -> None:
        self._names = names
        self.pseudonyms = pseudonyms or Pseudonyms()
        p = self.pseudonyms
        self._replace: dict[str, Callable[[str], str]] = {
            **{"mail": self._mail, "uuid": p.uuid, "mac": p.mac, "ipv4": p.ipv4, "path": p.path},
            **{"ipv6": self._ipv6, "word": self._word, "odd": p.task, "serial": self._serial},
            **{"group": p.group, "hardware": p.hardware, "auid": self._auid, "plain": str},
        }
        odd = sorted((n for n in names.tasks if not _WORD.fullmatch(n)), key=len, reverse=True)
        kinds = [("odd", "|".join(re.escape(name) for name in odd))] if odd else []
        self._pattern = re.compile("|".join(f"(?P<{k}>{text})" for k, text in (*kinds, *_KINDS)))

    def text(self, text: str) -> str:
        """Return a text without names."""
        return self._pattern.sub(self._put, text)

    def _put(self, found: re.Match[str]) -> str:
        kind = next(k for k in self._replace if found.groupdict().get(k) is not None)
        return self._replace[kind](found[0])

    def _mail(self, text: str) -> str:
        user, host = text.split("@", 1)
        return f"{self.pseudonyms.user(user)}@{self.pseudonyms.host(host)}"

    def _ipv6(self, text: str) -> str:
        bare = text if text.endswith("::") else text.rstrip(":")
        if not is_ipv6(bare):
            return _WORD.sub(lambda found: self._word(found[0]), text)
        return self.pseudonyms.ipv6(bare) + text[len(bare) :]

    def _serial(self, text: str) -> str:
        at = re.split("[:=] ?", text, maxsplit=1)[-1]
        return text[: len(text) - len(at)] + self.pseudonyms.serial(at)

    def _auid(self, text: str) -> str:
        """Put another in the place of a login's number or name; unset and root stay."""
        value = text.partition("=")[2].strip('"')
        if value in ("4294967295", "-1", "0", "unset", "root"):
            return text
        put = self.pseudonyms.login if value.isdecimal() else self.pseudonyms.user
        return text.replace(value, put(value))

    def _word(self, text: str) -> str:
        bare = text.rstrip(".!?")
        for name in (text, bare):
            if name in self._names.tasks:
                return self.pseudonyms.task(name) + text[len(name) :]
            if self._names.is_host(name):
                return self.pseudonyms.host(name) + text[len(name) :]
        if is_known(bare) or bare in self._names.releases:
            return text
        return self.pseudonyms.name(bare) + text[len(bare) :]

    def prefix(self, prefix: str) -> str:
        """Return what stands before a kernel line's text, without names."""
        found = _KERNEL_HOST.search(prefix)
        if found is None or _NO_HOST.fullmatch(found["host"]):
            return self.text(prefix)
        before, after = prefix[: found.start()], prefix[found.end("host") :]
        return f"{self.text(before)}{self.pseudonyms.host(found['host'])}{after}"

    def line(self, prefix: str, text: str) -> str:
        """Return a line that no form describes, without names."""
        other = syslog_of_others(prefix + text)
        if other is None:
            return self.prefix(prefix) + self.text(text)
        host = f"{self.pseudonyms.host(other['host'])} " if other["host"] else ""
        tag = self.pseudonyms.task(other["tag"])
        return f"{other['head']}{host}{tag}{other['pid'] or ''}: {REMOVED}"
