"""`mmplay run LEVEL`: a level without a screen, played by a file of actions and scored the same."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import NamedTuple

from mmplay.commands.arguments import MAX_SEED, whole
from mmplay.commands.output import output_path, print_json, tell, told_of_disk
from mmplay.commands.run_start import check_fit
from mmplay.engine.errors import InputError, how_many
from mmplay.levels.catalogue import find_level
from mmplay.levels.level_text import MAX_BYTES, digest_of_content, read_text
from mmplay.levels.load import check_moves, read_moves
from mmplay.levels.model import Level, Move
from mmplay.levels.play.beside import pairs_json
from mmplay.levels.play.run import LevelRun
from mmplay.levels.play.share_code import code_of_run
from mmplay.levels.play.solve import Replies, begin, knows, level_header, play, skips
from mmplay.recordings.files import TRACE, replacing
from mmplay.recordings.trace.writer import TraceWriter

LOST = 1
"""Exit status: the actions were checked, and do not win."""


class Plan(NamedTuple):
    """The moves of a file of actions, and what becomes of a question that it has no answer to."""

    moves: tuple[Move, ...]
    replies: Replies


def run_level(args: Namespace) -> int:
    """Play; return whether the actions won, 0 without any.

    A level's own file as its actions answers what it asks by the rules.

    Raises InputError for no such level and for an act that it does not take.
    """
    check_fit(args, "levels")
    level = find_level(args.start)
    seed = level.start.seed if args.seed is None else whole(args.seed, "--seed", MAX_SEED)
    moves: tuple[Move, ...] = ()
    own = False
    if args.actions is not None:
        path = Path(args.actions)
        text = read_text(path, MAX_BYTES)
        moves = read_moves(text, str(path))
        check_moves(level, moves, str(path))
        own = digest_of_content(text) == level.content
    run = _played(args, level, seed, Plan(moves, knows if own else skips))
    code = code_of_run(run) if moves else None
    if args.json:
        print_json({**run_json(run), "share_code": code})
    else:
        tell(*as_lines(run), *([] if code is None else [f"  share code: {code}"]))
    return LOST if args.actions is not None and not run.score().won else 0


def _played(args: Namespace, level: Level, seed: int, plan: Plan) -> LevelRun:
    if args.output is None:
        return _told(args, begin(level, seed), plan)
    path = output_path(args.output)
    if path.suffix != TRACE:
        raise InputError(f"{path}: name a recording, which ends in {TRACE}")
    with told_of_disk(path), replacing(path) as stream:
        writer = TraceWriter(stream, level_header(level, seed))
        run = _told(args, begin(level, seed, writer), plan)
        written = run.all_stages()[0].session
        written.reached()
        if written.tape.trouble:
            raise InputError(f"{path}: cannot be written: {written.tape.trouble}")
        writer.close()
    return run


def _told(args: Namespace, run: LevelRun, plan: Plan) -> LevelRun:
    """Play; a complaint about a move names the file that it stands in."""
    try:
        return play(run, *plan)
    except InputError as error:
        raise InputError(f"{args.actions}: {error}") from None


def run_json(run: LevelRun) -> dict[str, object]:
    """Return how a run ended."""
    score, stages = run.score(), run.all_stages()
    return {
        "level": run.level.id,
        "won": score.won,
        "stars": score.stars,
        "actions": score.acts,
        "par": score.par,
        "turns": sum(one.session.end - one.session.first for one in stages),
        "digest": run.digest(),
        "outcome": str(run.outcome),
        "reason": run.reason,
        "seed": run.seed,
        "goals": [goal._asdict() for stage in stages for goal in stage.goals()],
        "predictions": [
            {"id": one.id, "answer": stage.answers.get(one.id), **_truth_json(stage, one.id)}
            for stage in stages
            for one in stage.questions
        ],
        "beside": [pairs_json(stage) for stage in stages if stage.level.stage_title],
    }


def _truth_json(run: LevelRun, ident: str) -> dict[str, object]:
    """Return whether an answer is right, and the truth; unknown for what was never asked."""
    truth = run.truths.get(ident)
    if truth is None:
        return {"right": False, "truth": None}
    value = truth.as_json()["value"]
    return {"right": run.is_right(ident), "truth": value}


def as_lines(run: LevelRun) -> list[str]:
    """Return how a run ended, in words."""
    score, level, stages = run.score(), run.level, run.all_stages()
    stars = how_many(score.stars, "stars")
    passed = sum(one.session.end - one.session.first for one in stages)
    acts, turns = how_many(score.acts, "acts"), how_many(passed, "turns")
    found = [
        f"{level.id} {level.title}: {run.outcome}, {stars}",
        f"  {run.reason}",
        f"  {acts}, par {score.par}; {turns}, seed {run.seed}",
    ]
    return [*found, *(line for stage in stages for line in _stage_lines(stage))]


def _stage_lines(run: LevelRun) -> list[str]:
    """Return how one stage of a level ended: its goals and answers."""
    title = run.level.stage_title
    found = [f"  stage {run.level.stage}: {title}"] if title else []
    found += [f"  [{'x' if goal.met else ' '}] {goal.text}: {goal.why}" for goal in run.goals()]
    answers = run.answers
    for one in run.questions:
        truth = run.truths.get(one.id)
        if truth is not None:
            said = answers.get(one.id, "skipped")
            verdict = "right" if run.is_right(one.id) else f"the kernel says {truth.shown()}"
            found.append(f"  {one.id}: {said}: {verdict}")
    return found
