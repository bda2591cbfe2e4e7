"""The table of verbs: what each is for, and the module that does it, loaded only when used."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from difflib import get_close_matches
from importlib import import_module
from os.path import isfile
from typing import TYPE_CHECKING, NamedTuple, NoReturn, Protocol, cast

from mmplay import __version__
from mmplay.commands.output import tell
from mmplay.commands.screen import add_screen_options, has_terminal, open_app, require_terminal
from mmplay.engine.errors import InputError

if TYPE_CHECKING:
    from _typeshed import SupportsWrite


class VerbModule(Protocol):
    """What a verb's module offers."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the verb's arguments."""
        ...

    def run(self, args: Namespace) -> int:
        """Do it; return the exit status. Raises InputError for bad input."""
        ...


class Verb(NamedTuple):
    """One verb: its name, one line on what it does, and examples for its help."""

    name: str
    summary: str
    examples: tuple[str, ...]

    def load(self) -> VerbModule:
        """Import the verb's module."""
        module = import_module(f"mmplay.commands.{self.name.replace('-', '_')}_verb")
        return cast(VerbModule, module)


VERBS: tuple[Verb, ...] = (
    Verb(
        "play",
        "play a level: predict what the kernel does next",
        (
            "mmplay play L05",
            "mmplay play ./my.toml",
            "mmplay play --assignment handout.toml --student st01",
        ),
    ),
    Verb(
        "speak",
        "play line by line, for screen readers, slow links and pipes",
        ("mmplay speak L03", "echo why | mmplay speak incident-next-20160311"),
    ),
    Verb(
        "serve",
        "serve the screen to browsers, for those without a terminal",
        ("mmplay serve", "mmplay serve --host 0.0.0.0 --public --visitors 30"),
    ),
    Verb(
        "progress",
        "show or export your stars, or list what another file claims",
        ("mmplay progress", "mmplay progress --export stars.jsonl"),
    ),
    Verb(
        "levels",
        "list, check, create and pack levels",
        (
            "mmplay levels list",
            "mmplay levels check L03",
            "mmplay levels new my.toml",
            "mmplay levels pack course/ -o course.toml",
        ),
    ),
    Verb(
        "class",
        "assign levels to a class",
        (
            "mmplay class new -o w3.toml --level L03=2 --due 2026-12-01T23:59+01:00",
            "mmplay class check w3.toml",
            "mmplay class student-edition w3.toml -o handout.toml",
        ),
    ),
    Verb(
        "submit",
        "hand in what you played for an assignment",
        (
            "mmplay submit --assignment handout.toml --student st01",
            "mmplay submit a.mmtrace --assignment handout.toml --student st01",
        ),
    ),
    Verb(
        "grade",
        "grade what a class handed in, by playing each run again",
        (
            "mmplay grade handed-in/ --assignment w3.toml",
            "mmplay grade moodle.zip --assignment w3.toml --received times.csv",
            "mmplay grade st01.mmhand --assignment w3.toml --format json",
        ),
    ),
    Verb(
        "replay",
        "open a recording or a kernel log on the play screen",
        ("mmplay replay incident-next-20160311", "dmesg > boot.log; mmplay replay boot.log"),
    ),
    Verb(
        "run",
        "simulate a machine: the incident's, a fresh one, or your own",
        (
            "mmplay run slow-disk.toml",
            "mmplay run incident --json",
            "mmplay run incident --variant nowait",
            "mmplay run boot --ram 4G",
        ),
    ),
    Verb(
        "sweep",
        "run one machine with many settings and seeds",
        (
            "mmplay sweep slow-disk.toml --set min_free_kbytes=1024,2048,4096 --seeds 100",
            "mmplay sweep incident --set completions=-30%,-15%,+15%,+30% --count oom_kill",
            "mmplay sweep incident --set wb_mask=atomic,nowait --format csv",
        ),
    ),
    Verb(
        "fidelity",
        "compare a simulated run with a real one, number by number",
        (
            "mmplay fidelity",
            "mmplay fidelity run.csv --scenario run.toml --at 19.49 --window 35:48",
        ),
    ),
    Verb(
        "explain",
        "explain why each allocation failed, with the numbers filled in",
        (
            "journalctl -k | mmplay explain -",
            "mmplay explain kern.log --since 2h --brief",
            "mmplay explain /var/log/hosts --group --json",
            "mmplay explain kern.log --fail-on any",
            "mmplay explain kern.log --at '#3' --format md",
            "mmplay explain kern.log --format html > why.html",
        ),
    ),
    Verb(
        "what-if",
        "compare an allocation as logged with one under other settings",
        (
            "mmplay what-if kern.log --set vm.min_free_kbytes=8192",
            "mmplay what-if kern.log --event 3 --set vm.lowmem_reserve_ratio='256 256 64'",
            "dmesg | mmplay what-if - --set vm.watermark_scale_factor=200 --json",
        ),
    ),
    Verb(
        "import",
        "turn a kernel log into a recording",
        ("mmplay import kern.log -o incident.mmtrace", "mmplay import kern.log --json"),
    ),
    Verb(
        "record",
        "record this machine's memory while it runs",
        (
            "mmplay record",
            "mmplay record -o night.mmtrace --interval 100ms --keep 12h",
            "mmplay record --screen",
        ),
    ),
    Verb(
        "export",
        "write a recording in another format",
        (
            "mmplay export incident.mmtrace --format dmesg",
            "mmplay export incident-4.5.0-rc7 --format html -o report.html",
            "mmplay export kern.log --format csv | head",
            "mmplay export run.mmtrace --format perfetto -o run.json",
            "mmplay export run.mmtrace --format cast --size 120x40 -o run.cast",
            "mmplay export incident-4.5.0-rc7 --format screen --at '#2' --size 120x40",
            "mmplay export L03 --format screen --at end",
        ),
    ),
    Verb(
        "verify",
        "check every byte of a recording, and make a simulated run again",
        (
            "mmplay verify incident-run-atomic",
            "mmplay verify *.mmtrace --json",
            "mmplay verify MM1.CODE",
        ),
    ),
    Verb(
        "diff",
        "show where two recordings first differ, and what that caused",
        (
            "mmplay diff incident-run-atomic incident-run-nowait",
            "mmplay diff run.mmtrace fork.mmtrace --align oom --json",
            "mmplay diff incident-run-atomic incident-4.5.0-rc7",
        ),
    ),
    Verb(
        "anonymise",
        "remove host and task names, addresses and paths from a recording",
        ("mmplay anonymise incident.mmtrace -o public.mmtrace",),
    ),
    Verb(
        "info",
        "show what a recording contains, and how its file ends",
        ("mmplay info incident-run-atomic", "mmplay info incident.mmtrace --json"),
    ),
    Verb(
        "cut",
        "save part of a recording as a new recording",
        (
            "mmplay cut incident-run-atomic --from 61.4 --to 61.6 -o end.mmtrace",
            "mmplay cut incident.mmtrace --from '#2' --to '#3' -o two.mmtrace",
        ),
    ),
    Verb(
        "floors",
        "compute watermarks, lowmem_reserve and every caller's floor",
        (
            "mmplay floors --zone DMA=3976 --zone DMA32=443833 --min-free-kbytes 5249",
            "mmplay floors --zone Normal=2000000 --kernel 6.8 --no-thp --json",
            "mmplay floors kern.log --event 2",
            "mmplay floors --live",
        ),
    ),
    Verb(
        "gfp",
        "decode and encode GFP masks",
        ("mmplay gfp 0x2200020", "mmplay gfp 'GFP_ATOMIC|__GFP_ZERO' --slab"),
    ),
    Verb(
        "glossary",
        "explain a term: a zone, a watermark, a flag, a counter",
        ("mmplay glossary lowmem_reserve", "mmplay glossary reserve", "mmplay glossary --json"),
    ),
)
"""Every verb, in the order of the help."""

BY_NAME = {verb.name: verb for verb in VERBS}


class OneLineParser(ArgumentParser):
    """An argument parser whose complaints are one line, and whose help is never lost."""

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Print; raises OSError, which argparse would swallow, if stdout does not take it."""
        (file or sys.stderr).write(message)

    def error(self, message: str) -> NoReturn:
        """Raise InputError in place of printing the usage and exiting."""
        raise InputError(f"{message}; see '{self.prog} --help'")


OPENS = "replay"
"""What is done with a file that no verb stands before."""


def dispatch(args: list[str]) -> int:
    """Run the verb that `args` names, or open the menu; raises InputError for bad use.

    A file in the place of a verb is opened on the play screen.
    """
    if args[:1] == ["help"]:
        args = [*args[1:2], "--help"]
    if args and args[0] not in BY_NAME and isfile(args[0]):
        args = [OPENS, *args]
    verb = BY_NAME.get(args[0]) if args else None
    if verb is not None:
        module = verb.load()
        parser = _verb_parser(verb)
        module.add_arguments(parser)
        return module.run(parser.parse_args(args[1:]))
    if args and not args[0].startswith("-"):
        raise InputError(_unknown_verb(args[0]))
    return _without_verb(args)


def _unknown_verb(word: str) -> str:
    near = get_close_matches(word, BY_NAME, 1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    known = ", ".join(BY_NAME)
    return f"{word!r} is not a command; {hint}the commands are {known}; see 'mmplay --help'"


def _verb_parser(verb: Verb) -> ArgumentParser:
    return OneLineParser(
        prog=f"mmplay {verb.name}",
        description=f"{verb.summary[0].upper()}{verb.summary[1:]}.",
        epilog="examples:\n" + "\n".join(f"  {line}" for line in verb.examples),
        formatter_class=RawDescriptionHelpFormatter,
    )


def top_parser() -> ArgumentParser:
    """Return the parser of `mmplay` without a verb."""
    width = max(map(len, BY_NAME))
    verbs = "\n".join(f"  {verb.name:<{width}}  {verb.summary}" for verb in VERBS)
    parser = OneLineParser(
        prog="mmplay",
        usage="mmplay [COMMAND ...|FILE] [--paths] [--version] [--theme T] [--ascii]\n"
        "              [--no-motion]",
        description="Play and replay the Linux page allocator's worst moments.\n"
        "Without a command, mmplay opens its menu; with a file, it opens that.\n\n"
        f"commands:\n{verbs}",
        epilog="exit status: 0 success, 1 a check failed or a level was not won,\n"
        "2 wrong usage or unreadable input, 130 stopped with Ctrl-C\n\n"
        "examples:\n  mmplay\n  mmplay boot.log\n  mmplay replay incident-4.5.0-rc7\n"
        "  dmesg | mmplay explain -\n  mmplay gfp 0x2200020",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("-v", "--version", action="version", version=f"mmplay {__version__}")
    parser.add_argument("--paths", action="store_true", help="print where mmplay keeps its files")
    add_screen_options(parser)
    return parser


def _without_verb(args: list[str]) -> int:
    parser = top_parser()
    parsed = parser.parse_args(args)
    if parsed.paths:
        return _print_paths()
    if not has_terminal():
        parser.print_usage(sys.stderr)
    require_terminal("the menu", "name a command, or see 'mmplay --help'")
    return open_app(parsed, None, 0)


def _print_paths() -> int:
    from mmplay.recordings.files import user_paths

    for name, path in user_paths().items():
        tell(f"{name}\t{path}")
    return 0
