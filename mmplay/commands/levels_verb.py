"""`mmplay levels`: list, check, start and pack levels."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from mmplay.commands.arguments import add_json, add_part, add_workers, whole, workers_of
from mmplay.commands.output import (
    one_ctrl_c,
    output_path,
    print_json,
    progress_bar,
    remark,
    stopped,
    tell,
    told_of_disk,
)
from mmplay.engine.errors import InputError, how_many
from mmplay.levels.authoring import new_level, packed, update_digest
from mmplay.levels.catalogue import ListedLevel, all_levels, find_level, levels_folder
from mmplay.levels.level_list import shipped_levels
from mmplay.levels.model import Level
from mmplay.levels.pack import levels_in
from mmplay.levels.progress import Best, load
from mmplay.levels.proof import RUNS, Proof, prove, with_digest
from mmplay.recordings.files import replacing
from mmplay.recordings.parallel.spread import Told, spread

GOOD, FALSE, UNREADABLE = 0, 1, 2


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parts = parser.add_subparsers(dest="what", metavar="list|check|new|pack", required=True)
    listing = add_part(parts.add_parser, "list", "list all levels with your stars")
    check = add_part(
        parts.add_parser, "check", "prove that levels can be won and lost, and that they end"
    )
    check.add_argument(
        "files",
        metavar="LEVEL|FILE",
        nargs="*",
        help="a level or a level file (default: all levels that ship with mmplay)",
    )
    check.add_argument(
        "--update", action="store_true", help="write the digests of the solutions into the files"
    )
    runs = f"how many runs the random player makes (default: {RUNS})"
    check.add_argument("--runs", metavar="N", default=str(RUNS), help=runs)
    add_workers(check)
    new = add_part(parts.add_parser, "new", "write a level file to begin with")
    new.add_argument("file", metavar="FILE", help="a new file that ends in .toml")
    pack = add_part(parts.add_parser, "pack", "put all levels of a folder into one file")
    pack.add_argument("folder", metavar="DIR", help="the folder with the level files")
    pack.add_argument(
        "-o", dest="output", metavar="FILE", required=True, help="write the pack here"
    )
    for part in (listing, check, new, pack):
        add_json(part)


def run(args: Namespace) -> int:
    """Do it; the status of check is that of the worst level: good, false, unreadable."""
    return PARTS[args.what](args)


def _list(args: Namespace) -> int:
    levels, progress = all_levels(), load()
    if progress.notice:
        remark(progress.notice)
    if args.json:
        rows = [_row(one, progress.levels) for one in levels]
        print_json({"folder": str(levels_folder()), "levels": rows})
        return GOOD
    for one in levels:
        tell(_line(one, progress.levels))
    return GOOD


def _row(one: ListedLevel, wins: dict[str, Best]) -> dict[str, object]:
    level = one.level
    row: dict[str, object] = {"file": str(one.path), "shipped": one.shipped}
    if level is None:
        return {**row, "problem": one.problem}
    best = wins.get(level.id)
    return {
        "id": level.id,
        "title": level.title,
        "world": level.world,
        "kernel": level.kernel.name,
        "par": level.par,
        "stars": best.stars if best is not None else 0,
        **row,
    }


def _line(one: ListedLevel, wins: dict[str, Best]) -> str:
    if one.level is None:
        return f"-    ...  cannot be used: {one.problem}"
    best = wins.get(one.level.id)
    stars = "*" * best.stars if best is not None else ""
    where = "" if one.shipped else f"  ({one.path})"
    return f"{one.level.id:<4} {stars:.<3}  {one.level.title}{where}"


@one_ctrl_c()
def _check(args: Namespace) -> int:
    runs, status = whole(args.runs, "--runs", 10_000), GOOD
    levels: list[Level] = []
    for name in args.files or [str(path) for path in shipped_levels()]:
        try:
            levels += _named(name)
        except InputError as error:
            remark(str(error))
            status = UNREADABLE
    proofs: list[Proof] = []
    with suppress(KeyboardInterrupt):
        for proof in _proven(levels, runs, args):
            proofs.append(proof)
            status = max(status, GOOD if proof.ok else FALSE)
    if args.json:
        print_json({"good": status == GOOD, "levels": [_proof_json(one) for one in proofs]})
    return status if len(proofs) == len(levels) else stopped(len(proofs), len(levels), "levels")


def _named(name: str) -> list[Level]:
    path = Path(name)
    return levels_in(path) if path.is_file() else [find_level(name)]


def _proven(levels: list[Level], runs: int, args: Namespace) -> Iterator[Proof]:
    """Yield the proofs as they come; each is told at once, unless JSON is wanted."""
    with progress_bar("levels") as progress:
        work, told = partial(prove, runs=runs), Told("proving", "levels")
        for proof in spread(work, levels, workers_of(args, progress), told=told):
            proven = _updated(proof) if args.update else proof
            if not args.json:
                tell(*_proof_lines(proven))
                sys.stdout.flush()
            yield proven


def _updated(proof: Proof) -> Proof:
    """Write the digest of the solution into the file, if it is another."""
    if proof.digest in ("", proof.level.digest):
        return proof
    path = Path(proof.level.file)
    with told_of_disk(path):
        update_digest(path, proof.digest)
    return with_digest(proof)


def _proof_lines(proof: Proof) -> list[str]:
    level = proof.level
    head = f"{level.id} {level.title}: {'good' if proof.ok else 'false'}"
    rows = [f"  {'ok ' if one.ok else 'BAD'} {one.name}: {one.text}" for one in proof.results]
    return [head, *rows]


def _proof_json(proof: Proof) -> dict[str, object]:
    level = proof.level
    results = [one._asdict() for one in proof.results]
    return {
        "level": level.id,
        "file": level.file,
        "good": proof.ok,
        "par": level.par,
        "digest": proof.digest or None,
        "results": results,
    }


def _new(args: Namespace) -> int:
    path = Path(args.file)
    ident = "".join(c for c in path.stem if c.isascii() and (c.isalnum() or c in "-_"))[:32]
    if path.suffix != ".toml" or not ident[:1].isalpha():
        raise InputError(f"{path}: name a file that begins with a letter and ends in .toml")
    with told_of_disk(path):
        try:
            with path.open("x", encoding="utf-8") as stream:
                stream.write(new_level(ident, str(path)))
        except FileExistsError:
            raise InputError(f"{path}: it exists already; name another file") from None
    if args.json:
        print_json({"file": str(path), "id": ident})
    else:
        said = f"{path}: a level to begin with; check it with 'mmplay levels check {path}'"
        tell(said)
    return GOOD


def _pack(args: Namespace) -> int:
    path = output_path(args.output)
    text, levels = packed(Path(args.folder))
    with told_of_disk(path), replacing(path) as stream:
        stream.write(text.encode())
    ids = [level.id for level in levels]
    if args.json:
        print_json({"file": str(path), "levels": ids})
    else:
        tell(f"{path}: {how_many(len(ids), 'levels')}: {', '.join(ids)}")
    return GOOD


PARTS: dict[str, Callable[[Namespace], int]] = {
    "list": _list,
    "check": _check,
    "new": _new,
    "pack": _pack,
}
"""What `mmplay levels` can do."""
