"""What is known to name nobody: words of kernel messages, and shapes such as numbers and symbols.

Any other text counts as a name (`pseudonyms.py`).
"""

from __future__ import annotations

import re
from functools import cache

from mmplay.engine.tables import read_data

_DISK = (
    r"(?:[shv]d[a-z]{1,2}\d*|xvd[a-z]\d*|nvme\d+n\d+(?:p\d+)?|mmcblk\d+(?:p\d+)?"
    r"|dm-\d+|md\d+|loop\d+)"
)

KERNEL_THREADS = re.compile(
    r"swapper(/\d+)?|kthreadd|kswapd\d+|kcompactd\d+|khugepaged|ksmd|khungtaskd|kauditd|kdevtmpfs"
    r"|oom_reaper|kworker/.*|ksoftirqd/\d+|migration/\d+|cpuhp/\d+|watchdog/\d+|rcu_\w+|rcu\w*/\d+"
    rf"|idle_inject/\d+|writeback|kblockd|kintegrityd|flush-\d+:\d+|jbd2/{_DISK}-\d*"
    rf"|xfs[\w-]*/{_DISK}|irq/\d+-.*|scsi_eh_\d+|usb-storage|md\d+_\w+|dmcrypt_\w+(/\d+:\d+)?"
    r"|loop\d+|nfsd|lockd|pool_workqueue_.*"
)
"""Names that the kernel gives its own threads: they say what happened, not to whom."""

_HEX = "[0-9a-f]"
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"

_REGISTER = (
    "(?:R[A-Z0-9]{1,2}|E[A-D]X|E[SD]I|E[IS]P|EBP|EFLAGS|[C-GS]S|[CD]R[0-9]|ORIG_RAX|knlGS|LR|NIP|CTR"
    "|XER|MSR|CR|DAR|DSISR|PC|SP|GPR[0-9]{2})"
)
_FOLDER = (
    "(?:arch|block|crypto|drivers|fs|include|init|io_uring|ipc|kernel|lib|mm|net|rust|security|sound"
    "|virt)"
)

PLAIN = (
    r"(?<![\w.-])[\w.$]+\+0x[0-9a-f]+/0x[0-9a-f]+",
    r"(?<=Code: )[0-9a-f <>()]+(?![\w.-])",
    r"(?:(?<=LR = )|(?<=NIP: )|(?<=interrupt: ))[0-9a-f]+(?![\w.-])",
    rf"\b{_REGISTER}: ?(?:{_HEX}{{4}}:)?{_HEX}{{8,16}}\b",
    rf"(?<![\w.-])(?:ffff|0000){_HEX}{{12}}(?![\w.-])",
    rf"(?<![\w.:-])(?:{_HEX}{{4}}:)?{_HEX}{{2}}:{_HEX}{{2}}\.[0-7](?![\w.-])",
    rf"\[{_HEX}{{4}}:{_HEX}{{4}}\]",
    rf"(?<![\w./-]){_FOLDER}/(?:[\w-]+/)*[\w-]+\.[chS]:\d+(?![\w.-])",
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?(?!\w)",
    rf"\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:{_MONTHS}) +\d{{1,2}} (?=[0-9])",
    r"</?(?:IRQ|EO[IE]|NMI|TASK|SOFTIRQ|ENTRY_TRAMPOLINE|#(?:D[BFE]|MC|VC2?))>",
    r"\b(?:kworker/[uR]?\d+:\d+H?|(?:ksoftirqd|migration|cpuhp|swapper|watchdog|rcu\w*)/\d+)(?![\w.-])",
)
"""Shapes of more than a word: a stack entry, machine code, registers, pointers, PCI places, a
source line, dates, a change of stacks."""

_UNITS = (
    "[kKMGT]?i?[bB]|[kKMGT]|[kMG]?Hz|[mun]?s|%|[mk]?[VWA]|bits?|bytes|x|st|nd|rd|th|[mun]?secs?"
)
_ADDRESS = r"0x(?:[0-9a-fA-F]{1,12}|(?:ffff|0000)[0-9a-f]{12})"
"""Sixteen digits of another start are a disk's or an adapter's number in the world."""
_NUMBER = re.compile(rf"[+-]?\d[\d.@*+%~-]*(?:{_UNITS})?|{_ADDRESS}(?:-{_ADDRESS})?")
_RELEASE = re.compile(
    r"\d+\.\d+(?:\.\d+)*(?:[-+.~](?:\d+|(?:rc|el|fc|arch|deb|bpo|rt|mga|g)\d[0-9a-f_]*|generic|amd64"
    r"|default|x86_64|aarch64|i686|lowlatency|cloud|azure|aws|gcp|pve|next|dirty|smp|debug|el8_\d+))*\+?"
)
_BUILD = re.compile(r"\d+(?:[~.-]\d+)*[~-](?:Ubuntu|Debian|Alpine|postmarketOS)")
_CONSTANT = re.compile(r"(?:__)?GFP_[A-Z0-9_]+|CONFIG_[A-Z0-9_]+")
_DEVICE = re.compile(
    rf"{_DISK}|eth\d+|wlan\d+|lo|tty(?:S|USB|AMA)?\d*|ata\d+|cpu\d+|CPU\d+|fb\d|usb\d+|[CTru]\d+"
)
_SHAPES = (_NUMBER, _RELEASE, _BUILD, _CONSTANT, _DEVICE, KERNEL_THREADS)
_PARTS = re.compile(r"_+")


@cache
def known_words() -> frozenset[str]:
    """Return every word of kernel messages that names nobody, in lower case."""
    groups = read_data("mmplay.recordings", "known_words").values()
    return frozenset(word for text in groups for word in text.split())


@cache
def is_known(word: str) -> bool:
    """Tell whether a word names nobody: it is the kernel's own, or a number, or a device.

    Words that are joined by underscores are known if each is: `nr_free_pages`.
    """
    if len(word) == 1 and word.isascii():
        return True
    if any(shape.fullmatch(word) for shape in _SHAPES):
        return True
    words = known_words()
    if word.lower() in words:
        return True
    parts = [part for part in _PARTS.split(word.lower()) if part]
    return len(parts) > 1 and all(part in words or part.isdecimal() for part in parts)
