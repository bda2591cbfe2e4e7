"""`mmplay class report` and `class worksheet`: pages for a teacher."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mmplay.commands.arguments import add_part, add_workers
from mmplay.commands.output import output_path, print_json, tell, told_of_disk
from mmplay.commands.screen import add_screen_options
from mmplay.engine.errors import InputError
from mmplay.recordings.files import replacing

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mmplay.levels.classroom.collecting import Found
    from mmplay.levels.classroom.report import GradesFile, Report
    from mmplay.recordings.export.blocks import Block

JSON = ".json"
PAGES = (".html", ".md")


def add_pages(parts: _SubParsersAction[ArgumentParser]) -> Iterator[ArgumentParser]:
    """Declare both; yield their parsers."""
    page = add_part(
        parts.add_parser, "report", "show who needs help, and where the class gets stuck"
    )
    what = "the JSON that mmplay grade wrote, what was handed in, or first the one, then the other"
    page.add_argument("paths", metavar="GRADES.json|DIR|FILE", nargs="+", help=what)
    teachers = "the teacher's assignment, to grade hand-ins first"
    page.add_argument("--assignment", metavar="FILE", help=teachers)
    page.add_argument("--received", metavar="CSV", help="when each file was received")
    screen = "open the Class screen; with what was handed in it shows replays, too"
    page.add_argument("--screen", action="store_true", help=screen)
    add_workers(page)
    add_screen_options(page)
    sheet = add_part(parts.add_parser, "worksheet", "write a worksheet of levels, or its key")
    sheet.add_argument("levels", metavar="LEVEL|FILE", nargs="+", help="levels or level files")
    sheet.add_argument("--title", metavar="TEXT", default="Worksheet", help="the title")
    sheet.add_argument("--key", action="store_true", help="write the key, with all answers")
    for part in (page, sheet):
        output = "write a page, .html or .md, to this file (default: print Markdown)"
        part.add_argument("-o", dest="output", metavar="FILE", help=output)
    yield page
    yield sheet


def report(args: Namespace) -> int:
    """Tell about a class; raises InputError."""
    from mmplay.levels.classroom.pages import report_blocks
    from mmplay.levels.classroom.report import report_of

    found = report_of(_grades(args), _handed_in(args) if args.screen else ())
    if args.json:
        print_json(found.as_json())
        return 0
    if args.screen:
        return _screen(args, found)
    return _written(args, found.grades.title, lambda: report_blocks(found))


def _screen(args: Namespace, found: Report) -> int:
    from mmplay.commands.screen import open_app, require_terminal

    require_terminal("the Class screen", "leave --screen out to print the report")
    return open_app(args, None, 0, report=found)


def _grades(args: Namespace) -> GradesFile:
    """Return the grades of a JSON file, else those of what was handed in."""
    from mmplay.commands.grade_verb import grades_of
    from mmplay.levels.classroom.formats import grades_json
    from mmplay.levels.classroom.report import grades_from, read_grades

    first = Path(args.paths[0])
    if first.suffix == JSON:
        return read_grades(first)
    if args.assignment is None:
        raise InputError(f"{first}: name --assignment FILE, so that it can be graded first")
    grades = grades_of(args)
    if grades.done < len(grades.files):
        raise KeyboardInterrupt  # A report on half a class would mislead.
    return grades_from(grades_json(grades))


def _handed_in(args: Namespace) -> list[Found]:
    from mmplay.levels.classroom.collecting import found_in

    paths = [Path(one) for one in args.paths]
    return found_in(paths[1:] if paths[0].suffix == JSON else paths)


def sheet(args: Namespace) -> int:
    """Write a worksheet or its key; raises InputError."""
    from mmplay.levels.catalogue import find_level
    from mmplay.levels.classroom.pages import key, worksheet

    levels = [find_level(name) for name in args.levels]
    if args.json:
        print_json({"title": args.title, "levels": [one.id for one in levels]})
        return 0
    make = key if args.key else worksheet
    return _written(args, args.title, lambda: make(args.title, levels))


def _written(args: Namespace, title: str, blocks: Callable[[], Iterable[Block]]) -> int:
    """Write a page in the format of its name, else print it as Markdown."""
    from mmplay.recordings.export.blocks import html_page, markdown_page

    if args.output is None:
        tell("".join(markdown_page(blocks())).rstrip("\n"))
        return 0
    path = output_path(args.output)
    if path.suffix not in PAGES:
        raise InputError(f"{path}: name a file that ends in {' or '.join(PAGES)}")
    pieces = html_page(title, blocks()) if path.suffix == ".html" else markdown_page(blocks())
    with told_of_disk(path), replacing(path) as stream:
        for piece in pieces:
            stream.write(piece.encode())
    tell(f"{path}: written")
    return 0
